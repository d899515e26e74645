//! Looks on and sends what is new to the thread that writes.

use std::path::PathBuf;
use std::thread::{self, JoinHandle};
use std::time::{Duration, SystemTime};

use super::archive::Archive;
use super::clip_file::{Create, create_new};
use super::course::Course;
use super::piece::Opening;
use super::queue::{Feed, Standing, queue};
use super::sidecar;
use super::writer::{Keep, Writer};
use crate::engine::Verdict;
use crate::live::{Facts, Moment, Observer};
use crate::package::Manifest;
use crate::sensor::Clock;
use crate::window::{Modality, Window};

/// What is recorded, and where.
#[derive(Debug, Clone)]
pub struct RecordOptions {
    /// Where to; it is made if it is not there.
    pub folder: PathBuf,
    /// How long a clip may be; a minute is handy.
    pub longest: Duration,
    /// How many bytes all clips in the folder may take together; the oldest go first.
    pub limit: u64,
    /// Which clips are kept.
    pub keep: Keep,
}

impl RecordOptions {
    /// Clips of a minute, all of them, in a gibibyte.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
            longest: Duration::from_secs(60),
            limit: 1 << 30,
            keep: Keep::default(),
        }
    }
}

/// Why nothing can be recorded.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The folder is of no use.
    #[error("nothing can be recorded to {folder}: {cause}; choose a folder that you may write to")]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// Why not.
        cause: std::io::Error,
    },
    /// There is no thread to write on.
    #[error(
        "nothing can be recorded, because no thread can be started ({0}); close other programs"
    )]
    Thread(std::io::Error),
}

/// Records what a pipeline's sensors give.
///
/// Every answered window lies wholly in some clip, unless frames of two sizes are in it or there is nothing in
/// it: where a clip ends because it is long enough, its last window is the next one's first.
/// Dropping the recorder finishes the clip under way.
pub struct Recorder {
    facts: Facts,
    camera_every: u64,
    longest: Duration,
    /// A clip takes no more than about this, so that others stay while it is written, bytes.
    largest: u64,
    keep: Keep,
    course: Option<Course>,
    /// The number of the window before.
    previous: Option<u64>,
    /// The writer has a clip that it was not told the end of.
    open: bool,
    /// None only while it is dropped.
    feed: Option<Feed>,
    writer: Option<JoinHandle<()>>,
}

impl Recorder {
    /// Begins to record the answers of the model that `manifest` describes; `clock` is the pipeline's.
    ///
    /// While time only passes by waiting, the pipeline waits for the disk, and nothing is lost.
    ///
    /// # Errors
    /// When the folder is of no use.
    pub fn start(
        options: &RecordOptions,
        manifest: &Manifest,
        clock: &Clock,
    ) -> Result<Self, RecordError> {
        Self::start_with(options, manifest, clock, create_new)
    }

    pub(super) fn start_with(
        options: &RecordOptions,
        manifest: &Manifest,
        clock: &Clock,
        create: Create,
    ) -> Result<Self, RecordError> {
        let archive =
            Archive::open(&options.folder, options.limit).map_err(|cause| RecordError::Folder {
                folder: options.folder.clone(),
                cause,
            })?;
        let (feed, outlet) = queue(!clock.is_real());
        let writer = thread::Builder::new()
            .name("recorder".into())
            .spawn(move || Writer::new(outlet, archive, create).run())
            .map_err(RecordError::Thread)?;
        Ok(Self {
            facts: Facts::from(manifest),
            camera_every: u64::from(manifest.rates.camera_every.get()),
            longest: options.longest,
            largest: options.limit / 4,
            keep: options.keep,
            course: None,
            previous: None,
            open: false,
            feed: Some(feed),
            writer: Some(writer),
        })
    }

    /// Sends what `window` adds to the clip under way.
    fn send(&mut self, moment: &Moment, window: &Window, begins: bool) {
        let (Some(course), Some(feed)) = (&mut self.course, &self.feed) else {
            return;
        };
        let mut piece = feed.piece();
        if begins {
            let wall = began(moment);
            let mut facts = Vec::new();
            sidecar::facts(
                &mut facts,
                &self.facts,
                self.camera_every,
                moment,
                course.format(),
                wall,
            );
            piece.begins = Some(Opening {
                wall,
                format: course.format(),
                facts,
            });
        }
        let exact = course.take(window, moment.length, &mut piece);
        let place = course.place(moment.start);
        sidecar::answer(&mut piece.line, &self.facts, moment, place, exact);
        piece.telling = is_telling(self.keep, moment);
        if feed.send(piece) {
            self.open = true;
        } else {
            self.course = None;
            if !begins {
                feed.notice(
                    "the disk is too slow for the recording, and a clip was cut short; \
                     record to a faster one"
                        .into(),
                );
            }
        }
    }

    /// Whether the clip is large enough, or would be too long with the next window that another may begin with.
    fn is_long(&self, moment: &Moment) -> bool {
        let hops = moment.rates.stride.saturating_mul(self.camera_every as u32);
        let next = moment.end() + moment.rates.hop * hops;
        self.course.as_ref().is_some_and(|course| {
            course.place(next) > self.longest || course.bytes() >= self.largest
        })
    }

    /// Begins a clip with this window if one can begin with it.
    fn begin(&mut self, moment: &Moment, window: &Window) {
        if let Some(course) = Course::begin(window, moment.seams) {
            self.course = Some(course);
            self.send(moment, window, true);
        }
    }
}

impl Observer for Recorder {
    fn observe(&mut self, moment: &Moment, _: &Window, raw: &Window) {
        // In a replay the camera's encoder runs for the first window, and so it did here.
        let every = self.camera_every;
        let previous = self.previous.replace(moment.index);
        let may_begin = previous.is_none_or(|before| before / every != moment.index / every);

        let Some(feed) = &self.feed else { return };
        match feed.standing() {
            Standing::Paused => {
                (self.course, self.open) = (None, false);
                return;
            }
            Standing::BeginAnew => (self.course, self.open) = (None, false),
            Standing::GoesOn => {}
        }
        let has_room = feed.has_room();
        self.course
            .take_if(|course| !course.goes_on_with(raw, moment.seams));
        if self.course.is_some() {
            self.send(moment, raw, false);
        }
        if may_begin && has_room && (self.course.is_none() || self.is_long(moment)) {
            self.begin(moment, raw);
        }
        if self.course.is_none()
            && self.open
            && let Some(feed) = &self.feed
        {
            self.open = !feed.end();
        }
    }

    fn notices(&mut self) -> Vec<String> {
        self.feed.as_ref().map(Feed::notices).unwrap_or_default()
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.feed = None;
        if let Some(writer) = self.writer.take() {
            // A writer that failed has nothing left to finish.
            let _ = writer.join();
        }
    }
}

/// When the moment's window began, on the wall clock.
fn began(moment: &Moment) -> SystemTime {
    let ago = moment.age.total + moment.length;
    moment.wall.checked_sub(ago).unwrap_or(moment.wall)
}

/// Whether a clip with this moment in it is to be kept.
fn is_telling(keep: Keep, moment: &Moment) -> bool {
    match keep {
        Keep::All => true,
        Keep::Events => moment.smoothed.event.is_some() || moment.change.is_some(),
        Keep::Trouble => {
            let unwell = |sensor: Modality| {
                moment.sensors[sensor].is_some() && !moment.answer.health[sensor].is_well()
            };
            let unsure = matches!(moment.answer.verdict, Verdict::Unsure | Verdict::NoSensor);
            unsure || Modality::LIVE.into_iter().any(unwell)
        }
    }
}

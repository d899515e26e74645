//! From the thread that waits for a camera to the pipeline that never waits.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread;
use std::time::Duration;

use crossbeam_queue::ArrayQueue;

use super::CameraWish;
use super::decoder::{Coding, Decoder};
use super::thinner::Thinner;
use crate::panics;
use crate::sensor::{Capture, Intake, SensorError, Trouble};
use crate::window::Frame;

/// What both sides share; neither ever waits for the other.
struct Shared {
    /// Pictures and when they arrived. A new one takes the place of the oldest if nobody took that.
    frames: ArrayQueue<(Frame, Duration)>,
    /// Memory of pictures that are no longer needed.
    spare: ArrayQueue<Vec<u8>>,
    stop: AtomicBool,
    overruns: AtomicU64,
    format: OnceLock<String>,
    end: Mutex<Option<SensorError>>,
}

/// The side of the thread: thins out, decodes, and hands on.
pub struct Feed {
    shared: Arc<Shared>,
    camera: String,
    thinner: Thinner,
    decoder: Decoder,
    damaged: u64,
    damaged_in_a_row: u32,
}

/// The side of the pipeline. Dropping it tells the thread to end, and does not wait until it does.
pub struct Fed(Arc<Shared>);

/// Pictures that may wait, unless so many are wanted that they come more often than they are fetched.
const FEWEST_WAITING: usize = 4;
/// They are fetched at least this often per second.
const FETCHES: f32 = 8.0;
/// So many damaged pictures in a row are no accident.
const MOST_DAMAGED: u32 = 30;

/// Starts a thread that runs `run` until it fails, or until it finds that the camera is no longer wanted.
///
/// # Errors
/// When no thread can be had.
pub fn start(
    camera: String,
    coding: Coding,
    wish: CameraWish,
    run: impl FnOnce(&mut Feed) -> Result<(), SensorError> + Send + 'static,
) -> Result<Fed, SensorError> {
    let waiting = FEWEST_WAITING.max((wish.frame_rate / FETCHES).ceil() as usize);
    let shared = Arc::new(Shared {
        frames: ArrayQueue::new(waiting),
        spare: ArrayQueue::new(waiting),
        stop: AtomicBool::new(false),
        overruns: AtomicU64::new(0),
        format: OnceLock::new(),
        end: Mutex::new(None),
    });
    let mut feed = Feed {
        shared: Arc::clone(&shared),
        camera: camera.clone(),
        thinner: Thinner::new(wish.frame_rate),
        decoder: Decoder::new(coding, wish),
        damaged: 0,
        damaged_in_a_row: 0,
    };
    let task = move || {
        let outcome = panics::catch(|| run(&mut feed));
        let end = outcome.unwrap_or_else(|panic| {
            let what = format!("reading {} failed unexpectedly ({panic})", feed.camera);
            Err(SensorError::new(Trouble::Broken, what))
        });
        if let Err(error) = end {
            *feed
                .shared
                .end
                .lock()
                .unwrap_or_else(PoisonError::into_inner) = Some(error);
        }
    };
    match thread::Builder::new().name("camera".into()).spawn(task) {
        Ok(_) => Ok(Fed(shared)),
        Err(error) => Err(SensorError::new(
            Trouble::Broken,
            format!("no thread can be started to read {camera} ({error}); stop other programs"),
        )),
    }
}

impl Feed {
    /// Nobody wants more pictures.
    pub fn is_stopped(&self) -> bool {
        self.shared.stop.load(Ordering::Acquire)
    }

    /// Says what the pictures are like; only the first word on it counts.
    pub fn tell_format(&self, format: impl FnOnce() -> String) {
        self.shared.format.get_or_init(format);
    }

    /// Hands on the picture in `bytes` if it is wanted and whole.
    ///
    /// # Errors
    /// When many in a row are damaged.
    pub fn give(
        &mut self,
        bytes: &[u8],
        time: Duration,
        arrival: Duration,
    ) -> Result<Option<(u32, u32)>, SensorError> {
        if !self.thinner.wants(time) {
            return Ok(None);
        }
        let mut rgb = self.shared.spare.pop().unwrap_or_default();
        let Some((width, height)) = self.decoder.decode(bytes, &mut rgb) else {
            self.keep(rgb);
            return self.refuse().map(|()| None);
        };
        self.damaged_in_a_row = 0;
        let frame = Frame {
            time,
            width,
            height,
            rgb,
        };
        if let Some((oldest, _)) = self.shared.frames.force_push((frame, arrival)) {
            self.shared.overruns.fetch_add(1, Ordering::Relaxed);
            self.keep(oldest.rgb);
        }
        Ok(Some((width, height)))
    }

    /// Counts a damaged picture.
    ///
    /// # Errors
    /// When many in a row were.
    pub fn refuse(&mut self) -> Result<(), SensorError> {
        self.damaged += 1;
        self.damaged_in_a_row += 1;
        if self.damaged_in_a_row < MOST_DAMAGED {
            return Ok(());
        }
        Err(SensorError::new(
            Trouble::Broken,
            format!(
                "the last {MOST_DAMAGED} pictures of {} were damaged or cut short, {} in all; check its cable, and \
                 use a USB port of its own",
                self.camera, self.damaged
            ),
        ))
    }

    fn keep(&self, memory: Vec<u8>) {
        // Enough is kept already if there is no room.
        let _ = self.shared.spare.push(memory);
    }
}

impl Capture for Fed {
    fn format(&self) -> String {
        self.0.format.get().cloned().unwrap_or_default()
    }

    fn poll(&mut self, _: Duration, intake: &mut dyn Intake) -> Result<(), SensorError> {
        while let Some((frame, arrival)) = self.0.frames.pop() {
            intake.see(frame, arrival);
            let memory = intake.spare();
            if memory.capacity() > 0 {
                let _ = self.0.spare.push(memory);
            }
        }
        let end = self.0.end.lock();
        match end.unwrap_or_else(PoisonError::into_inner).take() {
            Some(error) => Err(error),
            None => Ok(()),
        }
    }

    fn overruns(&self) -> u64 {
        self.0.overruns.load(Ordering::Relaxed)
    }
}

impl Drop for Fed {
    fn drop(&mut self) {
        self.0.stop.store(true, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::super::pixels::{Layout, PixelFormat};
    use super::*;
    use crate::window::SampleRate;

    #[derive(Default)]
    struct Seen(Vec<Frame>);

    impl Intake for Seen {
        fn hear(&mut self, _: Duration, _: Duration, _: SampleRate, _: &[f32]) {}
        fn see(&mut self, frame: Frame, _: Duration) {
            self.0.push(frame);
        }
        fn spare(&mut self) -> Vec<u8> {
            Vec::with_capacity(64)
        }
    }

    fn begin(run: impl FnOnce(&mut Feed) -> Result<(), SensorError> + Send + 'static) -> Fed {
        let layout = Layout::packed(PixelFormat::Grey, 2, 2).unwrap();
        let wish = CameraWish {
            min_side: 2,
            max_side: 2,
            frame_rate: 10.0,
            colour: true,
        };
        start("the camera".into(), Coding::Raw(layout), wish, run).unwrap()
    }

    fn wait_for_end(fed: &mut Fed, seen: &mut Seen) -> SensorError {
        loop {
            if let Err(error) = fed.poll(Duration::ZERO, seen) {
                return error;
            }
            thread::sleep(Duration::from_millis(1));
        }
    }

    fn at(i: u64) -> Duration {
        Duration::from_millis(100 * i)
    }

    #[test]
    fn the_latest_pictures_win_when_nobody_takes_them() {
        let mut fed = begin(|feed| {
            for i in 0..10 {
                feed.give(&[i as u8; 4], at(i), at(i))?;
            }
            Err(SensorError::new(Trouble::Gone, "unplugged"))
        });
        thread::sleep(Duration::from_millis(50));
        let mut seen = Seen::default();
        let end = wait_for_end(&mut fed, &mut seen);
        assert_eq!(end.trouble, Trouble::Gone);
        let values: Vec<u8> = seen.0.iter().map(|frame| frame.rgb[0]).collect();
        assert_eq!(values.last(), Some(&9));
        assert_eq!(values.len() as u64 + fed.overruns(), 10, "{values:?}");
    }

    #[test]
    fn some_damaged_pictures_are_passed_over_and_many_in_a_row_are_an_error() {
        let mut fed = begin(|feed| {
            for i in 0.. {
                // Short every other time at first, and then always.
                let length = if i < 20 && i % 2 == 0 { 4 } else { 3 };
                feed.give(&[7; 4][..length], at(i), at(i))?;
                thread::sleep(Duration::from_micros(200));
            }
            Ok(())
        });
        let mut seen = Seen::default();
        let end = wait_for_end(&mut fed, &mut seen);
        assert_eq!(end.trouble, Trouble::Broken);
        assert!(end.message.contains("39 in all"), "{}", end.message);
        assert_eq!(seen.0.len() as u64 + fed.overruns(), 10);
    }

    #[test]
    fn a_panic_comes_out_as_an_error_and_dropping_it_ends_the_thread() {
        let mut fed = begin(|_| panic!("oh"));
        let end = wait_for_end(&mut fed, &mut Seen::default());
        assert!(end.message.contains("oh"), "{}", end.message);

        let (sender, ended) = channel();
        let fed = begin(move |feed| {
            while !feed.is_stopped() {
                thread::sleep(Duration::from_millis(1));
            }
            sender.send(()).unwrap();
            Ok(())
        });
        drop(fed);
        ended.recv_timeout(Duration::from_secs(5)).unwrap();
    }
}

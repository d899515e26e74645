//! One recorded clip, before it is kept.

use std::io::{self, Seek, Write};
use std::time::{Duration, SystemTime};

use crate::health::{HealthConfig, Monitor};
use crate::live::record::{Format, Matroska, Use};
use crate::live::statistics::{Level, dbfs};
use crate::window::{Frame, Modality, PerSensor, Window};

/// What the sensors gave between two times.
#[derive(Debug, Clone)]
pub struct Take {
    window: Window,
    length: Duration,
    wall: SystemTime,
    /// What is wrong with it, a few words each.
    pub faults: Vec<String>,
}

impl Take {
    /// Of a window of this length that was complete at `wall`. `wanted` are the sensors that are
    /// recorded; `torn` says that sound or pictures are missing in between.
    pub fn new(
        window: &Window,
        length: Duration,
        wall: SystemTime,
        wanted: PerSensor<bool>,
        torn: bool,
    ) -> Self {
        let mut take = Self {
            window: window.clone(),
            length,
            wall,
            faults: Vec::new(),
        };
        // Without a calibration: judged by what needs none.
        let health = Monitor::new(&HealthConfig::default()).check(window);
        for modality in Modality::LIVE {
            if let Some(reason) = health[modality].reason.filter(|_| wanted[modality]) {
                take.faults
                    .push(format!("{}: {reason}", modality.sensor_name()));
            }
        }
        if torn {
            take.faults.push("data were lost in between".to_owned());
        }
        let size = |frame: &Frame| (frame.width, frame.height);
        let mut sizes = window.frames.windows(2);
        if sizes.any(|two| size(&two[0]) != size(&two[1])) {
            take.faults
                .push("camera: its pictures changed their size".to_owned());
            take.window.frames.clear();
        }
        take
    }

    /// How long it is.
    pub fn length(&self) -> Duration {
        self.length
    }

    /// Its highest peak, dB of full scale; `None` without sound.
    pub fn peak_db(&self) -> Option<f32> {
        let sound = self.window.sound.as_ref()?;
        Some(dbfs(Level::of(&sound.samples)?.peak))
    }

    /// There is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.window.sound.is_none() && self.window.frames.is_empty()
    }

    /// Writes it as Matroska, its clock beginning at zero.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write<W: Write + Seek>(&self, out: W) -> io::Result<W> {
        let Window {
            start,
            sound,
            frames,
            ..
        } = &self.window;
        let format = Format {
            sound: sound.as_ref().map(|sound| sound.rate),
            picture: frames.first().map(|frame| (frame.width, frame.height)),
        };
        let began = self.wall.checked_sub(self.length).unwrap_or(self.wall);
        let mut file = Matroska::begin(out, format, began, Use::Training)?;
        let samples = sound.as_ref().map_or(Vec::new(), |sound| {
            // What the microphone had not given yet is silence.
            let late = sound.rate.samples_in(sound.start.saturating_sub(*start));
            let mut samples = vec![0.0; late];
            samples.extend_from_slice(&sound.samples);
            samples
        });
        let frames: Vec<Frame> = frames
            .iter()
            .map(|frame| Frame {
                time: frame.time.saturating_sub(*start),
                ..frame.clone()
            })
            .collect();
        file.add(&samples, &frames)?;
        file.finish()
    }
}

//! Which sensors are used.

use std::num::NonZeroU32;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::ValueEnum;
use evenkeel::clip::{ClipEntry, ClipList, ReadOptions};
use evenkeel::package::Manifest;
use evenkeel::sensor::{
    CameraWish, Flaky, Player, Playlist, RawFormat, Repeat, Sensor, camera, microphone,
    piped_camera,
};
use evenkeel::window::{PerSensor, SampleRate};

/// How fast clips are played.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Speed {
    /// As they were recorded.
    Real,
    /// As fast as the machine can.
    Max,
}

#[derive(clap::Args)]
#[command(next_help_heading = "Sensors")]
pub struct Args {
    /// Camera: /dev/video0, a number, part of its name, or `none` [default: the first that is found]
    #[arg(long, value_name = "WHICH")]
    camera: Option<String>,
    /// Microphone: part of its name, a number, ALSA's name, or `none` [default: the system's own]
    #[arg(long, value_name = "WHICH")]
    microphone: Option<String>,
    /// Take pictures from a command's standard output: JPEGs, as of a CSI camera by rpicam-vid or GStreamer
    #[arg(long, value_name = "COMMAND", conflicts_with = "camera")]
    camera_command: Option<String>,
    /// The command writes raw pictures of this format and size, as in yuv420:640x480
    #[arg(long, value_name = "FORMAT", requires = "camera_command")]
    camera_raw: Option<RawFormat>,
    /// Play a clip, a folder of clips or a CSV list in place of live sensors
    #[arg(long, value_name = "PATH", conflicts_with_all = ["camera", "camera_command", "microphone"])]
    clip: Option<PathBuf>,
    /// Play each clip so many times in a row
    #[arg(long, value_name = "N", default_value = "1", requires = "clip")]
    times: NonZeroU32,
    /// Begin again after the last clip
    #[arg(long = "loop", requires = "clip")]
    repeat: bool,
    /// How fast clips are played
    #[arg(long, value_enum, default_value = "real", requires = "clip")]
    speed: Speed,
    /// For tests: let the sensors fail at random, about every so many seconds
    #[arg(long, value_name = "SECONDS", value_parser = mean_time)]
    faults: Option<Duration>,
}

fn mean_time(text: &str) -> Result<Duration, String> {
    super::seconds(text, 0.1, 1e6)
}

/// Leaves a sensor out.
const NONE: &str = "none";

/// What is wanted of the sensors; nothing of one that is not needed.
pub struct Needs {
    pub camera: Option<CameraWish>,
    /// Samples per second.
    pub microphone: Option<SampleRate>,
    /// How clips are read that are played in their place.
    pub clips: ReadOptions,
}

impl Needs {
    /// What a model needs.
    pub fn of(manifest: &Manifest) -> Self {
        Self {
            camera: CameraWish::of(manifest),
            microphone: manifest.audio.as_ref().map(|audio| audio.sample_rate),
            clips: manifest.read_options(),
        }
    }
}

/// What was chosen.
pub struct Chosen {
    pub sensors: PerSensor<Option<Arc<dyn Sensor>>>,
    /// Plays the clips, if clips were chosen.
    pub player: Option<Arc<Player>>,
    /// The clips that it plays.
    pub clips: Vec<ClipEntry>,
}

impl Args {
    /// Whether time only passes as the machine can follow.
    pub fn as_fast_as_possible(&self) -> bool {
        self.speed == Speed::Max
    }

    /// The sensors to open.
    ///
    /// # Errors
    /// When the list of clips cannot be read.
    pub fn choose(&self, needs: &Needs) -> anyhow::Result<Chosen> {
        let mut chosen = match &self.clip {
            Some(path) => self.played(path, needs)?,
            None => self.live(needs)?,
        };
        if let Some(every) = self.faults {
            chosen.sensors = chosen.sensors.map(|sensor| {
                let flaky = Flaky::new(sensor?, 0, every);
                Some(Arc::new(flaky) as Arc<dyn Sensor>)
            });
        }
        Ok(chosen)
    }

    fn played(&self, path: &std::path::Path, needs: &Needs) -> anyhow::Result<Chosen> {
        let list = ClipList::read(path)?;
        let player = Player::new(Playlist {
            entries: list.entries.clone(),
            options: needs.clips,
            times: self.times.get(),
            repeat: match self.repeat {
                true => Repeat::Forever,
                false => Repeat::Once,
            },
        });
        Ok(Chosen {
            sensors: player.sensors(),
            player: Some(player),
            clips: list.entries,
        })
    }

    fn live(&self, needs: &Needs) -> anyhow::Result<Chosen> {
        let sensors = PerSensor::pair(self.live_microphone(needs)?, self.live_camera(needs)?);
        Ok(Chosen {
            sensors,
            player: None,
            clips: Vec::new(),
        })
    }

    fn live_camera(&self, needs: &Needs) -> anyhow::Result<Option<Arc<dyn Sensor>>> {
        let Some(wish) = needs.camera else {
            return Ok(None);
        };
        if let Some(command) = &self.camera_command {
            return Ok(Some(piped_camera(command, self.camera_raw, wish)));
        }
        match self.camera.as_deref() {
            Some(NONE) => Ok(None),
            spec => Ok(Some(camera(spec, wish)?)),
        }
    }

    fn live_microphone(&self, needs: &Needs) -> anyhow::Result<Option<Arc<dyn Sensor>>> {
        match (needs.microphone, self.microphone.as_deref()) {
            (None, _) | (_, Some(NONE)) => Ok(None),
            (Some(rate), spec) => Ok(Some(microphone(spec, rate)?)),
        }
    }
}

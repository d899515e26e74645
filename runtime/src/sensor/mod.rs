//! Sensors that are live: opened, read as time goes by, lost, and opened again.
//!
//! Camera, microphone, a command's output and a recorded clip that is played all stand behind
//! [`Sensor`]. Opening one gives a [`Capture`], which is asked again and again for what has come in
//! since; it never waits. What cannot be done without waiting happens on threads of the capture's own,
//! which nobody ever waits for either: a driver that hangs costs a thread, not the program.
//!
//! Every time stamp is on the one [`Clock`] of the program.

mod camera;
mod clock;
#[cfg(feature = "sensors")]
mod closing;
mod error;
mod flaky;
pub mod list;
#[cfg(feature = "sensors")]
mod microphone;
mod named;
mod permission;
mod played;
mod supervisor;
mod suspension;

pub use camera::{CameraWish, RawFormat};
pub use clock::Clock;
pub use error::{SensorError, Trouble};
pub use flaky::Flaky;
pub use named::{camera, microphone, piped_camera};
pub use played::{Player, Playing, Playlist, Repeat};
pub use supervisor::{Condition, Supervisor, Times};
pub use suspension::Suspensions;

use std::time::Duration;

use crate::window::{Frame, SampleRate};

/// Something that can be opened, again and again.
pub trait Sensor: Send + Sync {
    /// What it is, as the user knows it: `/dev/video0`, `USB microphone`, `clips/demo/seven.mkv`.
    fn name(&self) -> String;

    /// Begins to capture. It may take long or never return: call it where that does no harm.
    ///
    /// # Errors
    /// When it is not there, busy, not permitted, or of another kind; see [`Trouble`].
    fn open(&self, clock: &Clock) -> Result<Box<dyn Capture>, SensorError>;
}

/// A sensor that is open. Dropping it closes the sensor, without waiting for a driver that hangs.
pub trait Capture: Send {
    /// The format that was agreed on, as in `640×480 YUYV, 30 frames/s` or `48000 Hz, 2 channels`.
    fn format(&self) -> String;

    /// Hands over everything that was captured before `now` and has not been handed over yet; never
    /// waits.
    ///
    /// # Errors
    /// When the sensor has gone, or nothing more will ever come.
    fn poll(&mut self, now: Duration, intake: &mut dyn Intake) -> Result<(), SensorError>;

    /// How many times data was lost because nobody took it in time, since the sensor was opened.
    fn overruns(&self) -> u64 {
        0
    }
}

/// Takes what sensors capture.
pub trait Intake {
    /// Mono sound, full scale −1..1, whose first sample was taken at `time` and reached the program at
    /// `arrival`. `time` may be off by a little each time: it is the mean that counts.
    fn hear(&mut self, time: Duration, arrival: Duration, rate: SampleRate, samples: &[f32]);

    /// A picture; its time is when it was taken, `arrival` when it reached the program.
    fn see(&mut self, frame: Frame, arrival: Duration);

    /// Memory for the next picture's bytes, empty; that of pictures that are no longer needed.
    fn spare(&mut self) -> Vec<u8>;
}

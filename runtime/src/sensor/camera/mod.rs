//! Cameras: those that the kernel shows as V4L2 devices, and those behind a command.
//!
//! A thread of its own waits for the pictures, thins them out to the rate that is wanted, turns them into small RGB
//! ones, and puts them where the pipeline fetches them; see [`feed`].

mod command;
mod decoder;
mod feed;
mod jpegs;
mod piped;
mod pixels;
mod thinner;
mod wish;

#[cfg(feature = "sensors")]
mod choice;
#[cfg(feature = "sensors")]
mod faults;
#[cfg(feature = "sensors")]
mod listing;
#[cfg(feature = "sensors")]
mod nodes;
#[cfg(feature = "sensors")]
mod offers;
#[cfg(feature = "sensors")]
mod stamps;
#[cfg(feature = "sensors")]
mod stream;
#[cfg(feature = "sensors")]
mod v4l2;

pub use piped::{PipedCamera, RawFormat};
pub use wish::CameraWish;

#[cfg(feature = "sensors")]
pub(super) use listing::list;
#[cfg(feature = "sensors")]
pub use v4l2::V4l2Camera;

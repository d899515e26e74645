//! What some corruptions are made of: noise, and what other clips show and say.

mod bank;
mod folder;
mod outdoors;
mod recording;
mod voices;

pub use bank::{NoiseBank, NoiseKind};
pub use folder::{NoiseError, Part};
pub(super) use recording::Recording;
pub(super) use voices::voice;

use crate::window::Window;

/// What corruptions draw on beside the window itself.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    /// Noise.
    pub noises: NoiseBank,
    /// Windows of other clips, for somebody else's voice and for old pictures.
    pub others: Vec<Window>,
}

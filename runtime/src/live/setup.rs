//! What a pipeline is set up from.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use super::spoil::Switchboard;
use crate::corruption::Sources;
use crate::engine::EngineError;
use crate::sensor::{Clock, Player, Sensor, Times};
use crate::window::PerSensor;

/// What a pipeline is made of, beside the model.
pub struct Setup {
    /// The sensors to use; one that the model does not have is left alone.
    pub sensors: PerSensor<Option<Arc<dyn Sensor>>>,
    /// The time that the sensors and the pipeline share.
    pub clock: Clock,
    /// How long the sensors are waited for.
    pub times: Times,
    /// Time from one answer to the next; the model's own if absent.
    pub hop: Option<Duration>,
    /// Ends the run when the clock shows this.
    pub limit: Option<Duration>,
    /// Threads for the encoders, which run side by side on two.
    pub threads: NonZeroUsize,
    /// What is spoiled on purpose.
    pub switchboard: Switchboard,
    /// What some corruptions are made of.
    pub sources: Sources,
    /// Plays the clips that the sensors come from, if they do: tells what is known to be right.
    pub player: Option<Arc<Player>>,
}

/// Why a pipeline could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum PipelineError {
    /// The model could not be loaded.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// Threads could not be had.
    #[error("the encoders' threads cannot be started ({0}); use --threads 1")]
    Threads(#[from] rayon::ThreadPoolBuildError),
    /// The model has none of the sensors.
    #[error(
        "none of the sensors that the model uses is there; name a camera, a microphone or a clip"
    )]
    NoSensor,
}

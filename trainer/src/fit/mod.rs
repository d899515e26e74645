//! Training one model: configuration, steps, checkpoints, metrics.

#[cfg(test)]
mod balance_tests;
mod bench;
mod calibrate;
mod check;
pub mod checkpoint;
mod choice;
mod claim;
mod config;
mod device;
mod evaluate;
mod kept;
mod lost;
mod metrics;
mod optimiser;
mod picture;
mod preset;
mod quality;
mod result;
mod run;
#[cfg(test)]
mod shapley_tests;
mod shard;
mod step;
mod temperature;

pub use bench::{Bench, StepTime, step_time};
pub use calibrate::{Calibrated, calibrate};
pub use choice::ChooseBy;
pub use claim::check_data;
pub use config::{ExportSettings, FitConfig, OptimiserKind, Training};
pub use device::TrainingDevice;
pub use evaluate::{Answers, Prepared, Workers};
pub use metrics::{EpochMetrics, RotationRecord, Summary, Sums};
pub use quality::{MixedQuality, Spoiler, noise_bank, sources};
pub use result::{
    PerLostSensor, RunResult, Unseen, measure, measure_on, read_result, read_result_file,
    result_path,
};
pub use run::{
    CHECKPOINT_INTERVAL, Watcher, best_weights, fit, fit_saving_every, metrics_path, new_model,
    picture_path,
};
pub use shard::{Outcome, Sample, Shard};
pub use step::Part;

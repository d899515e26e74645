//! How well a model does on a list of clips: accuracy with its interval, confusion, the share of
//! attention on each sensor, calibration; as numbers, as a table and as a picture.

mod answer;
mod draw;
mod files;
mod labels;
mod metrics;
mod model;
mod picture;
mod pool;
mod report;
pub mod robustness;
mod run;
mod summary;
mod table;

pub use answer::{Answerer, WindowAnswer};
pub use files::{check_report_folder, write_report};
pub use labels::{ListError, select};
pub use metrics::{
    Bin, CALIBRATION_BINS, Calibration, Confusion, Interval, Mean, Score, calibration,
    matched_interval, mean_interval, wilson_interval,
};
pub use model::{EvaluateError, Options, evaluate};
pub use picture::picture;
pub use report::{ClipAnswer, ClipResult, Outcome, Report, Said, Share};
pub use run::{Setup, evaluate_with};
pub use summary::{LabelScore, Summary};
pub use table::{answer_lines, clips, summary_table};

//! Model packages: a folder with model.toml, three ONNX graphs, a card, checksums and golden windows.
//!
//! Everything in a package is untrusted: names, sizes and hashes are checked before use.

mod error;
#[cfg(test)]
pub(crate) mod example;
mod folder;
mod golden;
mod layout;
mod manifest;
mod precision;
mod rates;
mod read;
mod reading;
mod write;

pub use error::PackageError;
pub use golden::{GoldenAnswer, GoldenWindow};
pub use manifest::{FORMAT, Manifest, Thresholds, Training};
pub use precision::{Drift, Precision};
pub use rates::Rates;
pub use read::{Graphs, Package};
pub use write::{PackageContents, write};

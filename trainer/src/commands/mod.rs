//! The sub-commands of `evenkeel-train`, one file each.

pub mod bench;
pub mod check;
pub mod data;
pub mod export;
pub mod fit;
pub mod study;
pub mod weights;

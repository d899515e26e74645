//! The sub-commands of `evenkeel-train`, one file each.

pub mod bench;
pub mod fit;

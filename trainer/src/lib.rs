//! The desktop trainer of evenkeel.

#![deny(missing_docs)]

pub mod data;

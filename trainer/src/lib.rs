//! Desktop trainer for evenkeel: RollingQ-balanced audio-visual models on Candle, exported as packages.

pub mod data;
pub mod model;
mod ops;
pub mod rollingq;

//! Desktop trainer for evenkeel: RollingQ-balanced audio-visual models on Candle, exported as packages.

pub mod backbone;
pub mod balance;
pub mod commands;
pub mod data;
pub mod export;
pub mod fit;
pub mod model;
mod normal;
mod ops;
pub mod rollingq;
pub mod study;

//! Audio-visual recognition on small boards that keeps giving right answers when a sensor fails.
//!
//! Data flows one way: a clip or a live sensor gives a [`window::Window`]; the [`frontend`] turns it
//! into a log-mel patch and a normalised picture; the [`engine`] runs the three graphs of a model
//! [`package`] on them; the [`evaluation`] measures the answers. The trainer uses these same
//! functions, so what was trained is what runs.

pub mod clip;
pub mod corruption;
pub mod engine;
pub mod evaluation;
pub mod files;
mod finite;
pub mod frontend;
pub mod health;
pub mod html;
pub mod live;
pub mod machine;
pub mod noise;
pub mod package;
mod panics;
pub mod policy;
pub mod probability;
pub mod random;
mod resize;
pub mod sensor;
pub mod shard;
pub mod thumbnail;
pub mod turns;
pub mod window;

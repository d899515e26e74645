//! A release for those who run an update system already: as one of that system's packages.
//!
//! The package carries the signed release as it is, and a script that hands it to `evenkeel-board`. So the board proves,
//! switches, watches and goes back as it does with a release that came over ssh.

mod content;
mod deb;
mod moment;
mod rauc;
mod version;

pub use deb::{Deb, Maintainer};
pub use moment::Moment;
pub use rauc::{BundleFormat, Rauc};

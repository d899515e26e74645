//! The sub-commands, one file each.

pub mod bench;
pub mod compare;
pub mod devices;
pub mod doctor;
pub mod evaluate;
pub mod inspect;
#[cfg(feature = "live")]
pub mod live;
#[cfg(feature = "live")]
pub mod record;
mod robustness;
#[cfg(feature = "live")]
mod sensors;

use std::io::{self, Write};
#[cfg(feature = "live")]
use std::time::Duration;

use clap::builder::RangedI64ValueParser;

/// How many threads may be asked for: more than any board has, and fewer than a typing error's.
fn threads() -> RangedI64ValueParser<u32> {
    clap::value_parser!(u32).range(1..=1024)
}

/// Reads a number of seconds.
#[cfg(feature = "live")]
fn seconds(text: &str, least: f64, most: f64) -> Result<Duration, String> {
    match text.parse::<f64>() {
        Ok(seconds) if (least..=most).contains(&seconds) => Ok(Duration::from_secs_f64(seconds)),
        _ => Err(format!(
            "it must be a number of seconds from {least} to {most}"
        )),
    }
}

/// Prints to the standard output; a reader that has gone away (`| head`) is no failure.
fn print(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result,
    }
}

/// Prints `value` as JSON.
fn print_json(value: &impl serde::Serialize) -> anyhow::Result<()> {
    Ok(print(&(serde_json::to_string_pretty(value)? + "\n"))?)
}

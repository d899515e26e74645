//! The sub-commands, one file each.

pub mod bench;
pub mod compare;
pub mod devices;
pub mod doctor;
pub mod evaluate;
pub mod inspect;
#[cfg(feature = "live")]
pub mod live;
mod robustness;

use std::io::{self, Write};

use clap::builder::RangedI64ValueParser;

/// How many threads may be asked for: more than any board has, and fewer than a typing error's.
fn threads() -> RangedI64ValueParser<u32> {
    clap::value_parser!(u32).range(1..=1024)
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

//! What this machine is.

use std::ffi::{CStr, c_char};

use anyhow::{Context, Result};
use evenkeel_release::{Host, Setup, Store};

/// This machine, as it was set up.
///
/// # Errors
/// When it was not set up.
pub fn this(store: &Store) -> Result<Host> {
    let board = Setup::board(store)?.with_context(|| {
        format!(
            "this board is not set up, there is nothing in {}: `evenkeel-deploy` does it with the first release",
            store.root().display()
        )
    })?;
    Ok(Host {
        board,
        processor: std::env::consts::ARCH.to_owned(),
        glibc: glibc()?,
    })
}

fn glibc() -> Result<evenkeel_release::Glibc> {
    unsafe extern "C" {
        fn gnu_get_libc_version() -> *const c_char;
    }
    // SAFETY: glibc returns a string that is there for as long as the program runs (gnu_get_libc_version(3)).
    let version = unsafe { CStr::from_ptr(gnu_get_libc_version()) };
    let version = version.to_str().context("glibc has no version")?;
    version.parse().map_err(anyhow::Error::msg)
}

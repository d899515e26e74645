//! A release as it lies on a board, put together on the desk by what does it on boards.

use std::path::Path;

use anyhow::{Context, Result};
use evenkeel_release::{Host, Setup, TrustedKeys};

use crate::build;
use crate::deploy::Ready;

/// Sets a board up below `root`, with the release as the live one.
///
/// # Errors
/// When the release is not one that the board would take, or something cannot be written.
pub fn out(ready: &Ready, root: &Path) -> Result<()> {
    let Ready {
        board,
        release,
        key,
        programs,
        ..
    } = ready;
    let setup = Setup {
        board: board.name.clone(),
        keys: TrustedKeys::from_iter([key.clone()]),
        options: board.options.join(" "),
    };
    let store = setup.write(root)?;
    Setup::install_agent(&store, &programs.agent)?;
    let host = Host {
        board: board.name.clone(),
        processor: processor(board.target.triple()).to_owned(),
        // An image is made of the same release of Debian as this machine has.
        glibc: build::glibc_here()?,
    };
    let offer = store.offer(&host, &release.list, &release.signature, false)?;
    for file in offer.missing {
        let (_, bytes) = release.open(file)?;
        store.receive(file, bytes)?;
    }
    let id = store.assemble()?;
    store.try_out(&id)?;
    store.commit().context("the release cannot be made live")
}

/// Rust's name of the processor that a triple is for.
fn processor(triple: &str) -> &str {
    match triple.split('-').next().unwrap_or_default() {
        name if name.starts_with("arm") => "arm",
        name => name,
    }
}

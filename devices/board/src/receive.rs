//! What comes over the connection: tars, so that nothing is needed at the other end but a pipe.

use std::io::{Read, stdin};

use anyhow::{Context, Result, bail};
use evenkeel_release::{Digest, Host, MANIFEST, Manifest, Offer, SIGNATURE, Store};
use serde::Serialize;
use tar::Archive;

/// What the desk is answered.
#[derive(Serialize)]
struct Answer {
    release: String,
    missing: Vec<Digest>,
    bytes: u64,
}

/// Reads a list and its signature, and says what to send.
///
/// # Errors
/// When the release is refused.
pub fn offer(store: &Store, host: &Host, allow_downgrade: bool) -> Result<()> {
    let (mut list, mut signature) = (None, None);
    let mut archive = Archive::new(stdin().lock());
    for file in archive.entries().context("no tar came")? {
        let file = file.context("the tar ends too early")?;
        let name = file.path()?.to_string_lossy().into_owned();
        let place = match name.as_str() {
            MANIFEST => &mut list,
            SIGNATURE => &mut signature,
            _ => bail!("a file came that is neither list nor signature ({name})"),
        };
        let mut text = String::new();
        file.take(Manifest::LONGEST as u64 + 1)
            .read_to_string(&mut text)
            .with_context(|| format!("{name} is no text"))?;
        *place = Some(text);
    }
    let list = list.context("the release has no list")?;
    let signature = signature.context("the release is not signed")?;
    let Offer { id, missing, bytes } = store.offer(host, &list, &signature, allow_downgrade)?;
    let answer = Answer {
        release: id.into(),
        missing,
        bytes,
    };
    println!("{}", serde_json::to_string(&answer)?);
    Ok(())
}

/// Reads files, each named by its SHA-256.
///
/// # Errors
/// When one is not what was signed, or cannot be kept. Those before it are.
pub fn files(store: &Store) -> Result<()> {
    let mut archive = Archive::new(stdin().lock());
    for file in archive.entries().context("no tar came")? {
        let file = file.context("the connection ended too early")?;
        let name = file.path()?.to_string_lossy().into_owned();
        store.receive(name.parse()?, file)?;
    }
    Ok(())
}

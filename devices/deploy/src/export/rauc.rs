//! A bundle for RAUC (<https://rauc.readthedocs.io/>) that hands the release to `evenkeel-board`.
//!
//! RAUC writes whole partitions, and a release is none. Its bundles may carry a handler that does the update in place of
//! that; RAUC itself then checks signature and kind of system, mounts the bundle, and tells how it went.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use clap::ValueEnum;
use evenkeel_release::durable;

use super::Moment;
use super::content::{self, Item, TAKE};
use super::version::PackageVersion;
use crate::deploy::Ready;
use crate::ssh::last_line;

/// How RAUC checks a bundle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum BundleFormat {
    /// Piece by piece while it is read; the board's kernel needs dm-verity
    Verity,
    /// Whole, before it is used
    Plain,
}

/// A bundle that is going to be made.
pub struct Rauc<'a> {
    /// What is in it.
    pub ready: &'a Ready<'a>,
    /// The certificate that RAUC is to sign with: a PEM file, or an address of PKCS#11.
    pub cert: &'a str,
    /// Its key, as well.
    pub key: &'a str,
    /// Further certificates on the way to the one that boards trust.
    pub intermediates: &'a [String],
    /// What `/etc/rauc/system.conf` on the boards has.
    pub compatible: &'a str,
    pub format: BundleFormat,
    /// What its files carry as their time.
    pub moment: Moment,
}

/// The programs that make bundles.
const TOOLS: [(&str, &str); 2] = [("rauc", "rauc"), ("mksquashfs", "squashfs-tools")];

impl Rauc<'_> {
    /// Whether this machine has what makes bundles.
    ///
    /// # Errors
    /// When a program is missing.
    pub fn must_be_there() -> Result<()> {
        for (tool, package) in TOOLS {
            let mut command = Command::new(tool);
            command.args(["-version"]).stdin(Stdio::null());
            command.output().with_context(|| {
                format!("a bundle is made by {tool}, which cannot be run: install the Debian package {package}")
            })?;
        }
        Ok(())
    }

    /// Lets `rauc` make it.
    ///
    /// # Errors
    /// When `rauc` is missing or says no, or something cannot be read or written.
    pub fn write(&self, out: &Path) -> Result<()> {
        let folder = out
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty())
            .unwrap_or(Path::new("."));
        let failed = || format!("cannot write to {}", folder.display());
        let work = tempfile::tempdir_in(folder).with_context(failed)?;
        let (content, bundle) = (work.path().join("content"), work.path().join("bundle"));
        let mut items = content::items(self.ready)?;
        items.push(Item::text("manifest.raucm", self.manifest()));
        lay_out(&items, &content).with_context(failed)?;
        self.run(&content, &bundle)?;
        fs::set_permissions(&bundle, Permissions::from_mode(0o644)).with_context(failed)?;
        durable::replace(&bundle, out).with_context(|| format!("cannot write {}", out.display()))
    }

    fn manifest(&self) -> String {
        let format = match self.format {
            BundleFormat::Verity => "verity",
            BundleFormat::Plain => "plain",
        };
        format!(
            "\
[update]
compatible={}
version={}
description=evenkeel release {} for {}

[bundle]
format={format}

[handler]
filename={TAKE}
",
            self.compatible,
            PackageVersion::of(&self.ready.release.manifest),
            self.ready.release.id,
            self.ready.board.name,
        )
    }

    fn run(&self, content: &Path, bundle: &Path) -> Result<()> {
        let mut rauc = Command::new("rauc");
        rauc.args(["bundle", "--cert", self.cert, "--key", self.key]);
        for intermediate in self.intermediates {
            rauc.args(["--intermediate", intermediate]);
        }
        rauc.args(["--mksquashfs-args", "-all-root"])
            .args([content, bundle])
            // The times of the squashfs.
            .env("SOURCE_DATE_EPOCH", self.moment.unix().to_string())
            .stdin(Stdio::null());
        let output = rauc.output().context("rauc cannot be run")?;
        if output.status.success() {
            return Ok(());
        }
        let said = last_line(&output.stderr);
        bail!(
            "rauc makes no bundle: {}",
            said.as_deref().unwrap_or("it does not say why")
        )
    }
}

fn lay_out(items: &[Item], folder: &Path) -> std::io::Result<()> {
    for item in items {
        let path = folder.join(&item.path);
        fs::create_dir_all(path.parent().unwrap_or(folder))?;
        fs::write(&path, &item.bytes)?;
        let mode = if item.executable { 0o755 } else { 0o644 };
        fs::set_permissions(&path, Permissions::from_mode(mode))?;
    }
    Ok(())
}

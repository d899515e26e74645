//! `evenkeel-deploy export`: a release as a package of another update system.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail, ensure};

use super::deploy::{What, step};
use crate::boards::Board;
use crate::deploy::{Ready, Terminal};
use crate::export::{BundleFormat, Deb, Maintainer, Moment, Rauc};
use crate::pack;

/// Makes a package of a release, for boards that another update system looks after
#[derive(Debug, clap::Subcommand)]
pub enum Format {
    Deb(DebArgs),
    Rauc(RaucArgs),
}

/// Makes a Debian package, for apt repositories and unattended upgrades
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  evenkeel-deploy export deb raspberry-pi-4 --out evenkeel.deb --maintainer 'Ada Lovelace <ada@example.com>'
  evenkeel-deploy export deb generic-arm64 --out evenkeel.deb --model my-model --version-number 20261125043310

On the board: apt install ./evenkeel.deb. The installation fails with the reason if the release does not answer there,
and what ran before runs on. Its version is that of the program and the number of the release.

Exit codes: 0 fine, 1 failed, 2 bad usage.")]
pub struct DebArgs {
    /// The kind of board; `evenkeel-deploy boards` lists them
    board: String,

    /// The package to write
    #[arg(long, value_name = "FILE")]
    out: PathBuf,

    /// Who answers for the package [default: $DEBFULLNAME <$DEBEMAIL>]
    #[arg(long, value_name = "NAME <MAIL>")]
    maintainer: Option<Maintainer>,

    #[command(flatten)]
    what: What,
}

/// Makes a bundle for RAUC, which hands the release to evenkeel-board
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  evenkeel-deploy export rauc raspberry-pi-4 --out evenkeel.raucb --rauc-cert cert.pem --rauc-key key.pem
  evenkeel-deploy export rauc imx8mp-evk --out evenkeel.raucb --rauc-cert cert.pem --rauc-key 'pkcs11:token=desk' \\
      --compatible 'Acme Camera 2'

On the board: rauc install evenkeel.raucb. It fails if the release does not answer there, and what ran before runs on.

Exit codes: 0 fine, 1 failed, 2 bad usage.")]
pub struct RaucArgs {
    /// The kind of board; `evenkeel-deploy boards` lists them
    board: String,

    /// The bundle to write
    #[arg(long, value_name = "FILE")]
    out: PathBuf,

    /// The certificate that the bundle is signed with
    #[arg(long, value_name = "FILE|PKCS11")]
    rauc_cert: String,

    /// The key of the certificate; --key is the one that the release in it is signed with
    #[arg(long, value_name = "FILE|PKCS11")]
    rauc_key: String,

    /// A certificate between that one and the one that boards trust; may be given more than once
    #[arg(long, value_name = "FILE")]
    intermediate: Vec<String>,

    /// What the boards' /etc/rauc/system.conf calls them [default: the name of the kind of board]
    #[arg(long, value_name = "NAME", value_parser = line)]
    compatible: Option<String>,

    /// How RAUC checks the bundle
    #[arg(long, value_enum, default_value_t = BundleFormat::Verity)]
    bundle_format: BundleFormat,

    #[command(flatten)]
    what: What,
}

/// Runs the command.
///
/// # Errors
/// When the release cannot be made, or the package cannot be written.
pub fn run(format: Format) -> Result<ExitCode> {
    match format {
        Format::Deb(args) => deb(&args)?,
        Format::Rauc(args) => rauc(&args)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn deb(args: &DebArgs) -> Result<()> {
    let board = args.what.board(&args.board)?;
    let maintainer = match &args.maintainer {
        Some(maintainer) => maintainer.clone(),
        None => maintainer()?,
    };
    package(&board, &args.what, &args.out, |ready, moment| {
        let deb = Deb {
            ready,
            maintainer: &maintainer,
            moment,
        };
        deb.write(&args.out)
    })
}

fn rauc(args: &RaucArgs) -> Result<()> {
    let board = args.what.board(&args.board)?;
    Rauc::must_be_there()?;
    package(&board, &args.what, &args.out, |ready, moment| {
        let rauc = Rauc {
            ready,
            cert: &args.rauc_cert,
            key: &args.rauc_key,
            intermediates: &args.intermediate,
            compatible: args.compatible.as_deref().unwrap_or(&board.name),
            format: args.bundle_format,
            moment,
        };
        rauc.write(&args.out)
    })
}

/// Builds and signs the release, and lets it be written as a package.
fn package(
    board: &Board,
    what: &What,
    out: &Path,
    write: impl FnOnce(&Ready, Moment) -> Result<()>,
) -> Result<()> {
    // What would fail at the end fails before anything is built.
    must_have_a_folder(out)?;
    let mut wish = what.wish(board)?;
    let number = *wish.version.get_or_insert_with(pack::now);
    let moment = Moment::find(number)?;
    let report = Terminal::new();
    let key = what.signing_key()?;
    let programs = step(&report, "build", || {
        let programs = what.programs(board)?;
        let said = programs.to_string();
        Ok((programs, said))
    })?;
    let ready = step(&report, "sign", || {
        let ready = Ready::make(board, &wish, &key, programs)?;
        let said = format!("release {}", ready.release.id);
        Ok((ready, said))
    })?;
    step(&report, "package", || {
        write(&ready, moment)?;
        let bytes = fs::metadata(out)
            .with_context(|| format!("cannot read {}", out.display()))?
            .len();
        let said = format!("{:.1} MB, {}", bytes as f64 / 1e6, out.display());
        Ok(((), said))
    })
}

fn must_have_a_folder(out: &Path) -> Result<()> {
    let folder = out.parent().unwrap_or(out);
    ensure!(
        folder.as_os_str().is_empty() || folder.is_dir(),
        "there is no folder {} to write the package to",
        folder.display()
    );
    ensure!(
        !out.is_dir(),
        "{} is a folder: name a file with --out",
        out.display()
    );
    Ok(())
}

/// As Debian's own tools find out whose package it is.
fn maintainer() -> Result<Maintainer> {
    let [name, mail] = ["DEBFULLNAME", "DEBEMAIL"].map(|name| env::var(name).unwrap_or_default());
    if name.is_empty() || mail.is_empty() {
        bail!(
            "a package names who answers for it: say so with --maintainer 'Name <mail@address>', or set DEBFULLNAME and DEBEMAIL"
        );
    }
    format!("{name} <{mail}>")
        .parse()
        .map_err(anyhow::Error::msg)
}

/// One line, as a file of settings has room for.
fn line(text: &str) -> Result<String, String> {
    match text.trim().is_empty() || text.contains(char::is_control) {
        true => Err("it has to be one line".to_owned()),
        false => Ok(text.to_owned()),
    }
}

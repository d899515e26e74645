//! `evenkeel-deploy key`: the key that releases are signed with.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Result, ensure};

use super::print;
use crate::keys::{self, SigningKey};

/// Makes the key that releases are signed with, or shows it
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  evenkeel-deploy key
  evenkeel-deploy key --password
  evenkeel-deploy key --key release.key

The key is minisign's: `minisign -V -p deploy.pub -m release.toml` verifies a release as well. Boards trust the key they
were set up with, so keep a copy in a safe place.")]
pub struct Args {
    /// The file of the key [default: $EVENKEEL_KEY, or deploy.key in the folder for settings]
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,

    /// Protect a new key with a password
    #[arg(long)]
    password: bool,
}

/// Does it.
///
/// # Errors
/// When the key cannot be read or written.
pub fn run(args: Args) -> Result<ExitCode> {
    let path = keys::place(args.key.as_deref())?;
    let key = if path.exists() {
        ensure!(
            !args.password,
            "there is a key in {} already, which a password cannot be given to: make another one with --key",
            path.display()
        );
        SigningKey::read(&path)?
    } else {
        let password = args.password.then(new_password).transpose()?;
        SigningKey::make(&path, password)?
    };
    print(&format!(
        "secret  {}\npublic  {}\nnumber  {}\n",
        path.display(),
        keys::public_place(&path).display(),
        key.public.id()
    ))?;
    Ok(ExitCode::SUCCESS)
}

fn new_password() -> Result<String> {
    let first = rpassword::prompt_password("Password: ")?;
    ensure!(!first.is_empty(), "a password cannot be empty");
    let second = rpassword::prompt_password("Again: ")?;
    ensure!(first == second, "these are two different passwords");
    Ok(first)
}

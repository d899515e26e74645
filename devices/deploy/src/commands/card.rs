//! `evenkeel-deploy card`: an image that was made before, onto a card.

use std::io::{self, BufRead, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Result, bail, ensure};

use crate::card::{self, Card, Image, Places};
use crate::deploy::{Report, Terminal};
use crate::size::size;

/// Writes an image to a card, reads it back and compares
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  evenkeel-deploy to raspberry-pi-4 --image pi.img
  sudo evenkeel-deploy card pi.img /dev/sdX

A disk that is in use in any way, or that carries the running system, is never written to.

Exit codes: 0 fine, 1 failed, 2 bad usage.")]
pub struct Args {
    /// The image
    image: PathBuf,

    /// The card, as in /dev/sdb or /dev/mmcblk0
    device: PathBuf,

    /// Show what would be erased, and erase nothing
    #[arg(long)]
    dry_run: bool,

    #[command(flatten)]
    consent: Consent,
}

/// What a user has agreed to beforehand.
#[derive(Debug, Clone, clap::Args)]
pub struct Consent {
    /// Erase the card without asking
    #[arg(long)]
    yes: bool,

    /// Write also to a disk that cannot be taken out
    #[arg(long)]
    pub fixed_disk: bool,
}

impl Consent {
    /// Shows what will be erased, and lets the user type the card's name.
    ///
    /// # Errors
    /// When the user does not, or nobody can be asked.
    pub fn ask(&self, card: &Card) -> Result<()> {
        eprintln!("{card}");
        if self.yes {
            return Ok(());
        }
        ensure!(
            io::stdin().is_terminal(),
            "there is no terminal to ask whether {} may be erased: --yes erases without asking",
            card.device().display()
        );
        eprint!(
            "Everything on it will be erased. Type {} to go on: ",
            card.name
        );
        io::stderr().flush()?;
        let mut answer = String::new();
        io::stdin().lock().read_line(&mut answer)?;
        if answer.trim() != card.name {
            bail!("nothing was written to {}", card.device().display());
        }
        Ok(())
    }
}

/// Does it.
///
/// # Errors
/// When the card must not be written to, or does not take the image.
pub fn run(args: Args) -> Result<ExitCode> {
    let places = Places::default();
    let card = Card::find(&places, &args.device)?;
    let bytes = Image::open(&args.image)?.bytes;
    card.must_take(&places, bytes, args.consent.fixed_disk)?;
    if args.dry_run {
        println!("{card}");
        println!(
            "Nothing is done to it. Without --dry-run it is erased, and {} are written and read back.",
            size(bytes)
        );
        return Ok(ExitCode::SUCCESS);
    }
    args.consent.ask(&card)?;
    put(&args.image, &card, &args.consent, &Terminal::new())?;
    Ok(ExitCode::SUCCESS)
}

/// Writes an image to a card that the user has agreed to.
///
/// # Errors
/// When another card is there now, it must not be written to, or it does not take the image.
pub fn put(image: &Path, card: &Card, consent: &Consent, report: &dyn Report) -> Result<()> {
    let places = Places::default();
    let mut image = Image::open(image)?;
    let mut file = card::open(card)?;
    // Minutes may have gone since it was looked at.
    let now = Card::named(&places, &card.name)?;
    ensure!(
        now.parts == card.parts && now.model == card.model,
        "{} is not the card any more that it was: nothing was written",
        card.device().display()
    );
    now.must_take(&places, image.bytes, consent.fixed_disk)?;
    card::write(&mut image, &mut file, report)?;
    match card::show_partitions(&file) {
        true => eprintln!("{} is ready", card.device().display()),
        false => eprintln!(
            "{} is ready; to see its partitions here, take it out and put it in again",
            card.device().display()
        ),
    }
    Ok(())
}

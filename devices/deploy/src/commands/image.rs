//! `evenkeel-deploy to BOARD --image FILE` and `--card DEVICE`: a disk that a board starts from.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::builder::RangedU64ValueParser;

use super::card::{Consent, put};
use super::deploy::step;
use crate::boards::Board;
use crate::card::{self, Card, Places};
use crate::checkout;
use crate::deploy::{Ready, Terminal};
use crate::image::{self, Settings, Wifi};
use crate::size::size;

/// In place of an address: where an image goes, and what is on it beside the release.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Cards and images")]
pub struct Disk {
    /// Write a disk that the board starts from to this card; everything on it is erased
    #[arg(long, value_name = "DEVICE", conflicts_with = "host", group = "disk")]
    card: Option<PathBuf>,

    /// Write a disk that the board starts from to this file
    #[arg(long, value_name = "FILE", conflicts_with = "host", group = "disk")]
    image: Option<PathBuf>,

    /// The name of the board in the network
    #[arg(long, value_name = "NAME", default_value = "evenkeel")]
    hostname: String,

    /// A public key whose owner may log in as the user evenkeel [default: ~/.ssh/id_*.pub]
    #[arg(long, value_name = "FILE", requires = "disk")]
    authorized_key: Vec<PathBuf>,

    /// The wireless network that the board joins
    #[arg(long, value_name = "NAME", requires_all = ["disk", "wifi_password_file", "wifi_country"])]
    wifi_ssid: Option<String>,

    /// A file whose first line is the network's password
    #[arg(long, value_name = "FILE", requires = "wifi_ssid")]
    wifi_password_file: Option<PathBuf>,

    /// Where the board is, as in DE: it sends only as is allowed there
    #[arg(long, value_name = "CC", requires = "wifi_ssid")]
    wifi_country: Option<String>,

    /// Size of the image, MiB; the board makes its file system as large as the card
    #[arg(long, value_name = "MIB", default_value = "2048",
        value_parser = RangedU64ValueParser::<u32>::new().range(2048..=999_999))]
    size: u32,

    #[command(flatten)]
    consent: Consent,
}

/// A disk that was asked for, with everything looked at that can be before programs are built.
pub struct Wanted {
    place: Place,
    settings: Settings,
    consent: Consent,
}

enum Place {
    Card(Card),
    File(PathBuf),
}

impl Disk {
    /// Whether a card or an image is asked for.
    pub fn is_given(&self) -> bool {
        self.card.is_some() || self.image.is_some()
    }

    /// What is wanted; none where the board is reached over ssh. For a card this asks whether it may be erased.
    ///
    /// # Errors
    /// When there is no image for this board, a setting or a tool is missing, or the card must not or may not be
    /// written to.
    pub fn wanted(self, board: &Board, dry_run: bool) -> Result<Option<Wanted>> {
        if !self.is_given() {
            return Ok(None);
        }
        image::kind(board)?;
        let wifi = match (self.wifi_ssid, self.wifi_password_file, self.wifi_country) {
            (Some(ssid), Some(password_file), Some(country)) => Some(Wifi {
                ssid,
                password_file,
                country,
            }),
            _ => None,
        };
        let settings = Settings {
            hostname: self.hostname,
            authorized_keys: image::authorized_keys(&self.authorized_key)?,
            wifi,
            size: self.size,
        };
        let place = match (self.card, self.image) {
            (Some(device), _) => Place::Card(take(&device, &settings, &self.consent)?),
            (None, file) => Place::File(file.context("neither a card nor an image was named")?),
        };
        let out = match &place {
            Place::Card(_) => card_image(&checkout_images()?),
            Place::File(file) => file.clone(),
        };
        image::check(board, &settings, &out)?;
        if let (Place::Card(card), false) = (&place, dry_run) {
            drop(card::open(card)?);
            self.consent.ask(card)?;
        }
        Ok(Some(Wanted {
            place,
            settings,
            consent: self.consent,
        }))
    }
}

impl Wanted {
    /// What will be done, for people who want to know before.
    pub fn says(&self, ready: &Ready) -> Vec<(&'static str, String)> {
        let settings = &self.settings;
        let network = match &settings.wifi {
            Some(wifi) => format!("the wireless network '{}', or a cable", wifi.ssid),
            None => "a cable".to_owned(),
        };
        let mut lines = vec![
            (
                "lay out",
                format!(
                    "release {} as the live one of a {}, which trusts the key {}",
                    ready.release.id,
                    ready.board.name,
                    ready.key.id()
                ),
            ),
            (
                "make the image",
                format!(
                    "{} MiB with Debian, the host name {}, the user evenkeel for {} public keys, network over {network}",
                    settings.size,
                    settings.hostname,
                    settings.authorized_keys.lines().count()
                ),
            ),
        ];
        match &self.place {
            Place::File(file) => lines.push(("keep", file.display().to_string())),
            Place::Card(card) => {
                lines.push(("erase", card.to_string()));
                lines.push(("write", size(settings.bytes())));
                lines.push(("read back", "all of it, and compare".to_owned()));
            }
        }
        lines
    }

    /// Makes the image, and writes it.
    ///
    /// # Errors
    /// When it cannot be made, or the card does not take it.
    pub fn make(self, ready: &Ready, report: &Terminal) -> Result<()> {
        match &self.place {
            Place::File(file) => self.make_file(ready, file, report),
            Place::Card(card) => {
                let images = checkout_images()?;
                fs::create_dir_all(&images)
                    .with_context(|| format!("cannot make {}", images.display()))?;
                let folder = tempfile::tempdir_in(&images)?;
                let file = card_image(folder.path());
                self.make_file(ready, &file, report)?;
                put(&file, card, &self.consent, report)
            }
        }
    }

    fn make_file(&self, ready: &Ready, file: &Path, report: &Terminal) -> Result<()> {
        step(report, "make the image", || {
            image::make(ready, &self.settings, file)?;
            let said = format!(
                "{} of {}",
                size(self.settings.bytes()),
                self.settings.hostname
            );
            Ok(((), said))
        })
    }
}

/// A card that may be erased, if its user agrees.
fn take(device: &Path, settings: &Settings, consent: &Consent) -> Result<Card> {
    let places = Places::default();
    let card = Card::find(&places, device)?;
    card.must_take(&places, settings.bytes(), consent.fixed_disk)?;
    Ok(card)
}

/// Where there is room for what is written to a card.
fn checkout_images() -> Result<PathBuf> {
    Ok(checkout::target_folder(&checkout::root()?).join("images"))
}

fn card_image(folder: &Path) -> PathBuf {
    folder.join("card.img")
}

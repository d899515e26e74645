//! The program on the board that does what must not be cut in half.

use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::process::Output;

use anyhow::{Context, Result, bail};
use evenkeel_release::{Digest, Key, MANIFEST, SIGNATURE};
use serde::Deserialize;
use tar::{Builder, Header};

use crate::boards::Board;
use crate::pack::Release;
use crate::ssh::{Connection, Sudo, last_line, quoted};

const PROGRAM: &str = "/opt/evenkeel/bin/evenkeel-board";

/// `evenkeel-board` at the other end of a connection.
pub struct Agent<'a> {
    /// To the board.
    pub connection: &'a Connection,
    /// How to be root there.
    pub sudo: &'a Sudo,
}

/// What the board answers to an offer.
#[derive(Debug, Deserialize)]
pub struct Offered {
    /// Files to send.
    pub missing: Vec<Digest>,
    /// How many bytes these are.
    pub bytes: u64,
}

/// What the board did.
#[derive(Debug, Default)]
pub struct Installed {
    /// Each step, and how many seconds it took.
    pub steps: Vec<(String, f64)>,
    /// The release that is live now.
    pub live: Option<String>,
}

/// One line of an update, as `evenkeel-board` writes it.
#[derive(Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
enum Line {
    Begun { step: String },
    Done { step: String, seconds: f64 },
    Failed {},
    Outcome { live: Option<String> },
}

impl Agent<'_> {
    /// Puts the program there and lets it set the board up.
    ///
    /// # Errors
    /// When that fails; it can be done again.
    pub fn set_up(&self, program: &Path, board: &Board, key: &Key) -> Result<()> {
        let bytes =
            fs::read(program).with_context(|| format!("cannot read {}", program.display()))?;
        let beside = format!("{PROGRAM}.new");
        let put = format!(
            "umask 022 && mkdir -p /opt/evenkeel/bin && cat >{beside} && chmod 755 {beside} && sync && mv {beside} {PROGRAM}"
        );
        let output = self
            .sudo
            .feed(self.connection, &put, |input| input.write_all(&bytes))?;
        must(&output, "the board does not take evenkeel-board")?;
        let options = board.options.join(" ");
        let command = format!(
            "{PROGRAM} setup --board {} --key {} --options {}",
            quoted(&board.name),
            quoted(key.text()),
            quoted(&options)
        );
        self.run(&command, |_| Ok(())).map(drop)
    }

    /// Shows a release.
    ///
    /// # Errors
    /// When the board refuses it, with its reason.
    pub fn offer(&self, release: &Release, allow_downgrade: bool) -> Result<Offered> {
        let allow = if allow_downgrade {
            " --allow-downgrade"
        } else {
            ""
        };
        let output = self.run(&format!("{PROGRAM} offer{allow}"), |input| {
            let mut tar = Builder::new(input);
            for (name, text) in [(MANIFEST, &release.list), (SIGNATURE, &release.signature)] {
                tar.append_data(&mut header(text.len() as u64), name, text.as_bytes())?;
            }
            tar.finish()
        })?;
        serde_json::from_slice(&output.stdout).context(
            "the board answers in words that are not known here: its evenkeel-board may be newer",
        )
    }

    /// Sends files, and says how many bytes of them are gone.
    ///
    /// # Errors
    /// When the board does not take one, with its reason.
    pub fn send(
        &self,
        release: &Release,
        files: &[Digest],
        sent: &mut dyn FnMut(u64),
    ) -> Result<()> {
        self.run(&format!("{PROGRAM} receive"), |input| {
            let mut tar = Builder::new(Counting { input, sent });
            for digest in files {
                let (size, bytes) = release.open(*digest).map_err(io::Error::other)?;
                tar.append_data(&mut header(size), digest.to_string(), bytes)?;
            }
            tar.finish()
        })
        .map(drop)
    }

    /// Lets the board switch to another release, out of reach of this connection: it is done whole even if that breaks.
    /// `arguments` are those of `evenkeel-board`.
    ///
    /// # Errors
    /// When it went back, with the board's reason.
    pub fn switch(&self, arguments: &str, begun: &mut dyn FnMut(&str)) -> Result<Installed> {
        let command = format!("systemd-run --quiet --pipe --wait --collect {PROGRAM} {arguments}");
        let mut installed = Installed::default();
        let output = self.sudo.follow(self.connection, &command, |line| {
            match serde_json::from_str(line) {
                Ok(Line::Begun { step }) => begun(&step),
                Ok(Line::Done { step, seconds }) => installed.steps.push((step, seconds)),
                Ok(Line::Outcome { live }) => installed.live = live,
                // Its reason comes with the error.
                Ok(Line::Failed {}) | Err(_) => {}
            }
        })?;
        must(&output, "the update failed")?;
        Ok(installed)
    }

    /// Runs the program, or anything else, as root.
    ///
    /// # Errors
    /// When it fails, with what it said.
    pub fn run(
        &self,
        command: &str,
        write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<Output> {
        let output = self.sudo.feed(self.connection, command, write)?;
        must(&output, "the board refuses")?;
        Ok(output)
    }

    /// Runs the program with these arguments.
    ///
    /// # Errors
    /// When it fails, with what it said.
    pub fn call(&self, arguments: &str) -> Result<String> {
        let output = self.run(&format!("{PROGRAM} {arguments}"), |_| Ok(()))?;
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }
}

struct Counting<'a> {
    input: &'a mut dyn Write,
    sent: &'a mut dyn FnMut(u64),
}

impl Write for Counting<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.input.write(bytes)?;
        (self.sent)(count as u64);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.input.flush()
    }
}

fn header(size: u64) -> Header {
    let mut header = Header::new_gnu();
    header.set_size(size);
    header.set_mode(0o644);
    header
}

/// The last thing that a program said, without its name, if it failed.
fn must(output: &Output, what: &str) -> Result<()> {
    if output.status.success() {
        return Ok(());
    }
    // The shell's own code for a program that is not there.
    if output.status.code() == Some(127) {
        bail!("evenkeel is not on this board: bring it there with `evenkeel-deploy to`");
    }
    match last_line(&output.stderr) {
        Some(why) => bail!("{what}: {}", why.trim_start_matches("evenkeel-board: ")),
        None => bail!(
            "{what} and does not say why (exit code {:?})",
            output.status.code()
        ),
    }
}

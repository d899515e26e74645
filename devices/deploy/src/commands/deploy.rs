//! `evenkeel-deploy to`: a release onto a board.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use evenkeel_release::Version;
use serde_json::json;

use super::image::{Disk, Wanted};
use super::reach::Reach;
use super::{bad_usage, fleet};
use crate::boards::{self, Board, Provision};
use crate::checkout;
use crate::deploy::{Deployment, Programs, Ready, Report, STEPS, Terminal, Wish};
use crate::keys::{self, SigningKey};
use crate::virtual_board;

/// What the virtual board is shown: a clip of the checkout, without the ending of its files.
const CLIP: &str = "clips/demo/seven/0039";
/// How long its service is given until it answers from both sensors; what it answers then is told, whatever it is.
const LOOKING: Duration = Duration::from_secs(20);
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Builds evenkeel for a board, brings it there with a model, and goes back if it does not answer
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  evenkeel-deploy to virtual
  evenkeel-deploy to raspberry-pi-4 --host pi@192.168.1.20
  evenkeel-deploy to raspberry-pi-4 --card /dev/sdX --hostname camera-7
  evenkeel-deploy to raspberry-pi-4 --host camera-7 --model models/digits --dry-run
  evenkeel-deploy to generic-amd64 --host root@localhost -o Port=2222
  evenkeel-deploy to fleet.toml
  evenkeel-deploy to fleet.toml --wave canary --dry-run

The board needs ssh, sudo and systemd. It runs what it ran before until the new release has answered its golden windows
there, and again if the new one does not answer camera and microphone.

With the file of a fleet (docs/deploying.md) it comes to many boards, wave by wave. Boards that have it are left alone, so
the same command goes on after an end in the middle. Nobody is asked for passwords of ssh and sudo then.

Exit codes: 0 the release is live, on all boards; 1 it is not (where it is not, what was live is); 2 bad usage.")]
pub struct Args {
    /// The kind of board, which `evenkeel-deploy boards` lists, or the file of a fleet, as fleet.toml
    board: String,

    #[command(flatten)]
    reach: Reach,

    #[command(flatten)]
    disk: Disk,

    #[command(flatten)]
    what: What,

    /// Print every step and take none
    #[arg(long)]
    dry_run: bool,

    /// Print what came of it as JSON
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    fleet: fleet::Options,
}

/// What is brought, to one board or to many.
#[derive(Debug, Clone, clap::Args)]
pub struct What {
    /// The folder of the model package [default: the one that the board's file recommends]
    #[arg(long, value_name = "FOLDER")]
    model: Option<PathBuf>,

    /// A folder with programs that were built for the board, in place of building them, or with one such folder for each
    /// kind of board
    #[arg(long, value_name = "FOLDER")]
    programs: Option<PathBuf>,

    /// Get Rust's standard library for the board where it is missing
    #[arg(long)]
    install: bool,

    /// The key to sign with [default: $EVENKEEL_KEY, or deploy.key in the folder for settings, made if it is not there]
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,

    /// The number of the release [default: the time]
    #[arg(long, value_name = "NUMBER")]
    version_number: Option<u64>,

    /// Let the board take a release that is older than one it has had
    #[arg(long)]
    allow_downgrade: bool,

    /// Set the board up again: it trusts this key alone then
    #[arg(long)]
    set_up: bool,

    /// How long a release may take to its first answer, seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    patience: u64,

    /// How long it has to answer before it is found good, seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    hold: u64,

    /// The folder of the board files [default: devices/boards of the checkout]
    #[arg(long, value_name = "FOLDER", env = "EVENKEEL_BOARDS")]
    boards: Option<PathBuf>,
}

impl What {
    /// The board of this name.
    ///
    /// # Errors
    /// When there is none.
    pub fn board(&self, name: &str) -> Result<Board> {
        boards::find(&self.folder()?, name)
    }

    /// The folder of the board files.
    ///
    /// # Errors
    /// When none is given and there is no checkout.
    pub fn folder(&self) -> Result<PathBuf> {
        boards::folder(self.boards.clone())
    }

    /// The number that the release is to have; none: that of the time.
    pub fn version(&self) -> Option<Version> {
        self.version_number.map(Version)
    }

    /// What is wanted of each board.
    ///
    /// # Errors
    /// When there is no checkout to find the model in.
    pub fn wish(&self, board: &Board) -> Result<Wish> {
        let model = match &self.model {
            Some(model) => model.clone(),
            None => checkout::root()?.join("models").join(&board.model),
        };
        Ok(Wish {
            model,
            version: self.version(),
            allow_downgrade: self.allow_downgrade,
            set_up: self.set_up,
            patience: self.patience,
            hold: self.hold,
        })
    }

    /// The programs for a board: built now, or where they were said to be.
    ///
    /// # Errors
    /// When they cannot be built, or are not there, or are for another board.
    pub fn programs(&self, board: &Board) -> Result<Programs> {
        match &self.programs {
            Some(folder) => {
                let of_kind = folder.join(&board.name);
                let folder = if of_kind.is_dir() { &of_kind } else { folder };
                Programs::find(board, folder)
            }
            None => Programs::build(board, self.install),
        }
    }

    /// The key, made if it is not there.
    ///
    /// # Errors
    /// When it cannot be read or made.
    pub fn signing_key(&self) -> Result<SigningKey> {
        let path = keys::place(self.key.as_deref())?;
        let (key, made) = SigningKey::read_or_make(&path)?;
        if made {
            eprintln!(
                "Made the key {} in {}: boards that are set up with it take only what it signed, so keep a copy",
                key.public.id(),
                path.display()
            );
        }
        Ok(key)
    }
}

/// Does it.
///
/// # Errors
/// When the release is not live at the end.
pub fn run(args: Args) -> Result<ExitCode> {
    if fleet::is_file(&args.board) {
        if args.reach.is_given() {
            bad_usage("a fleet's file says where its boards are: leave out --host and -o");
        }
        if args.disk.is_given() {
            bad_usage(
                "cards and images are made one by one: name the kind of board with --card or --image",
            );
        }
        let path = Path::new(&args.board);
        return fleet::to(path, &args.what, &args.fleet, args.dry_run, args.json);
    }
    if let Some(option) = args.fleet.used() {
        bad_usage(&format!(
            "{option} is for the file of a fleet, and {} is a board",
            args.board
        ));
    }
    let board = args.what.board(&args.board)?;
    let wish = args.what.wish(&board)?;
    let report = Terminal::new();
    let disk = args.disk.wanted(&board, args.dry_run)?;
    if board.provision != Provision::Virtual && disk.is_none() {
        ensure!(
            args.reach.host.is_some(),
            "which {}? Name its address with --host, as in --host pi@192.168.1.20, or a card with --card",
            board.name
        );
    }
    let key = args.what.signing_key()?;
    let programs = step(&report, "build", || {
        let programs = args.what.programs(&board)?;
        let said = programs.to_string();
        Ok((programs, said))
    })?;
    let ready = step(&report, "sign", || {
        let ready = Ready::make(&board, &wish, &key, programs)?;
        let release = &ready.release;
        let said = format!(
            "release {} with evenkeel {}, {}",
            release.id, release.manifest.program, release.manifest.model
        );
        Ok((ready, said))
    })?;
    if let Some(disk) = disk {
        return put_on_disk(disk, &ready, args.dry_run, &report);
    }
    if args.dry_run {
        return Ok(dry_run(&ready, &args.reach));
    }
    let in_qemu = board.provision == Provision::Virtual && args.reach.host.is_none();
    if in_qemu {
        step(&report, "start board", || Ok(((), virtual_board::start()?)))?;
    }
    let address = args.reach.address(Some(&board))?;
    let outcome = Deployment::new(&ready, address.clone()).run(&report)?;
    if in_qemu {
        step(&report, "show it a clip", || {
            let answer = answer_to_a_clip(&args.reach, &board)?;
            Ok(((), answer))
        })?;
    }
    if args.json {
        println!(
            "{}",
            json!({
                "release": ready.release.id.as_ref(),
                "board": board.name,
                "host": address.host,
                "sent_bytes": outcome.sent,
                "set_up": outcome.set_up,
            })
        );
    }
    Ok(ExitCode::SUCCESS)
}

/// Shows the virtual board, which sees and hears nothing by itself, one of the shipped clips. What its service says then.
fn answer_to_a_clip(reach: &Reach, board: &Board) -> Result<String> {
    let clip = checkout::root()?.join(CLIP);
    virtual_board::show(&clip.with_extension("png"), &clip.with_extension("wav"))?;
    reach.with_agent(Some(board), |agent| {
        let end = Instant::now() + LOOKING;
        loop {
            let status: serde_json::Value = serde_json::from_str(&agent.call("status --json")?)?;
            let says = status["service"]["says"].as_str().unwrap_or_default();
            if says.contains("both") || Instant::now() > end {
                return Ok(says.to_owned());
            }
            sleep(LOOK_EVERY);
        }
    })
}

/// Does something and says how long it took.
pub(super) fn step<T>(
    report: &Terminal,
    name: &str,
    work: impl FnOnce() -> Result<(T, String)>,
) -> Result<T> {
    report.begin(name);
    let done = work();
    report.end(name, done.as_ref().map(|(_, said)| said.as_str()));
    Ok(done?.0)
}

fn put_on_disk(disk: Wanted, ready: &Ready, dry_run: bool, report: &Terminal) -> Result<ExitCode> {
    if dry_run {
        println!("Nothing is made or written. Without --dry-run:");
        for (step, says) in disk.says(ready) {
            println!("{step:<16} {says}");
        }
    } else {
        disk.make(ready, report)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn dry_run(ready: &Ready, reach: &Reach) -> ExitCode {
    let host = reach.host.as_deref().unwrap_or("the virtual board");
    println!("Nothing is done to {host}. Without --dry-run:");
    for step in STEPS {
        println!("{:<16} {}", step.name(), step.says(ready, host));
    }
    for entry in &ready.release.manifest.files {
        println!("{:<16} {} ({} bytes)", "", entry.path, entry.size);
    }
    ExitCode::SUCCESS
}

//! `evenkeel live`: camera and microphone in, answers out.

mod shown;

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use anyhow::Context;
use evenkeel::corruption::Sources;
use evenkeel::live::{Observer, Pipeline, Setup, Spoiling, Switchboard, Tally};
use evenkeel::package::Package;
use evenkeel::policy::PolicyKind;
use evenkeel::sensor::{Clock, Times};

use super::sensors::{self, Needs};
use super::{seconds, threads};

/// Answers about what camera and microphone see and hear now, or about clips that are played as if it were.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  evenkeel live --model models/digits
  evenkeel live --model models/digits --camera /dev/video2 --microphone USB
  evenkeel live --model models/digits --clip clips/demo --times 3 --loop
  evenkeel live --model models/digits --clip film.mp4 --speed max --json
  evenkeel live --model models/digits --corrupt camera:black:5@3s..8s
  evenkeel live --model models/digits --web --control
  evenkeel live --model models/digits --quiet --record clips --record-when trouble
  evenkeel live --model models/digits --camera-command 'rpicam-vid -t 0 --codec mjpeg -o -'

Exit codes: 0 stopped, or what was played has ended; 1 failed; 2 bad usage; 3 played, but some clips could
not be read.")]
pub struct Args {
    /// Folder of the model package
    #[arg(long, value_name = "FOLDER")]
    model: PathBuf,
    #[command(flatten)]
    sensors: sensors::Args,
    #[command(flatten)]
    shown: shown::Args,
    #[command(flatten)]
    recording: shown::RecordArgs,
    /// Spoil a sensor: sensor:corruption:severity, optionally @from..until in seconds; may be given often
    #[arg(long, value_name = "WHAT")]
    corrupt: Vec<Spoiling>,
    /// From one answer to the next [default: as the model says]
    #[arg(long, value_name = "SECONDS", value_parser = hop)]
    hop: Option<Duration>,
    /// How the sensors are weighed: none, mask or soft [default: the model's own policy]
    #[arg(long, value_name = "POLICY")]
    policy: Option<PolicyKind>,
    /// Threads for the encoders, which run side by side on two [default: one per processor]
    #[arg(long, value_name = "N", value_parser = threads())]
    threads: Option<u32>,
    /// Stop after so many seconds of the sensors' time
    #[arg(long = "for", value_name = "SECONDS", value_parser = limit)]
    limit: Option<Duration>,
    /// Print counts of the whole run as JSON on the standard error output at the end
    #[arg(long)]
    tally: bool,
}

fn hop(text: &str) -> Result<Duration, String> {
    seconds(text, 0.01, 60.0)
}

fn limit(text: &str) -> Result<Duration, String> {
    seconds(text, 0.1, 1e9)
}

/// Runs the command.
///
/// # Errors
/// When the model or a clip cannot be read, or what is shown cannot be.
pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    let mut package = Package::open(&args.model)?;
    if let Some(kind) = args.policy {
        package.manifest.policy.kind = kind;
    }
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
        signal_hook::flag::register(signal, Arc::clone(&stop))
            .context("signals cannot be caught")?;
    }
    let clock = match args.sensors.as_fast_as_possible() {
        true => Clock::as_fast_as_possible(),
        false => Clock::real(),
    };
    let chosen = args.sensors.choose(&Needs::of(&package.manifest))?;
    let switchboard = Switchboard::new(&args.corrupt);
    let threads = args
        .threads
        .and_then(|n| NonZeroUsize::new(n as usize))
        .or_else(|| std::thread::available_parallelism().ok())
        .unwrap_or(NonZeroUsize::MIN);
    let mut pipeline = Pipeline::new(
        &package,
        Setup {
            sensors: chosen.sensors,
            clock: clock.clone(),
            times: Times::default(),
            hop: args.hop,
            limit: args.limit,
            threads,
            switchboard: switchboard.clone(),
            sources: Sources::default(),
            player: chosen.player.clone(),
        },
    )?;
    let mut shown = args.shown.open(
        &package.manifest,
        &args.recording,
        &switchboard,
        &clock,
        &stop,
    )?;
    let mut tally = Tally::new(package.manifest.nothing.clone());
    let mut observers: Vec<&mut dyn Observer> = vec![&mut tally];
    observers.extend(shown.observers());
    pipeline.run(&stop, &mut observers);
    // Gives the terminal back before anything else is said.
    drop(shown);
    tally.finish();
    if args.tally {
        eprintln!("{}", serde_json::to_string_pretty(&tally)?);
    }
    if chosen.player.is_some_and(|player| player.failures() > 0) {
        return Ok(ExitCode::from(3));
    }
    Ok(ExitCode::SUCCESS)
}

//! `evenkeel record`: labelled clips of your own, for training.

use std::io::{self, BufReader, IsTerminal, Stdout};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, SystemTime};

use anyhow::{Context, bail, ensure};
use evenkeel::clip::ReadOptions;
use evenkeel::live::TerminalView;
use evenkeel::live::collect::{
    Lines, Name, Panel, Plan, Session, Shelf, Studio, Written, run as record,
};
use evenkeel::sensor::{CameraWish, Clock};
use evenkeel::window::SampleRate;

use super::seconds;
use super::sensors::{self, Chosen, Needs};

/// Records labelled clips for training: asks for each class in turn, counts down, and keeps them in a
/// folder with the list that `evenkeel-train` reads.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  evenkeel record --labels up,down,nothing --out recordings --speaker anna
  evenkeel record --labels up,down,nothing --out recordings --auto --per-class 30
  evenkeel record --labels up,down --out recordings --clip films --auto --loop --speed max

The class with the fewest clips of the speaker comes next. Stopped, the same command goes on where it was. Three
speakers who record every class make a test that says how strangers fare; see docs/data.md.

Exit codes: 0 every class is complete, or you ended it; 1 failed; 2 bad usage; 3 what was played ended before
every class was complete.")]
pub struct Args {
    /// Classes, with commas between; `nothing` is for there being nothing to recognise
    #[arg(long, value_name = "NAMES", value_delimiter = ',', required = true)]
    labels: Vec<Name>,
    /// Folder for the clips
    #[arg(long, value_name = "FOLDER")]
    out: PathBuf,
    /// Clips of each class that are wanted of this speaker; those that are there count
    #[arg(long, value_name = "N", default_value = "20", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    per_class: u32,
    /// What a clip is about, between its margins: a training window or more
    #[arg(long = "seconds", value_name = "SECONDS", default_value = "1.28", value_parser = length)]
    length: Duration,
    /// What is recorded before and after that
    #[arg(long, value_name = "SECONDS", default_value = "0.3", value_parser = margin)]
    margin: Duration,
    /// Who is recorded: nobody is to be in training and in the test
    #[arg(long, value_name = "NAME", default_value = "me")]
    speaker: Name,
    /// Seconds that are counted down
    #[arg(long, value_name = "SECONDS", default_value = "3", value_parser = clap::value_parser!(u64).range(0..=60))]
    countdown: u64,
    /// Go on by itself, without a keyboard; played clips with classes are recorded as what they are
    #[arg(long)]
    auto: bool,
    /// Samples per second, or the next more that the microphone has
    #[arg(long, value_name = "HZ", default_value = "16000", value_parser = clap::value_parser!(u32).range(1_000..=384_000))]
    sample_rate: u32,
    /// Longer side of the pictures in pixels, about
    #[arg(long, value_name = "PIXELS", default_value = "256", value_parser = clap::value_parser!(u32).range(16..=4096))]
    picture_side: u32,
    /// Pictures per second, at most
    #[arg(long, value_name = "N", default_value = "25", value_parser = clap::value_parser!(u32).range(1..=240))]
    frame_rate: u32,
    #[command(flatten)]
    sensors: sensors::Args,
    /// Print a JSON object for each thing that happens
    #[arg(long)]
    json: bool,
    /// Print lines, as where the output is no terminal
    #[arg(long, conflicts_with = "json")]
    plain: bool,
}

fn length(text: &str) -> Result<Duration, String> {
    seconds(text, 0.1, 60.0)
}

fn margin(text: &str) -> Result<Duration, String> {
    seconds(text, 0.0, 1.0)
}

/// Runs the command.
///
/// # Errors
/// When the folder or the sensors cannot be used.
pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
        signal_hook::flag::register(signal, Arc::clone(&stop))
            .context("signals cannot be caught")?;
    }
    let chosen = args.sensors.choose(&args.needs())?;
    let plan = args.plan(&chosen)?;
    let clock = match args.sensors.as_fast_as_possible() {
        true => Clock::as_fast_as_possible(),
        false => Clock::real(),
    };
    let shelf = Shelf::open(&args.out, args.speaker.clone(), SystemTime::now())?;
    if shelf.foreign() > 0 {
        eprintln!(
            "warning: {} files in {} were not recorded here, and are not in {}",
            shelf.foreign(),
            args.out.display(),
            shelf.list().display()
        );
    }
    let has_player = chosen.player.is_some();
    let studio = Studio::new(chosen.sensors, clock, chosen.player);
    let mut session = Session::new(plan, shelf, studio);
    if args.is_on_terminal() {
        let mut panel = Panel::new()?;
        let outcome = record(&mut session, &mut panel, &stop);
        // Gives the terminal back before anything else is said.
        drop(panel);
        println!("{}", session.summary());
        outcome?;
    } else {
        record(&mut session, &mut args.lines(&stop), &stop)?;
    }
    Ok(match has_player && args.auto && !session.is_complete() {
        true => ExitCode::from(3),
        false => ExitCode::SUCCESS,
    })
}

impl Args {
    fn needs(&self) -> Needs {
        Needs {
            camera: Some(CameraWish {
                min_side: self.picture_side.div_ceil(2),
                max_side: self.picture_side,
                frame_rate: self.frame_rate as f32,
                colour: true,
            }),
            microphone: SampleRate::new(self.sample_rate),
            clips: ReadOptions {
                max_side: Some(self.picture_side),
                frame_rate: Some(self.frame_rate as f32),
            },
        }
    }

    fn plan(&self, chosen: &Chosen) -> anyhow::Result<Plan> {
        for (at, label) in self.labels.iter().enumerate() {
            ensure!(
                !self.labels[..at].contains(label),
                "--labels names {label} twice; name each class once"
            );
        }
        ensure!(
            self.labels.len() > 1,
            "--labels names one class; training needs two or more, such as `nothing` for there being nothing"
        );
        ensure!(
            chosen.sensors.audio.is_some() || chosen.sensors.camera.is_some(),
            "both sensors are left out; name a camera, a microphone or a clip"
        );
        let as_played = self.auto && chosen.clips.iter().any(|clip| clip.label.is_some());
        let is_played = |label: &&Name| {
            let wanted = Some(label.as_str());
            chosen
                .clips
                .iter()
                .any(|clip| clip.label.as_deref() == wanted)
        };
        if as_played && let Some(label) = self.labels.iter().find(|label| !is_played(label)) {
            bail!(
                "no clip that is played is of the class {label}; take it out of --labels, or play others"
            );
        }
        Ok(Plan {
            labels: self.labels.clone(),
            per_class: self.per_class as usize,
            length: self.length,
            margin: self.margin,
            countdown: self.countdown,
            unattended: self.auto,
            as_played,
        })
    }

    fn is_on_terminal(&self) -> bool {
        !self.json && !self.plain && io::stdin().is_terminal() && TerminalView::is_possible()
    }

    fn lines(&self, stop: &Arc<AtomicBool>) -> Lines<Stdout> {
        let written = match self.json {
            true => Written::Json,
            false => Written::Text,
        };
        let lines = Lines::new(io::stdout(), written, Arc::clone(stop));
        if self.auto {
            return lines;
        }
        if !self.json {
            eprintln!(
                "Enter records; or type a class to choose it, undo, quit; of a doubtful clip: again, keep, drop."
            );
        }
        lines.with_orders(BufReader::new(io::stdin()))
    }
}

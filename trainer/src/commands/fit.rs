//! `evenkeel-train fit`.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;
use clap::Args as ClapArgs;
use evenkeel::window::Modality;
use indicatif::{ProgressBar, ProgressStyle};

use crate::balance::Shapley;
use crate::fit::{self, EpochMetrics, FitConfig, Sums, Watcher};

/// Train one model.
///
/// Interrupted at any moment, the same command goes on where it stopped and ends with the same
/// weights.
#[derive(Debug, ClapArgs)]
#[command(after_help = "\
Examples:
  evenkeel-train fit --config trainer/configs/digits.toml --out runs/digits
  evenkeel-train fit --config trainer/configs/digits.toml --out runs/sum --set model.fusion=sum --set training.epochs=5

Exit codes: 0 trained, 1 failed, 2 wrong usage, 3 trained, but some clips could not be read.")]
pub struct Args {
    /// Configuration file (TOML)
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Folder of the run: configuration, checkpoint, best weights, metrics, picture
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Change one entry of the configuration; without a value take it out
    #[arg(long = "set", value_name = "KEY=VALUE")]
    changes: Vec<String>,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
    /// Seconds between checkpoints inside an epoch. For tests: it changes nothing in the result
    #[arg(long, value_name = "SECONDS", value_parser = seconds, hide = true)]
    checkpoint_seconds: Option<Duration>,
}

/// A time in seconds.
fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "it must be a number of seconds")?;
    Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string())
}

/// # Errors
/// When the configuration, the data or the folder is unusable.
pub fn run(args: &Args) -> Result<ExitCode> {
    let config = FitConfig::read(&args.config, &args.changes)?;
    // Before the data, which may take hours to decode.
    config.training.device.open()?;
    let data = config.data.open()?;
    let interval = args.checkpoint_seconds.unwrap_or(fit::CHECKPOINT_INTERVAL);
    let mut bar = Bar::new(config.training.epochs);
    let epochs = fit::fit_saving_every(interval, &config, &*data, &args.out, &mut bar)?;
    bar.bar.finish_and_clear();
    let result = fit::measure(&config, &*data, &args.out, &epochs)?;
    if args.json {
        println!("{}", serde_json::to_string_pretty(&result)?);
    } else {
        println!("{}", result.sentence());
        if let Some(contributions) = result.contributions() {
            println!("{contributions}");
        }
        println!("run        {}", args.out.display());
        println!("picture    {}", fit::picture_path(&args.out).display());
    }
    Ok(match data.left_out().len() {
        0 => ExitCode::SUCCESS,
        bad => {
            // Said at the beginning too, but that was long ago.
            eprintln!("warning: trained without {bad} clips that cannot be used, named above");
            ExitCode::from(3)
        }
    })
}

/// A progress bar with what one wants to see of a run; silent where the output is no terminal.
pub struct Bar {
    bar: ProgressBar,
    epochs: u32,
}

impl Bar {
    /// For a run of so many epochs.
    pub fn new(epochs: u32) -> Self {
        let style = ProgressStyle::with_template("{prefix} [{bar:24}] {pos}/{len} {eta} {msg}")
            .expect("the template is valid")
            .progress_chars("=> ");
        Self {
            bar: ProgressBar::new(0).with_style(style),
            epochs,
        }
    }
}

impl Watcher for Bar {
    fn step(&mut self, epoch: u32, step: u64, steps: u64, sums: &Sums) {
        let summary = sums.summary();
        self.bar.set_length(steps);
        self.bar.set_position(step);
        self.bar
            .set_prefix(format!("epoch {epoch}/{}", self.epochs));
        let mut message = format!(
            "loss {:.3} accuracy {:.1} %",
            summary.loss,
            100.0 * summary.accuracy
        );
        if let Some(air) = summary.air {
            message.push_str(&format!(
                " AIR {air:+.2} audio {:.2} camera {:.2}",
                summary.audio_share, summary.camera_share
            ));
        }
        self.bar.set_message(message);
    }

    fn epoch(&mut self, metrics: &EpochMetrics) {
        let EpochMetrics {
            train, validation, ..
        } = metrics;
        let mut line = format!(
            "epoch {:3}  loss {:.4}  train {:.2} %  validation {:.2} %",
            metrics.epoch,
            train.loss,
            100.0 * train.accuracy,
            100.0 * validation.accuracy,
        );
        let sensors = Modality::ALL
            .into_iter()
            .filter(|m| Modality::LIVE.contains(m) || validation.further.contains_key(m));
        let each = |told: &dyn Fn(Modality) -> String| -> String {
            sensors.clone().map(told).collect::<Vec<_>>().join(" ")
        };
        if let Some(air) = train.air {
            let shares = each(&|m| format!("{m} {:.2}", validation.share(m)));
            line.push_str(&format!("  AIR {air:+.3}  attention {shares}"));
        }
        if let Some(Shapley { value, .. }) = &metrics.shapley {
            let values = each(&|m| format!("{m} {:.2}", value[m]));
            line.push_str(&format!("  Shapley {values}"));
        }
        if let Some(acted) = &metrics.acted {
            let shares = each(&|m| format!("{m} {:.0} %", 100.0 * acted[m]));
            line.push_str(&format!("  balanced {shares}"));
        }
        if let Some(rotation) = &metrics.rotation {
            line.push_str(&format!("  rotated by {:.0}°", rotation.degrees));
        }
        if self.bar.is_hidden() {
            eprintln!("{line}");
        } else {
            self.bar.println(line);
        }
    }
}

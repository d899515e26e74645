//! `evenkeel-train convert`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Result, bail};
use clap::Args as ClapArgs;
use evenkeel::clip::{ClipList, read_clip};
use evenkeel::frontend::Frontend;
use evenkeel::package::{Manifest, Package, Precision};

use crate::export::{DriftWindow, MeasuredDrift, Narrowing, convert};

/// Store the weights of a package in fewer bits.
///
/// The new package is loaded and compared with the old one on clips, with every sensor and with each one gone; it is kept only if
/// the answers differ by no more than is allowed, which its model.toml says too.
#[derive(Debug, ClapArgs)]
#[command(after_help = "\
Examples:
  evenkeel-train convert models/digits --precision int8 --clips my-clips --out digits-int8
  evenkeel-train convert models/digits --precision f16 --clips my-clips --drift 0.005 --out digits-f16

Exit codes: 0 written, 1 refused or failed (and nothing written), 2 wrong usage.")]
pub struct Args {
    /// Folder of a package in f32
    #[arg(value_name = "PACKAGE")]
    package: PathBuf,
    /// In which numbers the weights are stored: f16 or int8
    #[arg(long, value_name = "FORMAT")]
    precision: Precision,
    /// Clips to compare on, a folder per class or a CSV file: none that a test is made with, and the more the better
    #[arg(long, value_name = "FOLDER|CSV")]
    clips: PathBuf,
    /// Folder of the new package; an older package there is replaced
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    #[command(flatten)]
    allowed: Allowed,
    /// Print the drift as JSON
    #[arg(long)]
    json: bool,
}

/// How far a package in fewer bits may be from the same model in f32.
#[derive(Debug, Clone, Copy, ClapArgs)]
pub struct Allowed {
    /// Largest difference of a probability that is allowed [default: 0.01 for f16, 0.05 for int8]
    #[arg(long, value_name = "0..0.25")]
    pub drift: Option<f32>,
    /// Share of answers that may be others [default: 0.002 for f16, 0.01 for int8]
    #[arg(long, value_name = "0..0.1")]
    pub drift_answers: Option<f32>,
}

/// # Errors
/// When the package or the clips cannot be read, the package is not in f32, or its answers would drift.
pub fn run(args: &Args) -> Result<()> {
    let Allowed {
        drift,
        drift_answers,
    } = args.allowed;
    let Some(narrowing) = Narrowing::new(args.precision, drift, drift_answers)? else {
        bail!("--precision f32 changes nothing; choose f16 or int8");
    };
    let package = Package::open(&args.package)?;
    let windows = windows(&args.clips, &package.manifest)?;
    let drift = convert(&package, narrowing, &windows, &args.out)?;
    if args.json {
        println!("{}", serde_json::to_string_pretty(&drift)?);
        return Ok(());
    }
    println!("package  {}", super::written(&args.out)?);
    println!("drift    {}", sentence(&drift));
    Ok(())
}

/// The drift in words.
pub fn sentence(drift: &MeasuredDrift) -> String {
    format!(
        "probabilities within {:.4} of those in f32 on {} windows; {} of {} answers changed ({:.2} %), \
         the most probable label of {}",
        drift.probability,
        drift.windows,
        drift.changed,
        drift.answers,
        100.0 * drift.share(),
        drift.relabelled
    )
}

/// The features of all windows of all clips.
fn windows(clips: &Path, manifest: &Manifest) -> Result<Vec<DriftWindow>> {
    let mut frontend = Frontend::new(&manifest.sensor_configs())?;
    let options = manifest.read_options();
    let mut windows = Vec::new();
    for entry in ClipList::read(clips)?.entries {
        let clip = read_clip(&entry, &options)?;
        for window in clip.windows(manifest.window_duration(), Duration::ZERO) {
            windows.push(DriftWindow {
                name: format!("{} at {:.2} s", entry.name, window.start.as_secs_f64()),
                features: frontend.features(&window)?,
            });
        }
    }
    Ok(windows)
}

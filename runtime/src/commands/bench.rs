//! `evenkeel bench`: how fast a model is on this machine.

use std::fmt::Write;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use evenkeel::engine::{Engine, EngineError};
use evenkeel::frontend::Frontend;
use evenkeel::package::{Manifest, Package};
use evenkeel::window::{Modality, PerSensor, Window};
use serde::Serialize;

use super::{print, print_json};

/// Windows run before anything is measured.
const WARM_UP: usize = 5;

/// Measures the latency of every stage of a model, and its memory.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  evenkeel bench models/digits
  evenkeel bench models/digits --windows 2000 --threads 4 --json")]
pub struct Args {
    /// Folder of the model package
    package: PathBuf,
    /// Windows measured on each thread
    #[arg(long, value_name = "N", default_value = "500")]
    windows: NonZeroUsize,
    /// Threads, each answering its own windows
    #[arg(long, value_name = "N", default_value = "1")]
    threads: NonZeroUsize,
    /// Print the numbers as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Report {
    model: String,
    threads: usize,
    windows: usize,
    windows_per_second: f64,
    load_milliseconds: f64,
    /// Resident memory; absent where the system does not tell.
    memory_bytes: Option<u64>,
    stages: Vec<Stage>,
}

/// Latency of one stage, in milliseconds.
#[derive(Serialize)]
struct Stage {
    name: &'static str,
    p50: f64,
    p95: f64,
    p99: f64,
    mean: f64,
}

/// Seconds that each stage took, window by window.
#[derive(Default)]
struct Times {
    frontend: Vec<Duration>,
    audio: Vec<Duration>,
    camera: Vec<Duration>,
    fusion: Vec<Duration>,
    window: Vec<Duration>,
}

/// Runs the command.
///
/// # Errors
/// When the package cannot be read or run, or has no golden windows to measure with.
pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    let begin = Instant::now();
    let package = Package::open(&args.package)?;
    let engine = Engine::load(&package)?;
    let load = begin.elapsed();
    let windows: Vec<Window> = package
        .golden()?
        .into_iter()
        .map(|one| one.window)
        .collect();
    if windows.is_empty() {
        bail!(
            "{} has no golden windows to measure with; export it again",
            args.package.display()
        );
    }
    let begin = Instant::now();
    let times = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..args.threads.get())
            .map(|_| {
                let engine = engine.clone();
                let (windows, manifest) = (&windows, &package.manifest);
                scope.spawn(move || measure(engine, manifest, windows, args.windows.get()))
            })
            .collect();
        let mut all = Times::default();
        for worker in workers {
            let times = worker
                .join()
                .map_err(|_| anyhow::anyhow!("a thread failed"))??;
            all.append(times);
        }
        anyhow::Ok(all)
    })
    .context("the golden windows could not be run")?;
    let elapsed = begin.elapsed();
    let run = (args.windows.get() + WARM_UP) * args.threads.get();

    let report = Report {
        model: format!("{} {}", package.manifest.name, package.manifest.version),
        threads: args.threads.get(),
        windows: times.window.len(),
        windows_per_second: run as f64 / elapsed.as_secs_f64(),
        load_milliseconds: milliseconds(load),
        memory_bytes: resident_bytes(),
        stages: times.stages(),
    };
    if args.json {
        print_json(&report)?;
    } else {
        print(&text(&report))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn measure(
    mut engine: Engine,
    manifest: &Manifest,
    windows: &[Window],
    count: usize,
) -> Result<Times, EngineError> {
    let mut frontend = Frontend::new(manifest.audio.as_ref(), manifest.camera.as_ref())?;
    let validity = PerSensor {
        audio: 1.0,
        camera: 1.0,
    };
    let mut times = Times::default();
    for (index, window) in windows.iter().cycle().take(WARM_UP + count).enumerate() {
        let begin = Instant::now();
        let features = frontend.features(window)?;
        let heard = Instant::now();
        let mut encode = |modality| match &features[modality] {
            Some(values) => engine.encode(modality, values),
            None => Ok(None),
        };
        let audio = encode(Modality::Audio)?;
        let listened = Instant::now();
        let camera = encode(Modality::Camera)?;
        let looked = Instant::now();
        engine.fuse(&PerSensor { audio, camera }, validity)?;
        let end = Instant::now();
        if index >= WARM_UP {
            times.frontend.push(heard - begin);
            times.audio.push(listened - heard);
            times.camera.push(looked - listened);
            times.fusion.push(end - looked);
            times.window.push(end - begin);
        }
    }
    Ok(times)
}

impl Times {
    fn append(&mut self, other: Times) {
        self.frontend.extend(other.frontend);
        self.audio.extend(other.audio);
        self.camera.extend(other.camera);
        self.fusion.extend(other.fusion);
        self.window.extend(other.window);
    }

    fn stages(self) -> Vec<Stage> {
        [
            ("frontend", self.frontend),
            ("audio encoder", self.audio),
            ("camera encoder", self.camera),
            ("fusion", self.fusion),
            ("whole window", self.window),
        ]
        .into_iter()
        .map(|(name, times)| stage(name, times))
        .collect()
    }
}

fn stage(name: &'static str, mut times: Vec<Duration>) -> Stage {
    times.sort_unstable();
    // The smallest time that at least this share of the windows stayed within.
    let at = |share: f64| {
        let rank = (share * times.len() as f64).ceil() as usize;
        milliseconds(times[rank.clamp(1, times.len()) - 1])
    };
    let total: Duration = times.iter().sum();
    Stage {
        name,
        p50: at(0.50),
        p95: at(0.95),
        p99: at(0.99),
        mean: milliseconds(total) / times.len() as f64,
    }
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// Resident memory of this process, as Linux tells it.
fn resident_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}

fn text(report: &Report) -> String {
    let mut text = format!(
        "{}: {} windows on {} thread(s), {:.1} windows per second\nloaded in {:.0} ms",
        report.model,
        report.windows,
        report.threads,
        report.windows_per_second,
        report.load_milliseconds
    );
    if let Some(bytes) = report.memory_bytes {
        let _ = write!(
            text,
            ", {:.1} MiB of memory",
            bytes as f64 / (1 << 20) as f64
        );
    }
    let _ = writeln!(
        text,
        "\n\n{:<15} {:>9} {:>9} {:>9} {:>9}  milliseconds",
        "stage", "p50", "p95", "p99", "mean"
    );
    for stage in &report.stages {
        let _ = writeln!(
            text,
            "{:<15} {:>9.3} {:>9.3} {:>9.3} {:>9.3}",
            stage.name, stage.p50, stage.p95, stage.p99, stage.mean
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_times_that_were_measured() {
        let times = (1..=100).rev().map(Duration::from_millis).collect();
        let stage = stage("any", times);
        assert_eq!((stage.p50, stage.p95, stage.p99), (50.0, 95.0, 99.0));
        assert!((stage.mean - 50.5).abs() < 1e-9);
    }
}

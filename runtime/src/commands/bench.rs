//! `evenkeel bench`: how fast a model is on this machine.

mod turns;

use std::fmt::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use evenkeel::engine::{Engine, EngineError, GraphSize, graph_size};
use evenkeel::frontend::Frontend;
use evenkeel::machine::{Memory, cpuinfo, memory_bytes, processor};
use evenkeel::package::{Graphs, Manifest, Package, Precision};
use evenkeel::window::{Modality, PerSensor, Window};
use serde::Serialize;

use super::{print, print_json, threads};
use turns::Part;

/// Windows run before anything is measured.
const WARM_UP: usize = 5;

/// Measures the latency of every stage of a model, and its memory.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  evenkeel bench models/digits
  evenkeel bench models/digits --windows 2000 --threads 4 --json
  echo 1000 | evenkeel bench models/digits --turns graphs")]
pub struct Args {
    /// Folder of the model package
    package: PathBuf,
    /// Windows measured on each thread
    #[arg(long, value_name = "N", default_value = "500",
        value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    windows: u32,
    /// Threads, each answering its own windows; with --turns, each running an encoder of the same window
    #[arg(long, value_name = "N", default_value = "1", value_parser = threads())]
    threads: u32,
    /// Print the numbers as JSON
    #[arg(long)]
    json: bool,
    /// Be one side of a bench: do this when a line of the input says how often (see `evenkeel-bench`)
    #[arg(long, value_name = "PART", conflicts_with_all = ["windows", "json"])]
    turns: Option<Part>,
}

#[derive(Serialize)]
struct Report {
    model: String,
    precision: Precision,
    /// Bytes of the three graphs.
    graph_bytes: usize,
    parameters: usize,
    /// For one window with every sensor.
    multiply_accumulates: u64,
    processor: String,
    threads: u32,
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
    name: String,
    /// What it takes where nothing else runs.
    fastest: f64,
    p50: f64,
    p95: f64,
    p99: f64,
    mean: f64,
}

/// How long each stage took, window by window. A sensor that is absent from a window has no part in
/// the times of its encoder.
#[derive(Default)]
struct Times {
    frontend: Vec<Duration>,
    encoders: PerSensor<Vec<Duration>>,
    fusion: Vec<Duration>,
    /// Encoders and fusion, of windows with every sensor of the model.
    graphs: Vec<Duration>,
    window: Vec<Duration>,
    /// When the first measured window began and the last one ended.
    span: Option<(Instant, Instant)>,
}

/// Runs the command.
///
/// # Errors
/// When the package cannot be read or run, or has no golden windows to measure with.
pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    if let Some(part) = args.turns {
        turns::take_part(part, &args.package, args.threads as usize)?;
        return Ok(ExitCode::SUCCESS);
    }
    let begin = Instant::now();
    let package = Package::open(&args.package)?;
    let engine = Engine::load(&package)?;
    let load = begin.elapsed();
    let windows = windows(&package)?;
    let times = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..args.threads)
            .map(|_| {
                let engine = engine.clone();
                let (windows, manifest) = (&windows, &package.manifest);
                scope.spawn(move || measure(engine, manifest, windows, args.windows as usize))
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

    // Before anything else is read: it is the memory of a program that does nothing but answer.
    let memory_bytes = memory_bytes(None, Memory::Resident);
    let sizes = sizes(&package.graphs);
    let report = Report {
        model: format!("{} {}", package.manifest.name, package.manifest.version),
        precision: package.manifest.precision,
        graph_bytes: graph_bytes(&package.graphs).map(<[u8]>::len).sum(),
        parameters: sizes.iter().map(|size| size.parameters).sum(),
        multiply_accumulates: sizes.iter().map(|size| size.multiply_accumulates).sum(),
        processor: processor(&cpuinfo()).to_owned(),
        threads: args.threads,
        windows: times.window.len(),
        windows_per_second: times.windows_per_second(),
        load_milliseconds: milliseconds(load),
        memory_bytes,
        stages: times.stages(),
    };
    if args.json {
        print_json(&report)?;
    } else {
        print(&text(&report))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The golden windows, of which there must be one.
fn windows(package: &Package) -> anyhow::Result<Vec<Window>> {
    let golden = package.golden()?;
    if golden.is_empty() {
        bail!(
            "{} has no golden windows to measure with; export it again",
            package.dir.display()
        );
    }
    Ok(golden.into_iter().map(|one| one.window).collect())
}

fn graph_bytes(graphs: &Graphs) -> impl Iterator<Item = &[u8]> {
    let encoders = Modality::ALL.into_iter();
    let encoders = encoders.filter_map(|modality| graphs.encoders[modality].as_deref());
    encoders.chain([graphs.fusion.as_slice()])
}

fn sizes(all: &Graphs) -> Vec<GraphSize> {
    graph_bytes(all).filter_map(graph_size).collect()
}

fn measure(
    mut engine: Engine,
    manifest: &Manifest,
    windows: &[Window],
    count: usize,
) -> Result<Times, EngineError> {
    let mut frontend = Frontend::new(&manifest.sensor_configs())?;
    let validity = PerSensor::all(1.0);
    let sensors = engine.sensors();
    let mut times = Times::default();
    for (index, window) in windows.iter().cycle().take(WARM_UP + count).enumerate() {
        let begin = Instant::now();
        let features = frontend.features(window)?;
        let prepared = Instant::now();
        let mut spent = PerSensor::default();
        let encodings = PerSensor::try_from_fn(|modality| {
            let Some(values) = &features[modality] else {
                return Ok(None);
            };
            let begin = Instant::now();
            let encoding = engine.encode(modality, values);
            spent[modality] = Some(begin.elapsed());
            encoding
        })?;
        let encoded = Instant::now();
        engine.fuse(&encodings, validity)?;
        let end = Instant::now();
        if index < WARM_UP {
            continue;
        }
        let has = PerSensor::from_fn(|modality| features[modality].is_some());
        times.frontend.push(prepared - begin);
        for (modality, times) in times.encoders.iter_mut() {
            times.extend(spent[modality]);
        }
        times.fusion.push(end - encoded);
        times
            .graphs
            .extend((has == sensors).then(|| end - prepared));
        times.window.push(end - begin);
        times.extend_span(begin, end);
    }
    Ok(times)
}

impl Times {
    fn append(&mut self, other: Times) {
        self.frontend.extend(other.frontend);
        for (times, others) in self.encoders.iter_mut().zip(other.encoders.into_values()) {
            times.1.extend(others);
        }
        self.fusion.extend(other.fusion);
        self.graphs.extend(other.graphs);
        self.window.extend(other.window);
        if let Some((begin, end)) = other.span {
            self.extend_span(begin, end);
        }
    }

    fn extend_span(&mut self, begin: Instant, end: Instant) {
        let (first, last) = self.span.unwrap_or((begin, end));
        self.span = Some((first.min(begin), last.max(end)));
    }

    fn windows_per_second(&self) -> f64 {
        self.span.map_or(0.0, |(begin, end)| {
            self.window.len() as f64 / (end - begin).as_secs_f64()
        })
    }

    fn stages(self) -> Vec<Stage> {
        let has_times = PerSensor::from_fn(|modality| !self.encoders[modality].is_empty());
        let name = |modality: Modality| format!("{modality} encoder");
        let encoders = Modality::ALL
            .into_iter()
            .map(name)
            .zip(self.encoders.into_values());
        let further = Modality::FURTHER.iter().any(|&m| has_times[m]);
        let graphs = if further {
            "all graphs"
        } else {
            "three graphs"
        };
        std::iter::once(("frontend".to_owned(), self.frontend))
            .chain(encoders)
            .chain([
                ("fusion".to_owned(), self.fusion),
                (graphs.to_owned(), self.graphs),
                ("whole window".to_owned(), self.window),
            ])
            .filter(|(_, times)| !times.is_empty())
            .map(|(name, times)| stage(name, times))
            .collect()
    }
}

fn stage(name: String, mut times: Vec<Duration>) -> Stage {
    times.sort_unstable();
    // The smallest time that at least this share of the windows stayed within.
    let at = |share: f64| {
        let rank = (share * times.len() as f64).ceil() as usize;
        milliseconds(times[rank.clamp(1, times.len()) - 1])
    };
    let total: Duration = times.iter().sum();
    Stage {
        name,
        fastest: at(0.0),
        p50: at(0.50),
        p95: at(0.95),
        p99: at(0.99),
        mean: milliseconds(total) / times.len() as f64,
    }
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
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
        "\n\n{:<15} {:>9} {:>9} {:>9} {:>9} {:>9}  milliseconds",
        "stage", "fastest", "p50", "p95", "p99", "mean"
    );
    for stage in &report.stages {
        let _ = writeln!(
            text,
            "{:<15} {:>9.3} {:>9.3} {:>9.3} {:>9.3} {:>9.3}",
            stage.name, stage.fastest, stage.p50, stage.p95, stage.p99, stage.mean
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_without_a_time_are_left_out_and_threads_share_one_clock() {
        let begin = Instant::now();
        let at = |ms| begin + Duration::from_millis(ms);
        let thread = |from, to| Times {
            window: vec![Duration::from_millis(10); 100],
            span: Some((at(from), at(to))),
            ..Times::default()
        };
        let mut times = thread(100, 1_100);
        times.append(thread(600, 2_100));
        assert!((times.windows_per_second() - 100.0).abs() < 1e-6);
        let names: Vec<_> = times.stages().into_iter().map(|stage| stage.name).collect();
        assert_eq!(names, ["whole window"]);
    }

    #[test]
    fn percentiles_are_times_that_were_measured() {
        let times = (1..=100).rev().map(Duration::from_millis).collect();
        let stage = stage("any".into(), times);
        assert_eq!((stage.fastest, stage.p50), (1.0, 50.0));
        assert_eq!((stage.p95, stage.p99), (95.0, 99.0));
        assert!((stage.mean - 50.5).abs() < 1e-9);
    }
}

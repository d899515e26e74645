//! `evenkeel evaluate`: a model's answers on recorded clips.

use std::io::{self, IsTerminal};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use evenkeel::clip::ClipList;
use evenkeel::evaluation::{
    Options, Report, answer_lines, check_report_folder, clips, evaluate, summary_table,
    write_report,
};
use evenkeel::package::Package;
use evenkeel::policy::PolicyKind;
use evenkeel::window::{Modality, PerSensor};
use indicatif::{ProgressBar, ProgressStyle};

use super::robustness::{self, Common};
use super::{print, print_json, threads};

/// Answers about recorded clips, and how many of the answers are right.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  evenkeel evaluate clips.csv --model models/digits
  evenkeel evaluate clips.csv --model models/digits --split test --report report/
  evenkeel evaluate recordings/ --model models/digits --each
  evenkeel evaluate clips.csv --model models/digits --corruptions standard --report report/
  evenkeel evaluate clips.csv --model models/digits --corruptions standard --shard 1/8 --report part-1/
  evenkeel evaluate clips.csv --model models/digits --corruptions standard --merge part-* --report report/
  evenkeel evaluate film.mp4 --model models/digits

Exit codes: 0 every clip was evaluated, 1 nothing could be evaluated, 3 some clips could not be.")]
pub struct Args {
    /// A CSV file, a folder with one folder per class, a folder of clips, or one clip
    ///
    /// The CSV has the columns `path,label`, or `audio,image,label`, or `audio,video,label`, and
    /// optionally split, group, start and end (in seconds). Relative paths are relative to it.
    clips: PathBuf,
    /// Folder of the model package
    #[arg(long, value_name = "FOLDER")]
    model: PathBuf,
    /// How the sensors are weighed: none, mask or soft [default: the model's own policy]
    #[arg(long, value_name = "POLICY")]
    policy: Option<PolicyKind>,
    /// Only the clips whose column `split` holds this
    #[arg(long, value_name = "NAME")]
    split: Option<String>,
    /// Print everything that was found as JSON instead of a table
    #[arg(long)]
    json: bool,
    /// Write results.csv (one line per clip), summary.json and summary.svg into this folder; with
    /// --corruptions report.html in place of the figure
    #[arg(long, value_name = "FOLDER")]
    report: Option<PathBuf>,
    /// Clips worked on at the same time [default: one per processor]
    #[arg(long, value_name = "N", value_parser = threads())]
    threads: Option<u32>,
    /// From one window of a longer clip to the next [default: half a window]
    #[arg(long, value_name = "SECONDS", value_parser = hop)]
    hop: Option<Duration>,
    /// Take this sensor away from every clip (audio, camera, signal, …); may be given several times
    #[arg(long, value_name = "SENSOR", value_parser = sensor, conflicts_with = "corruptions")]
    without: Vec<Modality>,
    /// Print one line per clip, too
    #[arg(long, conflicts_with = "json")]
    each: bool,
    #[command(flatten)]
    robustness: robustness::Args,
}

fn sensor(text: &str) -> Result<Modality, String> {
    Modality::from_id(text).ok_or_else(|| {
        let known = Modality::ALL.map(Modality::id).join(", ");
        format!("it must be one of {known}")
    })
}

fn hop(text: &str) -> Result<Duration, String> {
    match text.parse::<f64>() {
        Ok(seconds) if (0.001..=3600.0).contains(&seconds) => Ok(Duration::from_secs_f64(seconds)),
        _ => Err("it must be a number of seconds from 0.001 to 3600".to_owned()),
    }
}

/// Runs the command.
///
/// # Errors
/// When nothing could be evaluated or the report could not be written.
pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    let mut package = Package::open(&args.model)?;
    if let Some(kind) = args.policy {
        package.manifest.policy.kind = kind;
    }
    let list = ClipList::read(&args.clips)?;
    if let Some(example) = list.ignored.first() {
        eprintln!(
            "left out {} of kinds that are not read, such as {}; convert what should be evaluated",
            files(list.ignored.len()),
            example.display()
        );
    }
    if let Some(folder) = &args.report {
        check_report_folder(folder).with_context(|| unwritable(folder))?;
    }
    let threads = args.threads.and_then(|n| NonZeroUsize::new(n as usize));
    if let (true, Some(folder)) = (args.robustness.wanted(), &args.report) {
        let common = Common {
            package: &package,
            list: &list,
            split: args.split.as_deref(),
            hop: args.hop,
            threads: threads
                .or_else(|| std::thread::available_parallelism().ok())
                .unwrap_or(NonZeroUsize::MIN),
            folder,
            json: args.json,
        };
        return robustness::run(&args.robustness, &common);
    }
    let mut without = PerSensor::default();
    for &sensor in &args.without {
        anyhow::ensure!(
            package.manifest.sensors()[sensor],
            "--without {sensor}: the model has no such sensor"
        );
        without[sensor] = true;
    }
    let options = Options {
        split: args.split.clone(),
        hop: args.hop,
        without,
        threads,
    };
    let bar = progress_bar();
    let report = evaluate(&package, &list, &options, |done, all| {
        bar.set_length(all as u64);
        bar.set_position(done as u64);
    })?;
    bar.finish_and_clear();

    let manifest = &package.manifest;
    let title = format!("{} {}", manifest.name, manifest.version);
    show(&args, &report, &title)?;
    for (_, why) in report.failures() {
        eprintln!("not evaluated: {why}");
    }
    // Last, so that a disk that has filled up does not cost the numbers above.
    if let Some(folder) = &args.report {
        write_report(folder, &report, &title).with_context(|| unwritable(folder))?;
    }
    let failed = report.summary.failed;
    if failed == 0 {
        return Ok(ExitCode::SUCCESS);
    }
    if report.summary.answered == 0 {
        eprintln!("error: no clip could be evaluated");
        return Ok(ExitCode::from(1));
    }
    eprintln!(
        "{} could not be evaluated; the numbers are over the rest",
        clips(failed)
    );
    Ok(ExitCode::from(3))
}

fn files(count: usize) -> String {
    match count {
        1 => "1 file".to_owned(),
        _ => format!("{count} files"),
    }
}

/// What to say when a report cannot be written.
pub fn unwritable(folder: &Path) -> String {
    format!(
        "the report cannot be written to {}; choose a folder that you may write to",
        folder.display()
    )
}

/// Prints the answers and the numbers.
fn show(args: &Args, report: &Report, title: &str) -> anyhow::Result<()> {
    if args.json {
        return print_json(report);
    }
    let mut text = String::new();
    // Without labels there is nothing to sum up but the answers themselves.
    let unlabelled = report.summary.answered > 0 && report.summary.fused.total == 0;
    if args.each || unlabelled {
        text += &(answer_lines(report) + "\n");
    }
    if report.summary.answered > 0 {
        text += &format!("{title} on {}\n\n", clips(report.summary.answered));
        text += &summary_table(report);
    }
    Ok(print(&text)?)
}

/// Shown only where somebody is looking.
pub fn progress_bar() -> ProgressBar {
    if !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let template = "{bar:40} {pos}/{len} clips, {eta} left";
    ProgressBar::new(0).with_style(
        ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()),
    )
}

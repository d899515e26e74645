//! `evenkeel evaluate --corruptions`: a model's answers on corrupted clips.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::str::FromStr;
use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use evenkeel::clip::ClipList;
use evenkeel::corruption::{Corruption, NoiseBank, Part, Severity};
use evenkeel::evaluation::robustness::{
    Clips, Donor, Heading, ListedClips, Models, PARTIAL, Plan, Portion, Summary, SummaryFile,
    cells, paragraph, parse_corruptions, run as evaluate, table, worst_failures, write,
};
use evenkeel::evaluation::{clips as count_clips, select};
use evenkeel::package::{Manifest, Package};
use evenkeel::policy::PolicyKind;
use evenkeel::shard::Shard;
use evenkeel::window::SampleRate;

use super::evaluate::{progress_bar, unwritable};
use super::{print, print_json};

/// Clips of a quick look; with three of the five severities it takes about two minutes.
const QUICK_CLIPS: usize = 60;
/// Clips that give their voices and pictures to spoil others with.
const DONORS: usize = 32;
/// Failures shown on the page.
const FAILURES: usize = 12;

/// What is asked of a robustness evaluation beside what any evaluation is asked.
#[derive(clap::Args)]
pub struct Args {
    /// Corrupt every clip in these ways: `standard` (all), or names as in camera/fog,audio/rain
    ///
    /// Needs --report, into which it writes results.csv, summary.json and report.html, a page to
    /// look at. A run that is interrupted goes on where it was when it is started again.
    #[arg(
        long,
        value_name = "WHICH",
        requires = "report",
        conflicts_with = "each"
    )]
    corruptions: Option<Kinds>,
    /// A look of about two minutes: at most 60 clips, severities 1, 3 and 5
    #[arg(long, requires = "corruptions")]
    quick: bool,
    /// Compare with another model package; may be given several times
    ///
    /// A package with one sensor is what the model is measured against when the other sensor fails;
    /// without one, the model itself is, with the other sensor taken away.
    #[arg(long, value_name = "NAME=FOLDER", requires = "corruptions")]
    against: Vec<Named>,
    /// Recorded noise to mix in, in folders named wind, rain, thunder, traffic or crowd, or those of
    /// ESC-10 [default: all noise is made]
    #[arg(long, value_name = "FOLDER", requires = "corruptions")]
    noise: Option<PathBuf>,
    /// Only this part of the clips, as in 3/8; what is found stays in the folder of --report, one of its own, for --merge
    #[arg(
        long,
        value_name = "PART",
        requires = "corruptions",
        conflicts_with_all = ["merge", "json"]
    )]
    shard: Option<Shard>,
    /// Take over what the parts in these folders found, and make the report of the whole
    #[arg(long, value_name = "FOLDER", num_args = 1.., requires = "corruptions")]
    merge: Vec<PathBuf>,
    /// Seed of everything random in the corruptions
    #[arg(long, value_name = "N", default_value = "0", requires = "corruptions")]
    seed: u64,
}

#[derive(Clone)]
struct Kinds(Vec<Corruption>);

impl FromStr for Kinds {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        parse_corruptions(text).map(Self)
    }
}

#[derive(Clone)]
struct Named {
    name: String,
    folder: PathBuf,
}

impl FromStr for Named {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once('=') {
            Some((name, folder)) if !name.is_empty() && !folder.is_empty() => Ok(Self {
                name: name.to_owned(),
                folder: PathBuf::from(folder),
            }),
            _ => Err("it must be a name and a folder, as in plain=models/plain".to_owned()),
        }
    }
}

impl Args {
    /// Whether this is a robustness evaluation.
    pub fn wanted(&self) -> bool {
        self.corruptions.is_some()
    }
}

/// What any evaluation is asked.
pub struct Common<'a> {
    /// The model.
    pub package: &'a Package,
    /// The clips.
    pub list: &'a ClipList,
    /// Only clips of this split.
    pub split: Option<&'a str>,
    /// From one window of a longer clip to the next.
    pub hop: Option<Duration>,
    /// Clips worked on at the same time.
    pub threads: NonZeroUsize,
    /// Where the report goes.
    pub folder: &'a Path,
    /// Whether to print JSON.
    pub json: bool,
}

/// Runs the evaluation and writes the report.
///
/// # Errors
/// When nothing could be evaluated or the report could not be written.
pub fn run(args: &Args, common: &Common<'_>) -> anyhow::Result<ExitCode> {
    let manifest = &common.package.manifest;
    let against = args
        .against
        .iter()
        .map(|one| Ok((one.name.clone(), Package::open(&one.folder)?)))
        .collect::<anyhow::Result<Vec<_>>>()?;
    let mut models = Models::new(common.package, &against)?;
    if manifest.sensors().count() > 1 {
        let own = manifest.policy;
        // With sharpness 0 `soft` is `mask` by another name.
        let differs = |kind: &PolicyKind| {
            *kind != own.kind && (*kind != PolicyKind::Soft || own.sharpness > 0.0)
        };
        let others = PolicyKind::ALL.into_iter().filter(differs);
        models = models.with_policies(&others.collect::<Vec<_>>())?;
    }
    let entries = select(common.list, common.split, &manifest.labels)?;
    let window = manifest.window_duration();
    let hop = common.hop.unwrap_or(window / 2);
    let read = models.read_options();
    let mut clips = ListedClips::new(&entries, &manifest.labels, (window, hop), read)
        .map_err(|why| anyhow!("{}: {why}", common.list.path.display()))?;
    if args.quick {
        clips.keep_some(QUICK_CLIPS);
    }
    let plan = plan(args, common, &clips)?;
    let bar = progress_bar();
    let mut begun = false;
    let parts: Vec<PathBuf> = args.merge.iter().map(|part| part.join(PARTIAL)).collect();
    let found = evaluate(
        &plan,
        models.contestants(),
        &clips,
        || models.panel(),
        common.threads,
        Portion {
            kept: Some(&common.folder.join(PARTIAL)),
            others: &parts,
            shard: args.shard,
        },
        |done, all| {
            bar.set_length(all as u64);
            bar.set_position(done as u64);
            // What an interrupted run had done says nothing of how fast this one is.
            if !std::mem::replace(&mut begun, true) {
                bar.reset_eta();
                if !parts.is_empty() && done < all {
                    let left = count_clips(all - done);
                    bar.suspend(|| eprintln!("{left} in none of the parts; done now"));
                }
            }
        },
    )?;
    bar.finish_and_clear();
    let summary = &found.summary;
    for broken in &summary.broken {
        eprintln!("not evaluated: {}", broken.why);
    }
    // A part of few clips may have none.
    if summary.clips == 0 && (args.shard.is_none() || !summary.broken.is_empty()) {
        bail!("no clip could be evaluated");
    }
    if let Some(shard) = args.shard {
        let (done, folder) = (count_clips(summary.clips), common.folder.display());
        print(&format!(
            "part {shard}: {done} done; `--merge {folder} …` makes the report of all parts\n"
        ))?;
        return Ok(exit(summary));
    }
    let heading = Heading {
        title: format!("{} {}", manifest.name, manifest.version),
        quick: args.quick,
        seed: args.seed,
    };
    if common.json {
        print_json(&SummaryFile {
            heading: heading.clone(),
            summary: summary.clone(),
        })?;
    } else {
        print(&format!(
            "{}\n\n{}",
            paragraph(&heading, summary),
            table(summary)
        ))?;
    }
    let contestants = models.contestants();
    let failures = worst_failures(&plan, contestants, &clips, &found.records, FAILURES);
    write(
        common.folder,
        &heading,
        &plan,
        contestants,
        &found,
        &failures,
    )
    .with_context(|| unwritable(common.folder))?;
    eprintln!("report: {}", common.folder.join("report.html").display());
    Ok(exit(summary))
}

/// Says how many clips could not be evaluated, if there are any.
fn exit(summary: &Summary) -> ExitCode {
    if summary.broken.is_empty() {
        return ExitCode::SUCCESS;
    }
    eprintln!(
        "{} could not be evaluated; the numbers are over the rest",
        count_clips(summary.broken.len())
    );
    ExitCode::from(3)
}

fn plan(args: &Args, common: &Common<'_>, clips: &dyn Clips) -> anyhow::Result<Plan> {
    let manifest = &common.package.manifest;
    let mut kinds = args
        .corruptions
        .as_ref()
        .map_or(Vec::new(), |kinds| kinds.0.clone());
    // All there are: for a model with further sensors, those of these too.
    if kinds == Corruption::standard() {
        kinds = Corruption::standard_with(manifest.further());
    }
    // A name that this version does not know is none of its corruptions either.
    let trained = manifest.training.corruptions.iter();
    let training_kinds = trained.filter_map(|name| name.parse().ok()).collect();
    let severities: Vec<Severity> = Severity::ALL
        .into_iter()
        .filter(|severity| !args.quick || severity.level() % 2 == 1)
        .collect();
    let noises = match &args.noise {
        Some(folder) => NoiseBank::read_folder(folder, Part::All, noise_rate(manifest))?,
        None => NoiseBank::default(),
    };
    Ok(Plan {
        cells: cells(&kinds, &severities),
        training_kinds,
        length: manifest.window_duration(),
        seed: args.seed,
        noises,
        donors: Donor::among(clips, DONORS),
        labels: manifest.labels.clone(),
        nothing: manifest.nothing_index(),
    })
}

/// The rate that most clips are converted to anyway.
fn noise_rate(manifest: &Manifest) -> SampleRate {
    const USUAL: SampleRate = SampleRate::new(16_000).expect("it is not zero");
    let audio = manifest.audio.as_ref();
    audio.map_or(USUAL, |audio| audio.sample_rate)
}

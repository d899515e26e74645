//! `evenkeel-train data`.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Args as ClapArgs, Subcommand, ValueEnum};

use super::check;
use crate::data::digits::accelerometer::AccelerometerConfig;
use crate::data::digits::{Digits, DigitsConfig, DigitsSource, Material};
use crate::data::fetch::{self, COLLECTIONS, Place, Store};
use crate::data::render::{self, LIST, Part};
use crate::data::{Dataset, Split};

/// Get recordings, see what there is, make clips of them, and check your own.
#[derive(Debug, ClapArgs)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Find the files of a collection in the cache or a mirror, or download them
    #[command(after_help = "\
Looked for in this order:
  the cache   $EVENKEEL_CACHE, else $XDG_CACHE_HOME/evenkeel, else ~/.cache/evenkeel
  a mirror    $EVENKEEL_MIRROR, else ../shared/data if there is such a folder
  upstream    the project's release downloads, or what --from says
An interrupted download goes on where it stopped. Every file is checked against its SHA-256.")]
    Get {
        /// Which collection; `data list` shows them
        name: String,
        /// Base URL to download from
        #[arg(long, value_name = "URL")]
        from: Option<String>,
    },
    /// Show what data there are, under which licences, and where they are
    List,
    Check(check::Args),
    /// Write windows of a data set as WAV and PNG files, with the list that `evenkeel evaluate` takes
    #[command(after_help = "\
Examples:
  evenkeel-train data clips digits --source made --split test --seed 0 --count 12 --out clips/demo
  evenkeel evaluate clips/demo/clips.csv --model models/digits")]
    Clips {
        /// Which data set
        set: Set,
        /// Real recordings, or material that the project makes itself
        #[arg(long, default_value = "real")]
        source: DigitsSource,
        /// Which split
        #[arg(long, default_value = "test")]
        split: Split,
        /// Which fold: speaker (seed mod 6) is the test speaker
        #[arg(long, default_value_t = 0)]
        seed: u64,
        /// With a third sensor: the accelerometer in a pen that writes the digit, as `.signal.csv` files
        #[arg(long)]
        accelerometer: bool,
        /// Clips of every speaker, each with handwriting of their own, as if people had been recorded one after the other
        #[arg(long, conflicts_with_all = ["split", "seed"])]
        everyone: bool,
        /// How many clips, of each speaker with --everyone; all if left out
        #[arg(long)]
        count: Option<usize>,
        /// Folder to write; clips that are there are replaced
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
    },
}

/// Data sets whose windows are made and not found.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Set {
    /// Spoken and handwritten digits
    Digits,
}

/// # Errors
/// When data cannot be had or written; one sentence says what to do.
pub fn run(args: &Args) -> Result<ExitCode> {
    let mut store = Store::from_environment()?;
    match &args.command {
        Command::Check(args) => return check::run(args, &store),
        Command::Get { name, from } => {
            if let Some(from) = from {
                store.upstream.clone_from(from);
            }
            get(name, &store)?;
        }
        Command::List => list(&store)?,
        Command::Clips {
            set: Set::Digits,
            source,
            split,
            seed,
            accelerometer,
            everyone,
            count,
            out,
        } => {
            let config = DigitsConfig {
                source: *source,
                accelerometer: accelerometer.then(AccelerometerConfig::default),
                ..DigitsConfig::default()
            };
            let digits = if *everyone {
                Digits::of_everyone(&config, Material::load(*source, &[], &store)?)?
            } else {
                vec![Digits::load(&config, *seed, &store)?]
            };
            let source = source
                .to_possible_value()
                .map_or_else(String::new, |v| v.get_name().to_owned());
            let mut command = format!("evenkeel-train data clips digits --source {source}");
            command += &if *everyone {
                " --everyone".to_owned()
            } else {
                format!(" --split {split} --seed {seed}")
            };
            if *accelerometer {
                command += " --accelerometer";
            }
            if let Some(count) = count {
                command += &format!(" --count {count}");
            }
            let readme =
                format!("Made by `{command} --out DIR`; the same command makes the same files.");
            let parts: Vec<Part> = digits
                .iter()
                .map(|digits| Part {
                    digits,
                    split: *split,
                    count: *count,
                })
                .collect();
            let written = render::render(&parts, &readme, out)?;
            println!(
                "{written} clips in {} ({})",
                out.join(LIST).display(),
                digits[0].provenance()
            );
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn get(name: &str, store: &Store) -> Result<()> {
    let collection = fetch::collection(name)?;
    println!("{}: {}", collection.name, collection.about);
    println!("licence: {}", collection.licence);
    for file in collection.files {
        let (path, place) = store.get(file)?;
        let place = match place {
            Place::Cache => "in the cache",
            Place::Mirror => "in the mirror",
            Place::Upstream => "downloaded",
        };
        println!("{place:13} {}", path.display());
    }
    // Other archives are read as they are.
    if let [archive] = collection.files
        && archive.name.ends_with(".tar")
    {
        println!(
            "{:13} {}",
            "unpacked",
            store.unpacked(collection)?.display()
        );
    }
    Ok(())
}

fn list(store: &Store) -> Result<()> {
    for collection in COLLECTIONS {
        let mut missing = 0;
        for file in collection.files {
            if store.find(file)?.is_none() {
                missing += file.size;
            }
        }
        println!("{}: {}", collection.name, collection.about);
        println!("  licence: {}", collection.licence);
        match missing {
            0 => println!("  here"),
            bytes => println!(
                "  to be downloaded: {:.1} MB, `evenkeel-train data get {}`",
                bytes as f64 / 1e6,
                collection.name
            ),
        }
    }
    println!(
        "made digits: need no download, but the program espeak-ng (`sudo apt install espeak-ng`)"
    );
    println!("cache: {}", store.cache.display());
    match &store.mirror {
        Some(mirror) => println!("mirror: {}", mirror.display()),
        None => println!("mirror: none (set EVENKEEL_MIRROR to a folder)"),
    }
    Ok(())
}

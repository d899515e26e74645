//! `evenkeel-deploy boards`: which boards there are, and what is known of one.

use std::fmt::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use super::{print, print_json};
use crate::boards::{self, Board, Provision};

/// Lists the boards that there are, or shows one wholly.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  evenkeel-deploy boards
  evenkeel-deploy boards jetson-nano
  evenkeel-deploy boards --json

Exit codes: 0 fine, 1 failed, 2 bad usage.")]
pub struct Args {
    /// Name of a board, to show it wholly
    name: Option<String>,
    /// Print everything as JSON
    #[arg(long)]
    json: bool,
    /// Folder of the board files [default: devices/boards in the checkout]
    #[arg(long, value_name = "FOLDER", env = "EVENKEEL_BOARDS")]
    boards: Option<PathBuf>,
}

/// Runs the command.
///
/// # Errors
/// When the board files cannot be read, or when there is no board of that name.
pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    let folder = boards::folder(args.boards)?;
    match args.name {
        Some(name) => {
            let board = boards::find(&folder, &name)?;
            if args.json {
                print_json(&board)?;
            } else {
                print(&whole(&board)?)?;
            }
        }
        None => {
            let boards = boards::all(&folder)?;
            if args.json {
                print_json(&boards)?;
            } else {
                print(&table(&boards)?)?;
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn table(boards: &[Board]) -> Result<String, fmt::Error> {
    let width = boards
        .iter()
        .map(|board| board.name.len())
        .max()
        .unwrap_or(0);
    let mut text = format!(
        "{:<width$}  {:<22}  {:>7}  {:>5}  {:<8}  {:<5}  {}\n",
        "board", "processor", "memory", "glibc", "by", "tried", "is"
    );
    for board in boards {
        writeln!(
            text,
            "{:<width$}  {:<22}  {:>4.1} GB  {:>5}  {:<8}  {:<5}  {}",
            board.name,
            format!("{} x {}", board.cores, board.core),
            f64::from(board.memory_mb) / 1024.0,
            board.glibc.to_string(),
            way(board.provision),
            if board.tried { "yes" } else { "no" },
            board.description
        )?;
    }
    Ok(text)
}

/// How a board is provisioned, in a word or two.
fn way(provision: Provision) -> &'static str {
    match provision {
        Provision::Ssh | Provision::Nvidia => "ssh",
        Provision::ImagePi => "card",
        Provision::ImageUefi => "image",
        Provision::Virtual => "QEMU",
    }
}

fn whole(board: &Board) -> Result<String, fmt::Error> {
    let clock = board
        .clock_mhz
        .map_or_else(String::new, |clock| format!(", {clock} MHz"));
    let list = |items: &[String]| match items {
        [] => "none".to_owned(),
        items => items.join(", "),
    };
    let features: Vec<String> = board.features.iter().map(ToString::to_string).collect();
    let provision = match board.provision {
        Provision::Ssh => "over ssh, onto the system that the maker's own tools put there",
        Provision::Nvidia => "over ssh, onto the system that NVIDIA's flashing put there",
        Provision::ImagePi => "with a card for the Raspberry Pi, or over ssh",
        Provision::ImageUefi => "with an image for UEFI, or over ssh",
        Provision::Virtual => "as a machine in QEMU",
    };
    let rows = [
        (
            "processor",
            format!("{}: {} x {}{clock}", board.soc, board.cores, board.core),
        ),
        ("memory", format!("{} MB", board.memory_mb)),
        ("system", format!("{}, glibc {}", board.system, board.glibc)),
        (
            "built for",
            format!("{}, {}", board.target.triple(), board.target_cpu),
        ),
        ("features", list(&features)),
        ("provisioned", provision.to_owned()),
        ("calls itself", list(&board.identity)),
        ("live's options", list(&board.options)),
        ("size", board.class.to_string()),
        ("model", format!("{}, {}", board.model, board.precision)),
    ];
    let mut text = format!("{}: {}\n\n", board.name, board.description);
    for (name, value) in rows {
        writeln!(text, "{name:<14}  {value}")?;
    }
    paragraphs(&mut text, "Notes", &board.notes)?;
    if board.tried {
        text.push_str("\nTried on the board.\n");
    } else {
        paragraphs(
            &mut text,
            "Never tried on the board. Whoever has one, look",
            &board.checklist,
        )?;
    }
    let sources: Vec<String> = board
        .sources
        .iter()
        .map(|source| format!("{}: {}, {}", source.of, source.title, source.url))
        .collect();
    paragraphs(&mut text, "Sources", &sources)?;
    Ok(text)
}

fn paragraphs(text: &mut String, head: &str, items: &[String]) -> fmt::Result {
    if items.is_empty() {
        return Ok(());
    }
    write!(text, "\n{head}:\n")?;
    for item in items {
        writeln!(text, "- {item}")?;
    }
    Ok(())
}

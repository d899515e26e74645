//! `evenkeel-deploy build`: the programs for a board.

use std::fmt::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use super::print;
use crate::boards;
use crate::build::{self, Program, Request};
use crate::size::size;

/// Builds evenkeel for a board, and checks that the board can run what came out.
///
/// Where this machine is not of the board's kind, or is newer, what is missing is got into target/tools: zig as a
/// Python package, and libraries out of Debian's packages. The same sources give the same bytes in any folder.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  evenkeel-deploy build raspberry-pi-4
  evenkeel-deploy build jetson-nano --install --out programs/

Exit codes: 0 fine, 1 failed, 2 bad usage.")]
pub struct Args {
    /// Name of the board
    board: String,
    /// Folder that the programs are put into [default: that of the board in target/boards]
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
    /// How many compilers run at once [default: one for each processor]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1024))]
    jobs: Option<u32>,
    /// Get Rust's standard library for the board where it is missing: by rustup, or else with Debian's compiler
    #[arg(long)]
    install: bool,
    /// Folder of the board files [default: devices/boards in the checkout]
    #[arg(long, value_name = "FOLDER", env = "EVENKEEL_BOARDS")]
    boards: Option<PathBuf>,
}

/// Runs the command.
///
/// # Errors
/// When there is no such board, or when the programs cannot be built or are not right for it.
pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    let board = boards::find(&boards::folder(args.boards)?, &args.board)?;
    let programs = build::build(&Request {
        board: &board,
        out: args.out,
        jobs: args.jobs,
        install: args.install,
    })?;
    let mut text = String::new();
    for program in &programs {
        writeln!(text, "{}", line(program))?;
    }
    writeln!(text, "{} has glibc {}", board.name, board.glibc)?;
    print(&text)?;
    Ok(ExitCode::SUCCESS)
}

fn line(program: &Program) -> String {
    let glibc = match program.facts.glibc {
        Some(version) => format!("needs glibc {version}"),
        None => "needs no glibc".to_owned(),
    };
    format!(
        "{:<15} {:>9}  {glibc}  {}  {}",
        program.name,
        size(program.bytes),
        program.facts.libraries.join(" "),
        program.path.display()
    )
}

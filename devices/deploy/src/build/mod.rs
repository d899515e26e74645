//! Building the programs for a board, on any machine.
//!
//! Where the machine is of the board's kind and not newer, cargo does it alone. Everywhere else zig
//! links, for the board's version of the C library, with the libraries of a sysroot.

mod cargo;
mod elf;
mod host;
mod rust;
mod sysroot;
mod zig;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use evenkeel_release::durable;

pub use elf::Facts;
pub use host::glibc as glibc_here;

use crate::boards::{Board, Target};
use crate::checkout;

/// The programs that a board gets; each is a package of the same name.
pub const PROGRAMS: [&str; 2] = ["evenkeel", "evenkeel-board"];

/// What to build for, and how.
pub struct Request<'a> {
    pub board: &'a Board,
    /// The folder that the programs are put into; otherwise `target/boards/<board>`.
    pub out: Option<PathBuf>,
    /// How many jobs cargo runs at once; otherwise one for each processor.
    pub jobs: Option<u32>,
    /// Whether a missing standard library of Rust may be got.
    pub install: bool,
}

/// A program that was built and looked at.
pub struct Program {
    pub name: &'static str,
    pub path: PathBuf,
    pub bytes: u64,
    pub facts: Facts,
}

/// The folders that building uses.
struct Places {
    /// The checkout's root.
    root: PathBuf,
    /// Tools and libraries that were got for building.
    tools: PathBuf,
    /// Cargo's target folder for boards, apart from that for this machine.
    cargo: PathBuf,
    /// Where the programs of all boards go.
    boards: PathBuf,
}

impl Places {
    fn find() -> anyhow::Result<Places> {
        let root = checkout::root()?;
        let target = checkout::target_folder(&root);
        Ok(Places {
            tools: target.join("tools"),
            cargo: target.join("cross"),
            boards: target.join("boards"),
            root,
        })
    }
}

/// How programs for a board are linked.
enum Linking {
    /// As for this machine, which is of the board's kind and has no newer C library.
    Native,
    /// By zig, with the libraries of a sysroot.
    Zig { tools: zig::Tools, sysroot: PathBuf },
}

/// Builds the programs, looks at what came out, and puts it into the folder asked for. A program that the
/// board could not run is never put there.
///
/// # Errors
/// When a tool is missing and cannot be got, when the programs do not build, when one of them is not
/// for the board or asks for more than it has, and when the folder cannot be written.
pub fn build(request: &Request) -> anyhow::Result<Vec<Program>> {
    let board = request.board;
    let places = Places::find()?;
    let compiler = rust::compiler(&places, board.target, request.install)?;
    let linking = linking(&places, board)?;
    let built = cargo::run(&cargo::Job {
        places: &places,
        board,
        compiler: &compiler,
        linking: &linking,
        jobs: request.jobs,
    })?;

    let out = match &request.out {
        Some(folder) => folder.clone(),
        None => places.boards.join(&board.name),
    };
    fs::create_dir_all(&out).with_context(|| format!("cannot make {}", out.display()))?;
    PROGRAMS
        .into_iter()
        .map(|name| {
            let made = look(board, name, &built)?;
            let left = made.facts.symbols;
            ensure!(
                !left,
                "{} was not stripped: look at Cargo.toml's profile for boards",
                made.path.display()
            );
            let path = out.join(name);
            let bytes = fs::read(&made.path)
                .with_context(|| format!("cannot read {}", made.path.display()))?;
            durable::write(&path, &bytes, 0o755)
                .with_context(|| format!("cannot write {}", path.display()))?;
            Ok(Program { path, ..made })
        })
        .collect()
}

/// Looks at the program called `name` in `folder`.
///
/// # Errors
/// When it is not there, is not for the board, or asks for more than the board has.
pub fn look(board: &Board, name: &'static str, folder: &Path) -> anyhow::Result<Program> {
    let path = folder.join(name);
    let facts = elf::look_at(&path)?;
    facts.check(board)?;
    let bytes = fs::metadata(&path)
        .with_context(|| format!("cannot read {}", path.display()))?
        .len();
    Ok(Program {
        name,
        path,
        bytes,
        facts,
    })
}

fn linking(places: &Places, board: &Board) -> anyhow::Result<Linking> {
    if Target::of_host() == Some(board.target) && host::glibc()? <= board.glibc {
        return Ok(Linking::Native);
    }
    Ok(Linking::Zig {
        tools: zig::get(places)?,
        sysroot: sysroot::make(places, board.target)?,
    })
}

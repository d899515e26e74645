//! Running cargo so that the same sources give the same bytes, wherever they lie.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;

use super::rust::Compiler;
use super::{Linking, PROGRAMS, Places, host, zig};
use crate::boards::{Board, Target};

/// The profile of the workspace that boards are built with.
const PROFILE: &str = "board";

/// What is built, and with what.
pub struct Job<'a> {
    pub places: &'a Places,
    pub board: &'a Board,
    pub compiler: &'a Compiler,
    pub linking: &'a Linking,
    pub jobs: Option<u32>,
}

/// Builds the programs. The folder that they are in.
///
/// # Errors
/// When they do not build; cargo has said why.
pub fn run(job: &Job) -> anyhow::Result<PathBuf> {
    let target = job.board.target;
    let mut command = match job.linking {
        Linking::Native => native(target),
        Linking::Zig { tools, sysroot } => by_zig(job.board, tools, sysroot)?,
    };
    let cargo = &job.places.cargo;
    fs::create_dir_all(cargo).with_context(|| format!("cannot make {}", cargo.display()))?;
    command
        // Not in the repository: zig gives what lies below the current folder by its relative name, which is
        // wrong for build scripts, and it may lie in the repository itself.
        .current_dir(cargo)
        .arg("--manifest-path")
        .arg(job.places.root.join("Cargo.toml"))
        .args(["--locked", "--profile", PROFILE])
        .args(PROGRAMS.iter().flat_map(|name| ["--package", name]))
        .env("CARGO_TARGET_DIR", cargo)
        .env("CARGO_ENCODED_RUSTFLAGS", flags(job)?)
        .env_remove("RUSTFLAGS")
        .env("RUSTC", job.compiler.program());
    if let Some(jobs) = job.jobs {
        command.arg("--jobs").arg(jobs.to_string());
    }
    host::run(
        &mut command,
        &format!("the programs for {} do not build", job.board.name),
    )?;
    Ok(cargo.join(target.triple()).join(PROFILE))
}

fn cargo() -> OsString {
    env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

fn native(target: Target) -> Command {
    let mut command = Command::new(cargo());
    command.args(["build", "--target", target.triple()]);
    command
}

fn by_zig(board: &Board, tools: &zig::Tools, sysroot: &Path) -> anyhow::Result<Command> {
    let triple = board.target.triple();
    let gnu = board.target.gnu();
    let folder = sysroot.join("usr/lib").join(gnu);
    let libraries = toml::Value::from(format!("native={}", text(&folder)?));
    let mut command = Command::new(&tools.zigbuild);
    command
        .args(["zigbuild", "--target"])
        .arg(format!("{triple}.{}", board.glibc))
        .env("CARGO_ZIGBUILD_PYTHON_PATH", &tools.python)
        .env("CARGO_ZIGBUILD_CACHE_DIR", tools.cache.join("zigbuild"))
        .env("ZIG_GLOBAL_CACHE_DIR", tools.cache.join("zig"))
        // Where ALSA is. It stands in place of the build script of alsa-sys, which would ask pkg-config, and that
        // cannot tell folders with a space in their names.
        .arg("--config")
        .arg(format!("target.{triple}.alsa.rustc-link-lib=[\"asound\"]"))
        .arg("--config")
        .arg(format!(
            "target.{triple}.alsa.rustc-link-search=[{libraries}]"
        ))
        // libclang reads the sysroot's headers. The quotes are for folders with a space in their names.
        .env(
            format!("BINDGEN_EXTRA_CLANG_ARGS_{}", triple.replace('-', "_")),
            format!("--target={gnu} '--sysroot={}'", sysroot.display()),
        );
    Ok(command)
}

fn text(path: &Path) -> anyhow::Result<&str> {
    path.to_str()
        .with_context(|| format!("the name of {} is not Unicode", path.display()))
}

/// What rustc is told: the board's processor, and names in place of this machine's folders, which would
/// otherwise stand in the messages of panics.
fn flags(job: &Job) -> anyhow::Result<String> {
    let mut flags = Vec::new();
    // It is what rustc builds for by itself; told so, zig takes it for less than the target's minimum.
    if job.board.target_cpu != "generic" {
        flags.push(format!("-Ctarget-cpu={}", job.board.target_cpu));
    }
    if let Linking::Zig { .. } = job.linking {
        // The sysroot's ALSA can ask for a newer C library than the board's; the board has its own ALSA.
        flags.push("-Clink-arg=-Wl,--allow-shlib-undefined".to_owned());
    }
    for (folder, name) in folders(job)? {
        flags.push(format!("--remap-path-prefix={folder}={name}"));
    }
    Ok(flags.join("\x1f"))
}

/// Of several that fit, rustc takes the last: those that can lie in others come after them.
fn folders(job: &Job) -> anyhow::Result<Vec<(String, String)>> {
    let mut rustc = Command::new(job.compiler.program());
    let about = host::output(rustc.arg("-vV"))?;
    let commit = about
        .lines()
        .find_map(|line| line.strip_prefix("commit-hash: "))
        .unwrap_or("unknown");
    let mut rustc = Command::new(job.compiler.program());
    let sysroot = host::output(rustc.args(["--print", "sysroot"]))?;

    let home = env::home_dir().context("there is no home folder: set HOME")?;
    let cargo_home = env::var_os("CARGO_HOME").map_or_else(|| home.join(".cargo"), PathBuf::from);
    Ok(vec![
        (text(&job.places.root)?.to_owned(), "/evenkeel".to_owned()),
        (text(&cargo_home)?.to_owned(), "/cargo".to_owned()),
        (text(&job.places.cargo)?.to_owned(), "/target".to_owned()),
        (
            format!("{sysroot}/lib/rustlib/src/rust"),
            format!("/rustc/{commit}"),
        ),
    ])
}

//! Running cargo so that the same sources give the same bytes, wherever they lie.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;

use super::rust::Compiler;
use super::{Linking, PROGRAMS, Places, host};
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
        Linking::Zig { tools, sysroot } => by_zig(job.board, tools, sysroot),
    };
    command
        .current_dir(&job.places.root)
        .args(["--locked", "--profile", PROFILE])
        .args(PROGRAMS.iter().flat_map(|name| ["--package", name]))
        .env("CARGO_TARGET_DIR", &job.places.cargo)
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
    Ok(job.places.cargo.join(target.triple()).join(PROFILE))
}

fn cargo() -> OsString {
    env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

fn native(target: Target) -> Command {
    let mut command = Command::new(cargo());
    command.args(["build", "--target", target.triple()]);
    command
}

fn by_zig(board: &Board, tools: &super::zig::Tools, sysroot: &Path) -> Command {
    let triple = board.target.triple();
    let gnu = board.target.gnu();
    let mut command = Command::new(&tools.zigbuild);
    command
        .args(["zigbuild", "--target"])
        .arg(format!("{triple}.{}", board.glibc))
        .env("CARGO_ZIGBUILD_PYTHON_PATH", &tools.python)
        .env("CARGO_ZIGBUILD_CACHE_DIR", tools.cache.join("zigbuild"))
        .env("ZIG_GLOBAL_CACHE_DIR", tools.cache.join("zig"))
        // pkg-config finds the sysroot's libraries and no others.
        .env("PKG_CONFIG_ALLOW_CROSS", "1")
        .env("PKG_CONFIG_SYSROOT_DIR", sysroot)
        .env(
            "PKG_CONFIG_LIBDIR",
            sysroot.join(format!("usr/lib/{gnu}/pkgconfig")),
        )
        .env_remove("PKG_CONFIG_PATH")
        // libclang reads the sysroot's headers. The quotes are for folders with a space in their names.
        .env(
            format!("BINDGEN_EXTRA_CLANG_ARGS_{}", triple.replace('-', "_")),
            format!("--target={gnu} '--sysroot={}'", sysroot.display()),
        );
    command
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
    let text = |path: &Path| {
        path.to_str()
            .map(str::to_owned)
            .with_context(|| format!("the name of {} is not Unicode", path.display()))
    };
    Ok(vec![
        (text(&job.places.root)?, "/evenkeel".to_owned()),
        (text(&cargo_home)?, "/cargo".to_owned()),
        (text(&job.places.cargo)?, "/target".to_owned()),
        (
            format!("{sysroot}/lib/rustlib/src/rust"),
            format!("/rustc/{commit}"),
        ),
    ])
}

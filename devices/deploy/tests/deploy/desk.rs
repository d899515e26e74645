//! The program as a user would run it.

use std::path::Path;
use std::process::{Command, Output};

use assert_cmd::cargo::CommandCargoExt;

/// `evenkeel-deploy`, in a checkout, with the checkout's own board files.
pub fn program() -> Command {
    let mut program = Command::cargo_bin("evenkeel-deploy").unwrap();
    program
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("src"))
        .env_remove("EVENKEEL_BOARDS");
    program
}

/// Runs it.
pub fn deploy(arguments: &[&str]) -> Output {
    program().args(arguments).output().unwrap()
}

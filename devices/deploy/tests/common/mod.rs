//! The program as a user would run it.

use std::path::Path;
use std::process::{Command, Output};

use assert_cmd::cargo::CommandCargoExt;

/// Runs `evenkeel-deploy`, in a checkout, with the checkout's own board files.
pub fn deploy(arguments: &[&str]) -> Output {
    Command::cargo_bin("evenkeel-deploy")
        .unwrap()
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("src"))
        .env_remove("EVENKEEL_BOARDS")
        .args(arguments)
        .output()
        .unwrap()
}

//! Who deploys in a test: a key of one's own, models, board files that know this machine.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

use crate::hosts::{Host, deploy, programs};
use crate::packages::{copy_of_shipped, seal};
use crate::root;

/// Gone when this is dropped.
pub struct Desk {
    folder: TempDir,
}

impl Default for Desk {
    fn default() -> Self {
        Self {
            folder: tempfile::tempdir().expect("a folder can be made"),
        }
    }
}

impl Desk {
    /// A file or a folder of it, which need not be there.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The folder of the board files, with one for this machine, whose C library may be any.
    ///
    /// # Panics
    /// When it cannot be made.
    pub fn boards(&self) -> PathBuf {
        let folder = self.file("boards");
        if !folder.exists() {
            fs::create_dir(&folder).expect("a folder can be made");
            for entry in fs::read_dir(root().join("devices/boards"))
                .expect("board files and packages are files")
            {
                let path = entry.expect("board files and packages are files").path();
                let name = path
                    .file_stem()
                    .expect("board files and packages are files")
                    .to_str()
                    .expect("board files and packages are files")
                    .to_owned();
                let mut text =
                    fs::read_to_string(&path).expect("board files and packages are files");
                if name == BOARD {
                    let line = text
                        .lines()
                        .find(|line| line.starts_with("glibc = "))
                        .expect("board files and packages are files");
                    text = text.replace(line, "glibc = \"2.59\"");
                }
                fs::write(folder.join(format!("{name}.toml")), text)
                    .expect("board files and packages are files");
            }
        }
        folder
    }

    /// `evenkeel-deploy`, with key and board files.
    pub fn deploy(&self) -> Command {
        let mut command = deploy(&self.key());
        command.env("EVENKEEL_BOARDS", self.boards());
        command
    }

    /// The key.
    pub fn key(&self) -> PathBuf {
        self.file("deploy.key")
    }

    /// A model package that is the shipped one but for its card.
    ///
    /// # Panics
    /// When it cannot be made, or there is one with this card already.
    pub fn model(&self, card: &str) -> PathBuf {
        let folder = self.file(&card.replace([' ', ':'], "-"));
        fs::create_dir(&folder).expect("a folder can be made");
        let package = copy_of_shipped(&folder);
        let path = package.join("CARD.md");
        fs::write(
            &path,
            format!(
                "{}\n{card}\n",
                fs::read_to_string(&path).expect("board files and packages are files")
            ),
        )
        .expect("board files and packages are files");
        seal(&package);
        package
    }

    /// The command that brings a model and the programs of this build to a kind of board, or to a fleet, and has little
    /// patience.
    pub fn bring(&self, to: &str, model: &Path) -> Command {
        let mut command = self.deploy();
        command.args(["to", to, "--model"]).arg(model);
        command.arg("--programs").arg(programs());
        command.args(["--patience", "3", "--hold", "0", "--json"]);
        command
    }

    /// Brings it to a host.
    pub fn to(&self, host: &Host, model: &Path, more: &[&str]) -> Output {
        self.to_with(&host.reach("root"), model, more)
    }

    /// Brings it to wherever these options say.
    ///
    /// # Panics
    /// When the program cannot be started.
    pub fn to_with(&self, reach: &[String], model: &Path, more: &[&str]) -> Output {
        let mut command = self.bring(BOARD, model);
        let output = command.args(reach).args(more).output();
        output.expect("evenkeel-deploy can be started")
    }
}

/// The board that this machine can stand for.
pub const BOARD: &str = if cfg!(target_arch = "x86_64") {
    "generic-amd64"
} else {
    "generic-arm64"
};

/// What a program that succeeded wrote as JSON.
///
/// # Panics
/// When it failed.
pub fn done(output: &Output) -> serde_json::Value {
    assert!(output.status.success(), "{}", said(output));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// The error of a program that failed: a single line, after all else.
///
/// # Panics
/// When it did not fail.
pub fn refused(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(1), "{}", said(output));
    let said = said(output);
    let error = said.lines().rfind(|line| line.starts_with("error: "));
    error.expect("an error").to_owned()
}

/// What a program wrote for people.
pub fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// What is live on a host: a path in the folder of evenkeel, or nothing.
pub fn live(host: &Host) -> String {
    let target = host.run("readlink /opt/evenkeel/current || true");
    target.trim().to_owned()
}

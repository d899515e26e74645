//! What the end-to-end tests share: the programs as a user would run them, and small inputs, good
//! and bad, that are made here.
//!
//! The tests look at exit codes, messages and files only, so they hold whatever is rewritten inside.

pub mod browser;
pub mod clips;
pub mod desk;
pub mod fleet;
pub mod hosts;
pub mod live;
pub mod miniature;
pub mod onnx;
pub mod packages;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// The root of the repository.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the tests are a folder of the repository")
}

/// The program `name` of the workspace (`evenkeel` or `evenkeel-train`), up to date, ready to be
/// given arguments. It runs in the root of the repository, with no standard input.
///
/// Cargo tells a test where the programs of its own package are, and these belong to others. They
/// are found in the target folder that the test itself was built in, `release`, after cargo has
/// been asked once per test program to build them: a second's work when there is nothing to do.
///
/// # Panics
/// When the programs cannot be built.
pub fn program(name: &str) -> Command {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    let folder = FOLDER.get_or_init(|| {
        // target/<profile>/deps/<test>
        let test = std::env::current_exe().expect("a running program has a path");
        let target = test
            .ancestors()
            .nth(3)
            .expect("tests lie three folders deep in the target folder");
        let built = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
            .args([
                "build",
                "--release",
                "--locked",
                "--quiet",
                "--workspace",
                "--bins",
            ])
            .arg("--target-dir")
            .arg(target)
            .current_dir(root())
            .status()
            .expect("cargo can be started");
        assert!(built.success(), "the programs could not be built");
        target.join("release")
    });
    let mut command = Command::new(folder.join(name));
    command
        .current_dir(root())
        .stdin(std::process::Stdio::null());
    command
}

/// What a program did.
#[derive(Debug)]
pub struct Outcome {
    /// Its exit code.
    pub code: i32,
    /// What it wrote to its standard output.
    pub stdout: String,
    /// What it wrote to its standard error.
    pub stderr: String,
}

impl Outcome {
    /// Everything it wrote.
    pub fn text(&self) -> String {
        format!("{}\n{}", self.stdout, self.stderr)
    }

    /// Itself, after a check that it ended well.
    #[track_caller]
    pub fn fine(self) -> Self {
        assert_eq!(self.code, 0, "should have ended well:\n{}", self.text());
        self
    }

    /// Itself, after a check that it wrote each of `parts`.
    #[track_caller]
    pub fn says(self, parts: &[&str]) -> Self {
        for part in parts {
            assert!(
                self.text().to_lowercase().contains(&part.to_lowercase()),
                "should have said {part:?}:\n{}",
                self.text()
            );
        }
        self
    }

    /// Itself, after a check that it refused its command line, naming each of `parts`. Whoever parses
    /// the line adds a hint on --help, so it may be a little longer.
    #[track_caller]
    pub fn refuses_usage(self, parts: &[&str]) -> Self {
        assert_eq!(self.code, 2, "should have refused:\n{}", self.text());
        assert!(!self.stderr.contains("panicked"), "{}", self.stderr);
        self.says(parts)
    }

    /// Itself, after a check that it refused as a user should be refused: with exit code `code`,
    /// short and without a panic, naming each of `parts` (the file among them).
    #[track_caller]
    pub fn refuses(self, code: i32, parts: &[&str]) -> Self {
        assert_eq!(self.code, code, "should have refused:\n{}", self.text());
        assert!(
            !self.stderr.contains("panicked") && !self.stderr.contains("backtrace"),
            "a message for developers:\n{}",
            self.stderr
        );
        assert!(
            (1..=4).contains(&self.stderr.trim().lines().count()),
            "should be about one sentence:\n{}",
            self.stderr
        );
        self.says(parts)
    }
}

/// Runs `command` to its end.
///
/// # Panics
/// When it cannot be started or was ended by a signal.
#[track_caller]
pub fn run(command: &mut Command) -> Outcome {
    let output = command.output().expect("the program can be started");
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Outcome {
        code: output.status.code().expect("the program ended by itself"),
        stdout: text(output.stdout),
        stderr: text(output.stderr),
    }
}

/// `evenkeel evaluate CLIPS --model MODEL`.
#[track_caller]
pub fn evaluate(clips: &Path, model: &Path) -> Outcome {
    run(program("evenkeel")
        .arg("evaluate")
        .arg(clips)
        .arg("--model")
        .arg(model))
}

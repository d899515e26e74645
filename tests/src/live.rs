//! `evenkeel live` as it runs.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, ChildStdout, Command, Stdio};

use serde_json::Value;

use crate::{packages, program, root};

/// A running `evenkeel live` with the shipped model; it is ended when this is dropped.
pub struct Live {
    process: Child,
    /// Until nobody reads it any more.
    out: Option<BufReader<ChildStdout>>,
    errors: BufReader<ChildStderr>,
}

impl Live {
    /// Starts it with more arguments.
    pub fn start(arguments: &[&str]) -> Self {
        let mut process = command(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program can be started");
        let out = BufReader::new(process.stdout.take().expect("its output is piped"));
        let errors = BufReader::new(process.stderr.take().expect("its errors are piped"));
        Self {
            process,
            out: Some(out),
            errors,
        }
    }

    /// The next line of JSON; none when it has ended.
    pub fn line(&mut self) -> Option<Value> {
        let mut line = String::new();
        let out = self.out.as_mut()?;
        out.read_line(&mut line).expect("its output can be read");
        (!line.is_empty()).then(|| serde_json::from_str(&line).expect("a line of JSON"))
    }

    /// The next line on the standard error.
    pub fn error_line(&mut self) -> String {
        let mut line = String::new();
        self.errors
            .read_line(&mut line)
            .expect("its errors can be read");
        line.trim_end().to_owned()
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// Stops reading what it writes, waits for its end, and gives its exit code and what else it said.
    pub fn leave(mut self) -> (Option<i32>, String) {
        drop(self.out.take());
        let status = self.process.wait().expect("it ends");
        let mut rest = String::new();
        let _ = self.errors.read_to_string(&mut rest);
        (status.code(), rest)
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// `evenkeel live` with the shipped model.
pub fn command(arguments: &[&str]) -> Command {
    let mut command = program("evenkeel");
    command
        .args(["live", "--model"])
        .arg(packages::shipped())
        .args(arguments);
    command
}

/// A film of one of the project's own clips: its picture with a little noise in each frame, and its word,
/// twice; 2.56 s.
pub fn film(folder: &Path, label: &str) -> PathBuf {
    let clips = root().join("clips/demo").join(label);
    let named = |extension: &str| {
        std::fs::read_dir(&clips)
            .expect("the clips are there")
            .map(|entry| entry.expect("a file").path())
            .find(|path| path.extension().is_some_and(|found| found == extension))
            .expect("a sound and a picture")
    };
    let path = folder.join(format!("{label}.mkv"));
    let status = Command::new("ffmpeg")
        .args(["-v", "error", "-loop", "1", "-framerate", "10", "-i"])
        .arg(named("png"))
        .args(["-stream_loop", "1", "-i"])
        .arg(named("wav"))
        .args([
            "-t",
            "2.56",
            "-vf",
            "noise=alls=2:allf=t",
            "-c:v",
            "ffv1",
            "-c:a",
            "pcm_s16le",
        ])
        .arg(&path)
        .status()
        .expect("ffmpeg is installed");
    assert!(status.success(), "ffmpeg could not make {}", path.display());
    path
}

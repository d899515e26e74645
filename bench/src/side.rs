//! One side of a bench: a process that works when it is told to.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};
use evenkeel::machine::{Memory, memory_bytes};
use evenkeel::turns::{Done, Loaded};
use serde::de::DeserializeOwned;

/// A process of its own, on some cores, that speaks the protocol of [`evenkeel::turns`].
pub struct Side {
    name: String,
    child: Child,
    /// `None` once it was told that there is no more to do.
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    /// What it says of itself.
    pub loaded: Loaded,
    /// From its start until it was ready.
    pub start: Duration,
    /// From its start until it had done its work once.
    pub first: Duration,
}

impl Side {
    /// Starts `command` on the cores 0 to `cores` − 1 and lets it work once.
    ///
    /// # Errors
    /// When it cannot be started, or does not speak the protocol.
    pub fn start(name: &str, command: &[String], cores: usize) -> Result<Self> {
        let begin = Instant::now();
        let mut child = on_cores(command, cores)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot start `taskset`; install the package util-linux")?;
        let input = child.stdin.take();
        let output = child.stdout.take().context("a process without output")?;
        let mut side = Self {
            name: name.to_owned(),
            child,
            input,
            output: BufReader::new(output),
            loaded: Loaded {
                loaded: String::new(),
                multiply_accumulates: None,
            },
            start: Duration::ZERO,
            first: Duration::ZERO,
        };
        side.loaded = side.read(command)?;
        side.start = begin.elapsed();
        side.read::<Done>(command)?;
        side.first = begin.elapsed();
        Ok(side)
    }

    /// Lets it work `count` times; seconds.
    ///
    /// # Errors
    /// When it fails.
    pub fn work(&mut self, count: u64) -> Result<f64> {
        let input = self.input.as_mut().context("a process without input")?;
        writeln!(input, "{count}").with_context(|| format!("{} has ended", self.name))?;
        Ok(self.read::<Done>(&[])?.seconds)
    }

    /// The most memory that it ever had resident, bytes, where the system tells.
    pub fn peak_memory(&self) -> Option<u64> {
        memory_bytes(Some(self.child.id()), Memory::Peak)
    }

    /// Tells it that there is no more to do, and waits for its end.
    ///
    /// # Errors
    /// When it fails then.
    pub fn end(mut self) -> Result<()> {
        drop(self.input.take());
        let status = self.child.wait()?;
        if !status.success() {
            bail!("{} ended with {status}; see above", self.name);
        }
        Ok(())
    }

    fn read<T: DeserializeOwned>(&mut self, command: &[String]) -> Result<T> {
        let mut line = String::new();
        let read = self.output.read_line(&mut line)?;
        serde_json::from_str(&line).map_err(|_| {
            // It may be waiting for us, and would never end what it says.
            drop(self.input.take());
            if read > 0 {
                let _ = self.child.kill();
            }
            let mut rest = line.clone();
            let _ = self.output.read_to_string(&mut rest);
            match read {
                0 => anyhow!("{} ended at once: {}", self.name, command.join(" ")),
                _ => anyhow!("{} said: {}", self.name, rest.trim()),
            }
        })
    }
}

/// A command on the cores 0 to `cores` − 1.
pub fn on_cores(command: &[String], cores: usize) -> Command {
    let mut process = Command::new("taskset");
    process
        .arg("--cpu-list")
        .arg(format!("0-{}", cores - 1))
        .args(command);
    process
}

impl Drop for Side {
    fn drop(&mut self) {
        // Its input is closed, which ends it; where it hangs, it must not outlive the bench.
        drop(self.input.take());
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

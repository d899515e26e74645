//! A command of the shell that runs beside the program, and everything that it started.

use std::io::{self, BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStderr, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

/// A running command.
///
/// It has a process group of its own, so that all of `a | b` can be ended at once.
pub struct Running {
    /// Absent once its end was seen; its number may be another's from then on.
    child: Mutex<Option<Child>>,
    /// What it said last, once it says no more.
    said: Mutex<Receiver<String>>,
}

/// A command that has closed its output has this long to end by itself, so that its exit code is its own.
const GRACE: Duration = Duration::from_millis(500);
/// How often it is looked whether it has ended.
const LOOK: Duration = Duration::from_millis(5);

impl Running {
    /// Starts a command, with nothing to read; returns it and its output.
    ///
    /// # Errors
    /// When the shell cannot be started.
    pub fn start(command: &str) -> io::Result<(Self, ChildStdout)> {
        let mut child = Command::new("sh")
            .args(["-c", command])
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let stdout = child.stdout.take().expect("stdout is a pipe");
        let stderr = child.stderr.take().expect("stderr is a pipe");
        let (say, said) = channel();
        let running = Self {
            child: Mutex::new(Some(child)),
            said: Mutex::new(said),
        };
        // Its own thread: a command stops when nobody empties either pipe.
        let listener = thread::Builder::new().name("camera command".into());
        match listener.spawn(move || say.send(last_line(stderr))) {
            Ok(_) => Ok((running, stdout)),
            Err(error) => {
                running.kill();
                running.end();
                Err(error)
            }
        }
    }

    /// Kills everything that it started, and does not wait for it.
    pub fn kill(&self) {
        if let Some(child) = &*self.child() {
            kill_group(child);
        }
    }

    /// Waits until it has ended, and kills it if that takes long. Its status, the first time.
    pub fn end(&self) -> Option<ExitStatus> {
        let since = Instant::now();
        loop {
            let mut child = self.child();
            let status = child.as_mut()?.try_wait();
            if let Ok(Some(_)) | Err(_) = status {
                // Others of its group may go on.
                kill_group(&child.take()?);
                return status.ok().flatten();
            }
            if since.elapsed() > GRACE {
                kill_group(child.as_ref()?);
            }
            drop(child);
            thread::sleep(LOOK);
        }
    }

    /// The last line that it wrote to its standard error, the first time after its end.
    pub fn last_words(&self) -> String {
        let said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        said.recv_timeout(GRACE).unwrap_or_default()
    }

    fn child(&self) -> MutexGuard<'_, Option<Child>> {
        self.child.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn kill_group(child: &Child) {
    if let Some(group) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
        // It fails if all have ended, which is fine.
        let _ = kill_process_group(group, Signal::KILL);
    }
}

/// A longer line is cut, bytes.
const LONGEST_LINE: usize = 300;

/// Reads to the end.
fn last_line(stderr: ChildStderr) -> String {
    let mut last = String::new();
    for line in BufReader::new(stderr).split(b'\n').map_while(Result::ok) {
        // Progress is written over and over to one line.
        for part in line.split(|&byte| byte == b'\r') {
            let text = String::from_utf8_lossy(&part[..part.len().min(LONGEST_LINE)]);
            if !text.trim().is_empty() {
                last.clear();
                last.push_str(text.trim());
            }
        }
    }
    last
}

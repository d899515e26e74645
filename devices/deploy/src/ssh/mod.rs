//! Boards at the other end of the system's own OpenSSH, so that keys, agents, jump hosts, names from `~/.ssh/config` and
//! known hosts are what the user has set up.

mod fault;
mod sudo;

use std::ffi::OsString;
use std::io::{self, IsTerminal, Read, Write};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::thread;

use anyhow::{Context, Result, bail, ensure};
use tempfile::TempDir;

pub use sudo::Sudo;

/// Where a board is, and how `ssh` is to be called for it.
#[derive(Debug, Clone)]
pub struct Address {
    /// `user@host`, `host`, or a name from `~/.ssh/config`.
    pub host: String,
    /// Further options, each as after `ssh -o`.
    pub options: Vec<String>,
    /// A file of settings in place of the user's own.
    pub settings: Option<PathBuf>,
}

/// The option of ssh with which nobody is asked for anything, neither by it nor for sudo.
pub const SILENT: &str = "BatchMode=yes";

impl Address {
    fn is_silent(&self) -> bool {
        let silent = |option: &String| option.eq_ignore_ascii_case(SILENT);
        self.options.iter().any(silent)
    }

    /// Whether its user may be asked for passwords.
    fn may_ask(&self) -> bool {
        io::stdin().is_terminal() && !self.is_silent()
    }
}

/// A connection that stays open: commands after the first cost no handshake.
pub struct Connection {
    address: Address,
    /// Holds the socket of the connection, and nobody else may look into it.
    folder: TempDir,
}

/// A board that does not answer any more is given up after three times this. Seconds.
const ALIVE: u32 = 5;
/// Seconds.
const CONNECT: u32 = 15;

impl Connection {
    /// Connects. Where there is a terminal, `ssh` may ask for a password or about an unknown host on it.
    ///
    /// # Errors
    /// When the board cannot be reached or does not let us in, in one sentence that says what to do.
    pub fn open(address: Address) -> Result<Self> {
        ensure!(
            !address.host.starts_with('-') && !address.host.is_empty(),
            "'{}' is no address of a board, as pi@192.168.1.20 is",
            address.host
        );
        let folder = tempfile::Builder::new()
            .prefix("evenkeel-ssh-")
            .tempdir()
            .context("cannot make a folder for the connection")?;
        let connection = Self { address, folder };
        let mut master = connection.ssh();
        master.args(["-f", "-N", "-M"]);
        if !connection.address.may_ask() {
            master.args(["-o", SILENT]);
        }
        // The master stays behind and would keep a pipe open.
        let errors = connection.folder.path().join("errors");
        let file = std::fs::File::create(&errors).context("cannot write beside the connection")?;
        let status = master
            .arg(&connection.address.host)
            .stdin(Stdio::inherit())
            .stdout(Stdio::null())
            .stderr(file)
            .status()
            .context("`ssh` cannot be run: install OpenSSH's client")?;
        if !status.success() {
            let said = std::fs::read_to_string(&errors).unwrap_or_default();
            bail!(fault::explain(&connection.address.host, &said));
        }
        Ok(connection)
    }

    /// What the user calls the board.
    pub fn host(&self) -> &str {
        &self.address.host
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("socket")
    }

    fn ssh(&self) -> Command {
        let mut ssh = Command::new("ssh");
        // Ctrl-C reaches all of a terminal's foreground group. What asks nobody need not be in it, and is then ended by
        // who started it.
        if self.address.is_silent() {
            ssh.process_group(0);
        }
        // A user's own options come first: for ssh the first value counts.
        for option in &self.address.options {
            ssh.arg("-o").arg(option);
        }
        if let Some(settings) = &self.address.settings {
            ssh.arg("-F").arg(settings);
        }
        let mut path = OsString::from("ControlPath=");
        path.push(self.socket());
        ssh.arg("-o").arg(path);
        ssh.args(["-o", &format!("ConnectTimeout={CONNECT}")]);
        ssh.args(["-o", &format!("ServerAliveInterval={ALIVE}")]);
        ssh.args(["-o", "ServerAliveCountMax=3", "-o", "Compression=yes"]);
        ssh
    }

    fn begin(&self, command: &str) -> Result<Child> {
        self.ssh()
            .args(["-o", SILENT, "-o", "ControlMaster=no", "-T"])
            .arg(&self.address.host)
            .arg("--")
            .arg(command)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .context("`ssh` cannot be run")
    }

    /// Runs a command for the board's shell and returns what it wrote, whether it succeeded or not.
    ///
    /// # Errors
    /// When the connection breaks.
    pub fn ask(&self, command: &str) -> Result<Output> {
        self.feed(command, |_| Ok(()))
    }

    /// The same, with what `write` writes on the command's standard input.
    ///
    /// # Errors
    /// When the connection breaks, or `write` fails although the command did not end before.
    pub fn feed(
        &self,
        command: &str,
        write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<Output> {
        let mut child = self.begin(command)?;
        let mut stdin = child.stdin.take().context("the command has no input")?;
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        let readers = [drain(stdout), drain(stderr)];
        let written = write(&mut stdin);
        drop(stdin);
        self.end(child, readers, written)
    }

    /// Runs a command and hands on each line that it writes as it comes.
    ///
    /// # Errors
    /// When the connection breaks.
    pub fn follow(
        &self,
        command: &str,
        write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
        mut line: impl FnMut(&str),
    ) -> Result<Output> {
        let mut child = self.begin(command)?;
        let mut stdin = child.stdin.take().context("the command has no input")?;
        let errors = drain(child.stderr.take());
        // Too little to fill the pipe before it is read.
        let written = write(&mut stdin);
        drop(stdin);
        let stdout = child.stdout.take().context("the command has no output")?;
        for text in io::BufRead::lines(io::BufReader::new(stdout)) {
            line(&text.context("the connection broke")?);
        }
        self.end(child, [drain(None::<io::Empty>), errors], written)
    }

    /// What came of a command: what the readers of its output and its errors have got, and whether it was `written` to.
    fn end(
        &self,
        mut child: Child,
        readers: [thread::JoinHandle<Vec<u8>>; 2],
        written: io::Result<()>,
    ) -> Result<Output> {
        let status = child.wait().context("`ssh` is lost")?;
        let [stdout, stderr] = readers.map(|reader| reader.join().unwrap_or_default());
        // ssh's own failures have this code; a program on the board hardly has.
        if status.code() == Some(255) {
            bail!(fault::explain(
                self.host(),
                &String::from_utf8_lossy(&stderr)
            ));
        }
        if status.success() {
            written.context("the connection broke while sending")?;
        }
        Ok(Output {
            status,
            stdout,
            stderr,
        })
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        let mut end = self.ssh();
        end.args(["-O", "exit", &self.address.host]);
        // A connection that is gone need not be ended.
        let _ = end.stdout(Stdio::null()).stderr(Stdio::null()).status();
    }
}

fn drain(pipe: Option<impl Read + Send + 'static>) -> thread::JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut pipe) = pipe {
            // What came before an error is shown.
            let _ = pipe.read_to_end(&mut bytes);
        }
        bytes
    })
}

/// The last thing that a program wrote on its standard error, if it wrote any.
pub fn last_line(errors: &[u8]) -> Option<String> {
    let said = String::from_utf8_lossy(errors);
    let last = said.lines().map(str::trim).rfind(|line| !line.is_empty());
    last.map(str::to_owned)
}

/// A word as the board's shell reads it back.
pub fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:@,+".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shell_reads_words_back_as_they_were() {
        for word in ["plain", "", "two words", "it's", "$HOME `id` \"x\"\n", "-o"] {
            let output = Command::new("sh")
                .args(["-c", &format!("printf %s {}", quoted(word))])
                .output()
                .unwrap();
            assert_eq!(String::from_utf8(output.stdout).unwrap(), word);
        }
    }

    #[test]
    fn an_option_is_no_address() {
        for host in ["", "-oProxyCommand=true"] {
            let address = Address {
                host: host.into(),
                options: Vec::new(),
                settings: None,
            };
            let error = Connection::open(address).err().unwrap().to_string();
            assert!(error.contains("no address"), "{error}");
        }
    }
}

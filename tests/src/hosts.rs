//! Computers to deploy to: an ssh server each, in a name space of its own, with nothing of evenkeel on it yet.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::{program, root};

/// One of them. It is gone when this is dropped.
pub struct Host {
    folder: TempDir,
    port: u16,
    server: Child,
}

impl Host {
    /// With room for every release.
    pub fn start() -> Self {
        Self::with_megabytes(512)
    }

    /// With so little room for releases. Megabytes.
    ///
    /// # Panics
    /// When it does not start: it needs an ssh server, and to be root or to be allowed name spaces of one's own.
    pub fn with_megabytes(megabytes: u32) -> Self {
        let folder = tempfile::tempdir().expect("a folder can be made");
        keygen(&folder.path().join("key"));
        let port = free_port();
        let server = Self::serve(folder.path(), port, megabytes);
        Self {
            folder,
            port,
            server,
        }
    }

    fn serve(folder: &Path, port: u16, megabytes: u32) -> Child {
        let log = fs::File::create(folder.join("log")).expect("a log can be written");
        let mut server = unshare()
            .arg(root().join("tests/hosts/host.sh"))
            .arg(folder)
            .args([port.to_string(), megabytes.to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("unshare can be started");
        let patience = Instant::now() + Duration::from_secs(20);
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            let ended = server.try_wait().expect("a child can be looked at");
            let log = || fs::read_to_string(folder.join("log")).unwrap_or_default();
            assert!(ended.is_none(), "the host did not start: {}", log());
            assert!(
                Instant::now() < patience,
                "the host does not answer: {}",
                log()
            );
            std::thread::sleep(Duration::from_millis(20));
        }
        server
    }

    /// Options for `evenkeel-deploy`: where it is, as this user.
    pub fn reach(&self, user: &str) -> Vec<String> {
        let mut options = vec!["--host".to_owned(), format!("{user}@127.0.0.1")];
        for option in self.ssh_options() {
            options.extend(["-o".to_owned(), option]);
        }
        options
    }

    /// Options for ssh.
    pub fn ssh_options(&self) -> Vec<String> {
        vec![
            format!("Port={}", self.port),
            format!("IdentityFile={}", self.file("key").display()),
            "IdentitiesOnly=yes".to_owned(),
            format!("UserKnownHostsFile={}", self.file("known-hosts").display()),
            "StrictHostKeyChecking=accept-new".to_owned(),
        ]
    }

    /// The port of its ssh server on the loopback interface.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// A file beside the host, which both sides may use.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs a command on it, as root.
    ///
    /// # Panics
    /// When it fails.
    pub fn run(&self, command: &str) -> String {
        let output = self.ssh(command);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "`{command}`: {said}");
        String::from_utf8(output.stdout).expect("text")
    }

    fn ssh(&self, command: &str) -> Output {
        let mut ssh = Command::new("ssh");
        for option in self.ssh_options() {
            ssh.args(["-o", &option]);
        }
        ssh.args(["-o", "LogLevel=ERROR", "root@127.0.0.1", command]);
        ssh.stdin(Stdio::null())
            .output()
            .expect("ssh can be started")
    }

    /// Ends every connection to it, as a cable that is pulled out.
    pub fn cut_connections(&self) {
        // Those who serve a connection have that in their title; the server itself does not.
        self.ssh("pkill -f '^sshd: [a-z]+ *(\\[priv\\]|@notty)'; true");
    }

    /// Gives it another host key, as if it had been set up anew.
    ///
    /// # Panics
    /// When it does not start again.
    pub fn restart_with_another_key(&mut self) {
        self.stop();
        // What it had started ends a moment later, and still answers until then.
        let patience = Instant::now() + Duration::from_secs(10);
        while Instant::now() < patience && TcpStream::connect(("127.0.0.1", self.port)).is_ok() {
            std::thread::sleep(Duration::from_millis(5));
        }
        for name in ["host-key", "host-key.pub"] {
            fs::remove_file(self.file(name)).expect("the key can be removed");
        }
        self.server = Self::serve(self.folder.path(), self.port, 512);
    }

    fn stop(&mut self) {
        // It may have ended.
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Whether this machine lets a test have name spaces and file systems of its own. Where it does not, as in some containers,
/// tests say so and end.
pub fn possible() -> bool {
    let script = "set -e; cd \"$1\"; mount -t tmpfs tmpfs .; mkdir up work; \
                  mount -t overlay overlay -o lowerdir=/etc,upperdir=up,workdir=work /etc";
    let folder = tempfile::tempdir().expect("a folder can be made");
    let tried = unshare()
        .args(["sh", "-c", script, "sh"])
        .arg(folder.path())
        .output();
    let possible = tried.is_ok_and(|output| output.status.success());
    if !possible {
        eprintln!(
            "SKIPPED: this machine does not let tests mount file systems in a name space of their own"
        );
    }
    possible
}

/// A name space of mounts and processes in which the command that follows is root, and which ends with it.
fn unshare() -> Command {
    let mut unshare = Command::new("unshare");
    unshare.args(["--mount", "--kill-child"]);
    let root_already = fs::metadata("/proc/self").is_ok_and(|own| {
        use std::os::unix::fs::MetadataExt;
        own.uid() == 0
    });
    if !root_already {
        unshare.arg("--map-root-user");
    }
    unshare.args(["--fork", "--pid", "--mount-proc"]);
    unshare
}

/// `evenkeel-deploy`, with a key for signing of its own.
pub fn deploy(key: &Path) -> Command {
    let mut command = program("evenkeel-deploy");
    command.env("EVENKEEL_KEY", key);
    command
}

/// A folder with the programs of this build.
pub fn programs() -> PathBuf {
    let path = program("evenkeel-deploy").get_program().to_owned();
    Path::new(&path)
        .parent()
        .expect("programs lie in a folder")
        .to_owned()
}

/// A port that nobody listens on.
///
/// # Panics
/// When there is none.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
    listener.local_addr().expect("it has a number").port()
}

fn keygen(path: &Path) {
    let mut keygen = Command::new("ssh-keygen");
    keygen
        .args(["-q", "-t", "ed25519", "-N", "", "-f"])
        .arg(path);
    assert!(
        keygen
            .status()
            .expect("ssh-keygen can be started")
            .success()
    );
}

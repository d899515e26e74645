//! The other end of the board's half, and a service manager that does what a release's own program says it would.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use evenkeel_release::{
    Digest, Entry, Key, MANIFEST, Manifest, ReleaseId, ReleasePath, SIGNATURE, Setup, Store,
    Version,
};
use minisign::KeyPair;
use tar::{Builder, Header};

/// A program of a release: a script that says how it does.
pub const GOOD: &str = "#!/bin/sh\n# good\nexit 0\n";
/// Its golden windows come out different.
pub const WRONG: &str = "#!/bin/sh\n# wrong\necho 'error: golden window 1 differs' >&2\nexit 1\n";
/// It crashes when it runs.
pub const CRASHES: &str = "#!/bin/sh\n# crashes\nexit 0\n";
/// It runs and never answers.
pub const HANGS: &str = "#!/bin/sh\n# hangs\nexit 0\n";

/// `systemctl show` tells from the live release's program what a real one would have done.
const SYSTEMCTL: &str = r#"#!/bin/sh
echo "systemctl $*" >>"$BOARD_ROOT/calls"
[ "$1" = show ] || exit 0
program=$BOARD_ROOT/opt/evenkeel/current/bin/evenkeel
case $(sed -n 2p "$program" 2>/dev/null) in
'# good') echo ActiveState=active; echo NRestarts=0; echo StatusText=seven; echo Result=success ;;
'# crashes') echo ActiveState=activating; echo NRestarts=1; echo Result=exit-code ;;
'# hangs') echo ActiveState=activating; echo NRestarts=0; echo Result=success ;;
*) echo ActiveState=inactive; echo NRestarts=0; echo Result=success ;;
esac
"#;
/// Runs what stands after its options.
const SYSTEMD_RUN: &str = r#"#!/bin/sh
while :; do
    case $1 in
    --property) shift 2 ;;
    --*) shift ;;
    *) break ;;
    esac
done
exec "$@"
"#;

/// A board with nothing on it, in a folder.
pub struct Board {
    pub folder: tempfile::TempDir,
    pair: KeyPair,
}

/// A release for it.
pub struct Release {
    pub id: ReleaseId,
    list: String,
    signature: String,
    files: Vec<(Digest, Vec<u8>)>,
}

impl Board {
    /// Not set up yet.
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let bin = folder.path().join("fake-bin");
        fs::create_dir(&bin).unwrap();
        for (name, text) in [("systemctl", SYSTEMCTL), ("systemd-run", SYSTEMD_RUN)] {
            let path = bin.join(name);
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        }
        Self {
            folder,
            pair: KeyPair::generate_unencrypted_keypair().unwrap(),
        }
    }

    /// Set up, and trusting this desk.
    pub fn set_up() -> Self {
        let board = Self::new();
        let key = board.pair.pk.to_box().unwrap().to_string();
        let key = Key::parse(&key, "test").unwrap();
        let output = board.run(&["setup", "--board", "test", "--key", key.text()], &[]);
        assert!(output.status.success(), "{}", said(&output));
        board
    }

    /// Another board that is the same in everything.
    pub fn copy(&self) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (self.root().join("."), folder.path());
        assert!(
            Command::new("cp")
                .arg("-a")
                .arg(from)
                .arg(to)
                .status()
                .unwrap()
                .success()
        );
        Self {
            folder,
            pair: self.pair.clone(),
        }
    }

    pub fn root(&self) -> &Path {
        self.folder.path()
    }

    pub fn store(&self) -> Store {
        Store::at(self.root().join(Setup::HOME))
    }

    /// The command line, to be run.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut words = vec![env!("CARGO_BIN_EXE_evenkeel-board")];
        words.extend(arguments);
        self.wrapped(&words)
    }

    /// The same, with another program around it.
    pub fn wrapped(&self, words: &[&str]) -> Command {
        let mut path = self.root().join("fake-bin").into_os_string();
        path.push(":");
        path.push(std::env::var_os("PATH").unwrap());
        let mut command = Command::new(words[0]);
        command.args(&words[1..]);
        command.arg("--root").arg(self.root());
        command.env("PATH", path).env("BOARD_ROOT", self.root());
        command
    }

    pub fn run(&self, arguments: &[&str], input: &[u8]) -> Output {
        feed(self.command(arguments), input)
    }

    pub fn release(&self, version: u64, program: &str) -> Release {
        self.release_for("test", version, program)
    }

    pub fn release_for(&self, board: &str, version: u64, program: &str) -> Release {
        let agent = fs::read(env!("CARGO_BIN_EXE_evenkeel-board")).unwrap();
        let model = format!("name = \"digits\"\nversion = \"{version}\"\n");
        let files = [
            ("bin/evenkeel", program.as_bytes().to_vec()),
            ("bin/evenkeel-board", agent),
            ("model/model.toml", model.into_bytes()),
            ("systemd/evenkeel.service", Setup::UNIT.as_bytes().to_vec()),
        ];
        let entry = |(path, bytes): &(&str, Vec<u8>)| Entry {
            path: ReleasePath::try_from((*path).to_owned()).unwrap(),
            sha256: Digest::of(bytes),
            size: bytes.len() as u64,
            executable: path.starts_with("bin/"),
        };
        let manifest = Manifest {
            format: Manifest::FORMAT,
            version: Version(version),
            board: board.into(),
            target: format!("{}-unknown-linux-gnu", std::env::consts::ARCH),
            glibc: "2.17".parse().unwrap(),
            program: "0.1.0".into(),
            model: format!("digits {version}"),
            files: files.iter().map(entry).collect(),
        };
        let list = manifest.to_text();
        let signature = minisign::sign(None, &self.pair.sk, list.as_bytes(), None, None);
        Release {
            id: ReleaseId::of(manifest.version, &list),
            list,
            signature: signature.unwrap().to_string(),
            files: files
                .into_iter()
                .map(|(_, bytes)| (Digest::of(&bytes), bytes))
                .collect(),
        }
    }

    /// Offers and sends a release.
    pub fn bring(&self, release: &Release) -> Output {
        let offered = self.run(&["offer"], &release.offer());
        if !offered.status.success() {
            return offered;
        }
        let answer: serde_json::Value = serde_json::from_slice(&offered.stdout).unwrap();
        let missing: Vec<Digest> = serde_json::from_value(answer["missing"].clone()).unwrap();
        if missing.is_empty() {
            return offered;
        }
        self.run(&["receive"], &release.files(&missing))
    }

    /// Brings it and lets the board switch to it, in no time.
    pub fn update(&self, release: &Release) -> Output {
        let brought = self.bring(release);
        if !brought.status.success() {
            return brought;
        }
        self.run(&INSTALL, &[])
    }

    pub fn live(&self) -> Option<ReleaseId> {
        self.store().current()
    }

    pub fn calls(&self) -> String {
        fs::read_to_string(self.root().join("calls")).unwrap_or_default()
    }

    /// Every file below the root with its bytes or its target, but for the notes of this test.
    pub fn everything(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let mut all = Vec::new();
        gather(self.root(), &mut all);
        all.retain(|(path, _)| !path.ends_with("calls"));
        all.sort();
        all
    }
}

/// The command that switches, without waiting long.
pub const INSTALL: [&str; 5] = ["install", "--patience", "1", "--hold", "0"];

impl Release {
    /// The tar that the board is offered.
    pub fn offer(&self) -> Vec<u8> {
        tar([
            (MANIFEST, self.list.as_bytes()),
            (SIGNATURE, self.signature.as_bytes()),
        ])
    }

    /// The tar with these files.
    pub fn files(&self, wanted: &[Digest]) -> Vec<u8> {
        let names: Vec<_> = wanted.iter().map(Digest::to_string).collect();
        let bytes =
            |digest: &Digest| &self.files.iter().find(|file| file.0 == *digest).unwrap().1[..];
        tar(names
            .iter()
            .map(String::as_str)
            .zip(wanted.iter().map(bytes)))
    }

    /// Puts it into a folder, as a package of another update system does.
    pub fn unpack(&self, folder: &Path) {
        let list = Manifest::parse(&self.list).unwrap();
        for (entry, (_, bytes)) in list.files.iter().zip(&self.files) {
            let path = folder.join(entry.path.as_path());
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
        fs::write(folder.join(MANIFEST), &self.list).unwrap();
        fs::write(folder.join(SIGNATURE), &self.signature).unwrap();
    }

    /// With one more letter in its list.
    pub fn altered(mut self) -> Self {
        self.list = self.list.replace("digits", "digitz");
        self
    }
}

fn tar<'a>(files: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> Vec<u8> {
    let mut tar = Builder::new(Vec::new());
    for (name, bytes) in files {
        let mut header = Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        tar.append_data(&mut header, name, bytes).unwrap();
    }
    tar.into_inner().unwrap()
}

pub fn feed(mut command: Command, input: &[u8]) -> Output {
    use std::io::Write;
    let pipes = [Stdio::piped(), Stdio::piped(), Stdio::piped()];
    let [stdin, stdout, stderr] = pipes;
    let mut child = command
        .stdin(stdin)
        .stdout(stdout)
        .stderr(stderr)
        .spawn()
        .unwrap();
    // A program that refuses what it reads ends early.
    let _ = child.stdin.take().unwrap().write_all(input);
    child.wait_with_output().unwrap()
}

pub fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn gather(folder: &Path, all: &mut Vec<(PathBuf, Vec<u8>)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let kind = fs::symlink_metadata(&path).unwrap().file_type();
        if kind.is_dir() {
            gather(&path, all);
        } else if kind.is_symlink() {
            let target = fs::read_link(&path).unwrap();
            all.push((path, target.into_os_string().into_encoded_bytes()));
        } else {
            all.push((path.clone(), fs::read(&path).unwrap()));
        }
    }
}

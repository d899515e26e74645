//! Packages of a small release, looked into by Debian's own `dpkg-deb`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use evenkeel_release::{MANIFEST, Manifest, Version};
use tempfile::TempDir;

use super::*;
use crate::boards::{self, Board};
use crate::deploy::{Programs, Wish};
use crate::keys::SigningKey;

/// A model with a name, and programs that are this test itself.
struct Desk {
    folder: TempDir,
    board: Board,
    wish: Wish,
    key: SigningKey,
}

impl Desk {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let model = folder.path().join("model");
        fs::create_dir(&model).unwrap();
        let text = "name = \"digits\"\nversion = \"2.0.0\"\nlicense = \"CC-BY-SA-4.0\"\n";
        fs::write(model.join("model.toml"), text).unwrap();
        let this = std::env::current_exe().unwrap();
        for name in ["evenkeel", "evenkeel-board"] {
            fs::copy(&this, folder.path().join(name)).unwrap();
        }
        let boards = Path::new(env!("CARGO_MANIFEST_DIR")).join("../boards");
        let mut board = boards::find(&boards, "generic-amd64").unwrap();
        board.target = boards::Target::of_host().unwrap();
        board.glibc = "2.59".parse().unwrap();
        board.options = vec!["--web".to_owned()];
        let key = SigningKey::make(&folder.path().join("deploy.key"), None).unwrap();
        let wish = Wish {
            model,
            version: Some(Version(20_261_125_043_310)),
            allow_downgrade: false,
            set_up: false,
            patience: 61,
            hold: 31,
        };
        Self {
            folder,
            board,
            wish,
            key,
        }
    }

    fn ready(&self) -> Ready<'_> {
        let programs = Programs::find(&self.board, self.folder.path()).unwrap();
        Ready::make(&self.board, &self.wish, &self.key, programs).unwrap()
    }

    /// The package in a file.
    fn package(&self, ready: &Ready) -> PathBuf {
        let out = self.folder.path().join("evenkeel.deb");
        fs::write(&out, bytes(ready)).unwrap();
        out
    }
}

fn bytes(ready: &Ready) -> Vec<u8> {
    let deb = Deb {
        ready,
        maintainer: &"Ada Lovelace <ada@example.com>".parse().unwrap(),
        moment: Moment::find(ready.release.manifest.version).unwrap(),
    };
    deb.bytes().unwrap()
}

fn run(words: &[&str]) -> Output {
    let output = Command::new(words[0]).args(&words[1..]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{words:?}: {said}");
    output
}

#[test]
fn dpkg_reads_what_the_package_is() {
    let desk = Desk::new();
    let ready = desk.ready();
    let package = desk.package(&ready);
    let field = |name: &str| {
        let value = run(&["dpkg-deb", "--field", package.to_str().unwrap(), name]).stdout;
        String::from_utf8(value).unwrap().trim().to_owned()
    };
    assert_eq!(field("Package"), "evenkeel");
    let version = format!("{}-20261125043310", env!("CARGO_PKG_VERSION"));
    assert_eq!(field("Version"), version);
    assert_eq!(field("Architecture"), desk.board.target.debian());
    let depends = field("Depends");
    let glibc = format!("libc6 (>= {})", ready.release.manifest.glibc);
    assert!(depends.contains(&glibc), "{depends}");
    assert!(field("Description").contains(ready.release.id.as_ref()));
}

#[test]
fn it_holds_the_release_as_it_was_signed_and_scripts_that_sh_reads() {
    let desk = Desk::new();
    let ready = desk.ready();
    let package = desk.package(&ready);
    let to = desk.folder.path().join("unpacked");
    let (package, folder) = (package.to_str().unwrap(), to.to_str().unwrap());
    run(&["dpkg-deb", "--raw-extract", package, folder]);

    let release = to.join(FOLDER).join("release");
    let list = fs::read_to_string(release.join(MANIFEST)).unwrap();
    assert_eq!(list, ready.release.list);
    for entry in Manifest::parse(&list).unwrap().files {
        let (is, _) = evenkeel_release::digest(&release.join(entry.path.as_path())).unwrap();
        assert_eq!(is, entry.sha256, "{}", entry.path);
    }
    let options = fs::read_to_string(to.join(Setup::OPTIONS)).unwrap();
    assert!(options.ends_with("EVENKEEL_OPTIONS=--web\n"), "{options}");
    let take = to.join(FOLDER).join("take");
    let scripts = SCRIPTS.map(|(name, _)| to.join("DEBIAN").join(name));
    for script in scripts.iter().chain([&take]) {
        run(&["sh", "-n", script.to_str().unwrap()]);
        let text = fs::read_to_string(script).unwrap();
        let hole = text.split('@').nth(1).filter(|name| {
            !name.is_empty() && name.chars().all(|c| c.is_ascii_uppercase() || c == '_')
        });
        assert_eq!(hole, None, "{}", script.display());
    }
    let text = fs::read_to_string(take).unwrap();
    assert!(text.contains("patience=61\nhold=31\n"), "{text}");
}

#[test]
fn the_same_release_gives_the_same_bytes() {
    let desk = Desk::new();
    let ready = desk.ready();
    assert!(bytes(&ready) == bytes(&ready), "the bytes differ");
}

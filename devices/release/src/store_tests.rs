use std::fs;

use minisign::KeyPair;

use super::*;
use crate::{Digest, Entry, Glibc, Host, Key, Offer, ReleasePath, SIGNATURE, Setup, Version};

/// A list with these files, and empty ones in place of those that no release is without.
pub fn manifest(version: u64, files: &[(&str, &[u8])]) -> Manifest {
    let needed = [
        "bin/evenkeel",
        "bin/evenkeel-board",
        "model/model.toml",
        "systemd/evenkeel.service",
    ];
    let given = |path: &&str| files.iter().all(|(other, _)| other != path);
    let empty = needed
        .into_iter()
        .filter(given)
        .map(|path| (path, &b""[..]));
    let entry = |(path, bytes): (&str, &[u8])| Entry {
        path: ReleasePath::try_from(path.to_owned()).unwrap(),
        sha256: Digest::of(bytes),
        size: bytes.len() as u64,
        executable: bytes.starts_with(b"#!"),
    };
    Manifest {
        format: Manifest::FORMAT,
        version: Version(version),
        board: "test".into(),
        target: "x86_64-unknown-linux-gnu".into(),
        glibc: "2.31".parse().unwrap(),
        program: "0.1.0".into(),
        model: "digits 0.1.0".into(),
        files: empty.chain(files.iter().copied()).map(entry).collect(),
    }
}

pub fn host() -> Host {
    Host {
        board: "test".into(),
        processor: "x86_64".into(),
        glibc: "2.36".parse::<Glibc>().unwrap(),
    }
}

/// A board that trusts one key.
struct Board {
    folder: tempfile::TempDir,
    pair: KeyPair,
    store: Store,
}

type Files<'a> = &'a [(&'a str, &'a [u8])];

impl Board {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let pair = KeyPair::generate_unencrypted_keypair().unwrap();
        let key = Key::parse(&pair.pk.to_box().unwrap().to_string(), "test").unwrap();
        let setup = Setup {
            board: "test".into(),
            keys: [key].into_iter().collect(),
            options: String::new(),
        };
        let store = setup.write(folder.path()).unwrap();
        Self {
            folder,
            pair,
            store,
        }
    }

    fn sign(&self, list: &str) -> String {
        sign(&self.pair, list)
    }

    fn offer(&self, version: u64, files: Files) -> Result<Offer, Error> {
        let list = manifest(version, files).to_text();
        self.store.offer(&host(), &list, &self.sign(&list), false)
    }

    fn bring(&self, version: u64, files: Files) -> ReleaseId {
        let offer = self.offer(version, files).unwrap();
        for digest in &offer.missing {
            let file = files.iter().find(|(_, bytes)| Digest::of(bytes) == *digest);
            self.store
                .receive(*digest, file.map_or(&b""[..], |(_, bytes)| bytes))
                .unwrap();
        }
        let id = self.store.assemble().unwrap();
        assert_eq!(id, offer.id);
        id
    }

    fn update(&self, version: u64) -> ReleaseId {
        let text = version.to_string();
        let id = self.bring(version, &[("model/a.onnx", text.as_bytes())]);
        self.store.try_out(&id).unwrap();
        self.store.commit().unwrap();
        id
    }
}

fn sign(pair: &KeyPair, list: &str) -> String {
    let signature = minisign::sign(None, &pair.sk, list.as_bytes(), Some("test"), None);
    signature.unwrap().to_string()
}

#[test]
fn a_release_comes_in_pieces_and_what_is_there_is_not_sent_again() {
    let board = Board::new();
    let program: &[u8] = b"#!program";
    let first = board.bring(1, &[("bin/evenkeel", program), ("model/a.onnx", b"a")]);
    let folder = board.store.folder(&first);
    assert_eq!(fs::read(folder.join("bin/evenkeel")).unwrap(), program);
    let mode = |path: &str| {
        use std::os::unix::fs::PermissionsExt;
        fs::metadata(folder.join(path))
            .unwrap()
            .permissions()
            .mode()
            & 0o777
    };
    assert_eq!(
        (mode("bin/evenkeel"), mode("model/a.onnx"), mode("model")),
        (0o755, 0o644, 0o755)
    );
    assert!(!board.store.incoming().exists(), "nothing is left over");

    let files: Files = &[("bin/evenkeel", program), ("model/a.onnx", b"b")];
    let offer = board.offer(2, files).unwrap();
    assert_eq!(
        (offer.missing.as_slice(), offer.bytes),
        (&[Digest::of(b"b")][..], 1)
    );
    assert!(matches!(
        board.store.assemble(),
        Err(Error::Incomplete(1, 5))
    ));
    board.store.receive(Digest::of(b"b"), &b"b"[..]).unwrap();
    // Cut off and begun again: what came before the cut is there.
    assert!(board.offer(2, files).unwrap().missing.is_empty());
    board.store.assemble().unwrap();
    assert_eq!(board.store.releases().unwrap().len(), 2);
}

#[test]
fn a_file_that_went_bad_on_the_card_is_sent_again() {
    let board = Board::new();
    let first = board.bring(1, &[("model/a.onnx", b"good")]);
    fs::write(board.store.folder(&first).join("model/a.onnx"), "bad!").unwrap();
    let offer = board.offer(2, &[("model/a.onnx", b"good")]).unwrap();
    assert_eq!(offer.missing, [Digest::of(b"good")]);
}

#[test]
fn nothing_comes_in_that_was_not_signed_by_whom_the_board_trusts() {
    let board = Board::new();
    let list = manifest(1, &[("model/a.onnx", b"a")]).to_text();
    let offer = |list: &str, signature: &str| {
        board
            .store
            .offer(&host(), list, signature, false)
            .unwrap_err()
            .to_string()
    };
    let stranger = KeyPair::generate_unencrypted_keypair().unwrap();
    assert!(offer(&list, &sign(&stranger, &list)).contains("which this board does not trust"));
    let signature = board.sign(&list);
    assert!(offer(&list.replace("digits", "digit5"), &signature).contains("does not hold"));
    assert!(offer(&list, "").contains("does not hold"));
    assert!(offer(&list, &signature.replace("test", "best")).contains("does not hold"));
    assert!(!board.store.incoming().exists());

    board
        .store
        .offer(&host(), &list, &signature, false)
        .unwrap();
    let altered = board
        .store
        .receive(Digest::of(b"a"), &b"b"[..])
        .unwrap_err();
    assert!(matches!(altered, Error::Altered { .. }), "{altered}");
    let longer = board
        .store
        .receive(Digest::of(b"a"), &b"aa"[..])
        .unwrap_err();
    assert!(matches!(longer, Error::Altered { .. }), "{longer}");
    let other = board
        .store
        .receive(Digest::of(b"b"), &b"b"[..])
        .unwrap_err();
    assert!(matches!(other, Error::Unexpected(_)), "{other}");
    // Altered where it waits for its files.
    board.store.receive(Digest::of(b"a"), &b"a"[..]).unwrap();
    fs::write(board.store.incoming().join(MANIFEST), list + "\n").unwrap();
    assert!(matches!(board.store.assemble(), Err(Error::Signature(_))));
    let signature = board.store.incoming().join(SIGNATURE);
    fs::remove_file(signature).unwrap();
    assert!(board.store.assemble().is_err());
    assert!(board.store.releases().unwrap().is_empty());
}

#[test]
fn one_release_is_live_and_two_older_ones_are_kept() {
    let board = Board::new();
    assert_eq!(board.store.current(), None);
    let ids: Vec<_> = (1..=5).map(|version| board.update(version)).collect();
    assert_eq!(board.store.current().as_ref(), ids.last());
    assert_eq!(board.store.releases().unwrap(), ids[2..]);
    let state = board.store.state().unwrap();
    assert_eq!(state.earlier, [ids[3].clone(), ids[2].clone()]);
    assert_eq!((state.highest, state.trial), (Version(5), None));
    let live = fs::read(board.store.current_link().join("model/a.onnx")).unwrap();
    assert_eq!(live, b"5");
}

#[test]
fn a_trial_that_fails_gives_way_to_the_last_good_release_and_is_remembered() {
    let board = Board::new();
    let good = board.update(1);
    let bad = board.bring(2, &[("model/a.onnx", b"bad")]);
    board.store.try_out(&bad).unwrap();
    assert_eq!(board.store.current(), Some(bad.clone()));
    board.store.go_back(Some("it crashed".into())).unwrap();
    let state = board.store.state().unwrap();
    assert_eq!(
        (board.store.current(), state.good),
        (Some(good.clone()), Some(good))
    );
    let failure = &state.failed[0];
    assert_eq!(
        (&failure.release, failure.why.as_str()),
        (&bad, "it crashed")
    );
    assert_eq!(
        state.highest,
        Version(1),
        "what did not do is no reason to refuse an older one"
    );
    // The first release of all has nothing to go back to.
    let board = Board::new();
    let only = board.bring(1, &[]);
    board.store.try_out(&only).unwrap();
    board.store.go_back(None).unwrap();
    assert_eq!(board.store.current(), None);
}

#[test]
fn a_power_cut_in_a_trial_is_settled_and_anything_else_is_left_alone() {
    let board = Board::new();
    let good = board.update(1);
    assert_eq!(board.store.settle().unwrap(), None);
    let new = board.bring(2, &[]);
    assert_eq!(board.store.settle().unwrap(), None);
    board.store.try_out(&new).unwrap();
    assert_eq!(board.store.settle().unwrap(), Some(new.clone()));
    assert_eq!(board.store.current(), Some(good));
    assert!(
        board.store.state().unwrap().failed.is_empty(),
        "a power cut is no fault of it"
    );
    assert_eq!(board.store.settle().unwrap(), None);
}

#[test]
fn an_older_release_needs_to_be_allowed() {
    let board = Board::new();
    board.update(5);
    let list = manifest(4, &[]).to_text();
    let signature = board.sign(&list);
    let refused = board
        .store
        .offer(&host(), &list, &signature, false)
        .unwrap_err();
    assert!(matches!(refused, Error::Downgrade { .. }), "{refused}");
    board.store.offer(&host(), &list, &signature, true).unwrap();
    assert_eq!(board.store.assemble().unwrap().version(), Version(4));
}

#[test]
fn setting_up_again_changes_keys_and_keeps_what_a_person_wrote() {
    let board = Board::new();
    let id = board.update(1);
    let options = board.folder.path().join("etc/evenkeel/options.env");
    fs::write(&options, "EVENKEEL_OPTIONS=--web\n").unwrap();
    let pair = KeyPair::generate_unencrypted_keypair().unwrap();
    let key = Key::parse(&pair.pk.to_box().unwrap().to_string(), "test").unwrap();
    let setup = Setup {
        board: "other".into(),
        keys: [key.clone()].into_iter().collect(),
        options: "--quiet".into(),
    };
    let store = setup.write(board.folder.path()).unwrap();
    assert_eq!(
        fs::read_to_string(options).unwrap(),
        "EVENKEEL_OPTIONS=--web\n"
    );
    let trusted: Vec<_> = store.trusted().unwrap().iter().map(Key::id).collect();
    assert_eq!(trusted, [key.id()]);
    assert_eq!(Setup::board(&store).unwrap().as_deref(), Some("other"));
    assert_eq!(store.current(), Some(id));
}

//! The program is killed before each of its system calls that change files, in turn: whatever that leaves, one release is
//! live, it is whole, and the update can be done again. (What a disk does with half of what was written is tried with a
//! virtual board that loses its power; see docs/deploying.md.)

use std::os::unix::process::ExitStatusExt;

use crate::desk::{Board, CRASHES, GOOD, INSTALL, Release, WRONG, feed, said};
use evenkeel_release::{ReleaseId, digest};

/// Every call by which a file or a name changes.
const CALLS: &str =
    "openat,rename,unlink,unlinkat,symlink,link,linkat,mkdir,fchmodat,fsync,syncfs,rmdir,chmod";

/// Whether what is live is whole.
fn live_and_whole(board: &Board) -> Option<ReleaseId> {
    let store = board.store();
    let live = store.current()?;
    for entry in store.manifest(&live).unwrap().files {
        let path = store.folder(&live).join(entry.path.as_path());
        assert_eq!(
            digest(&path).unwrap().0,
            entry.sha256,
            "{} of {live}",
            entry.path
        );
    }
    Some(live)
}

/// Runs a command that is killed at its nth call. Whether it was.
fn killed_at(board: &Board, arguments: &[&str], input: &[u8], nth: usize) -> bool {
    let inject = format!("inject={CALLS}:signal=KILL:when={nth}");
    let mut words = vec!["strace", "-qq", "-o", "/dev/null", "-e", &inject];
    words.push(env!("CARGO_BIN_EXE_evenkeel-board"));
    words.extend(arguments);
    let output = feed(board.wrapped(&words), input);
    // strace ends itself the way that the program did.
    let killed = output.status.signal() == Some(9);
    assert!(
        killed || output.status.code().is_some(),
        "{}",
        said(&output)
    );
    killed
}

/// A board on which the first release is live and the second one has come whole.
fn about_to_switch(second: &str) -> (Board, Release, Release) {
    let board = Board::set_up();
    let old = board.release(1, GOOD);
    assert!(board.update(&old).status.success());
    let new = board.release(2, second);
    assert!(board.bring(&new).status.success());
    (board, old, new)
}

#[test]
fn slow_killed_anywhere_in_the_switch_a_board_runs_the_old_release_or_the_new_one() {
    let (start, old, new) = about_to_switch(GOOD);
    let mut seen = [0, 0];
    for nth in 1.. {
        let board = start.copy();
        if !killed_at(&board, &INSTALL, &[], nth) {
            break;
        }
        let between = live_and_whole(&board).expect("one is live at any moment");
        assert!([&old.id, &new.id].contains(&&between));
        // The board starts again.
        assert!(board.run(&["settle"], &[]).status.success());
        let settled = live_and_whole(&board).unwrap();
        let state = board.store().state().unwrap();
        assert_eq!(
            (state.good, state.trial),
            (Some(settled.clone()), None),
            "call {nth}"
        );
        seen[usize::from(settled == new.id)] += 1;
        // And the update is done again.
        let output = board.update(&new);
        assert!(output.status.success(), "call {nth}: {}", said(&output));
        assert_eq!(live_and_whole(&board), Some(new.id.clone()));
    }
    println!("old {} times, new {} times", seen[0], seen[1]);
    assert!(seen[0] > 20 && seen[1] > 2, "{seen:?}");
}

#[test]
fn slow_killed_anywhere_on_the_way_back_a_board_runs_the_old_release() {
    let (start, old, _) = about_to_switch(CRASHES);
    let mut kills = 0;
    for nth in 1.. {
        let board = start.copy();
        if !killed_at(&board, &INSTALL, &[], nth) {
            break;
        }
        kills += 1;
        assert!(board.run(&["settle"], &[]).status.success());
        assert_eq!(live_and_whole(&board), Some(old.id.clone()), "call {nth}");
    }
    assert!(kills > 30, "{kills}");
}

#[test]
fn slow_killed_anywhere_while_a_release_comes_nothing_changes_and_it_comes_the_next_time() {
    let board = Board::set_up();
    let old = board.release(1, GOOD);
    assert!(board.update(&old).status.success());
    let new = board.release(2, WRONG);
    let wanted = [WRONG.as_bytes(), b"name = \"digits\"\nversion = \"2\"\n"]
        .map(evenkeel_release::Digest::of);
    let mut kills = 0;
    for (arguments, input) in [("offer", new.offer()), ("receive", new.files(&wanted))] {
        for nth in 1.. {
            if !killed_at(&board, &[arguments], &input, nth) {
                break;
            }
            kills += 1;
            assert_eq!(live_and_whole(&board), Some(old.id.clone()));
        }
    }
    assert!(kills > 15, "{kills}");
    let output = board.run(&INSTALL, &[]);
    assert!(
        said(&output).contains("golden window"),
        "all of it is there: {}",
        said(&output)
    );
}

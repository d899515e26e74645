//! Updates of a board in a folder: the real program, real signatures, and a service manager that plays its part.

use std::fs;

use crate::desk::{Board, CRASHES, GOOD, HANGS, WRONG, feed, said};
use evenkeel_release::Digest;

#[test]
fn a_release_is_proved_switched_to_and_kept_and_its_agent_takes_over() {
    let board = Board::set_up();
    let unit = board.root().join("etc/systemd/system/evenkeel.service");
    assert_eq!(
        fs::read_link(unit).unwrap().to_str(),
        Some("/opt/evenkeel/current/systemd/evenkeel.service")
    );
    let first = board.release(1, GOOD);
    let output = board.update(&first);
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(board.live(), Some(first.id.clone()));
    let lines = String::from_utf8(output.stdout).unwrap();
    let order = ["assemble", "golden windows", "switch", "answers"];
    let places = order.map(|step| {
        lines
            .find(&format!(r#""event":"done","step":"{step}""#))
            .unwrap()
    });
    assert!(places.is_sorted(), "{lines}");
    assert!(
        board
            .calls()
            .contains("systemctl restart --no-block evenkeel.service")
    );
    assert!(board.store().root().join("bin/evenkeel-board").exists());

    let second = board.release(2, GOOD);
    assert!(board.update(&second).status.success());
    let status = board.run(&["status"], &[]);
    let status = String::from_utf8(status.stdout).unwrap();
    assert!(
        status.contains(&format!("{}  evenkeel 0.1.0, digits 2  live", second.id)),
        "{status}"
    );
    assert!(status.contains("active: seven"), "{status}");

    let back = board.run(&["rollback", "--patience", "1", "--hold", "0"], &[]);
    assert!(back.status.success(), "{}", said(&back));
    assert_eq!(board.live(), Some(first.id));
    let again = board.run(&["rollback", "--patience", "1", "--hold", "0"], &[]);
    assert!(
        said(&again).contains("no older release"),
        "{}",
        said(&again)
    );
}

#[test]
fn a_release_that_does_not_do_is_gone_back_from_and_the_reason_is_kept() {
    let board = Board::set_up();
    let good = board.release(1, GOOD);
    assert!(board.update(&good).status.success());
    let cases = [
        (WRONG, "golden window 1 differs"),
        (CRASHES, "it ended with an error"),
        (HANGS, "it did not answer within 1 s"),
    ];
    for (number, (program, why)) in (2..).zip(&cases) {
        let bad = board.release(number, program);
        let output = board.update(&bad);
        assert_eq!(output.status.code(), Some(1));
        let expected = format!("release {} did not do, and {} is live: ", bad.id, good.id);
        let told = said(&output);
        assert!(told.contains(&expected) && told.contains(why), "{told}");
        assert_eq!(board.live(), Some(good.id.clone()));
        let state = board.store().state().unwrap();
        assert_eq!((&state.good, &state.trial), (&Some(good.id.clone()), &None));
        assert!(state.failed[0].why.contains(why), "{:?}", state.failed);
        assert!(!board.store().folder(&bad.id).exists(), "it takes no room");
    }
    // Nothing to go back to: nothing is live, and the next one may come.
    let fresh = Board::set_up();
    let output = fresh.update(&fresh.release(1, CRASHES));
    assert!(
        said(&output).contains("there was none before it"),
        "{}",
        said(&output)
    );
    assert_eq!(fresh.live(), None);
    assert!(fresh.update(&fresh.release(2, GOOD)).status.success());
}

#[test]
fn what_is_refused_changes_nothing_and_says_why_in_a_sentence() {
    let board = Board::set_up();
    assert!(board.update(&board.release(5, GOOD)).status.success());
    let before = board.everything();
    let stranger = Board::new();
    let cases = [
        (stranger.release(6, GOOD), "which this board does not trust"),
        (
            board.release(6, GOOD).altered(),
            "the signature of the release does not hold",
        ),
        (
            board.release(4, GOOD),
            "is older than 5, which this board has had",
        ),
        (
            board.release_for("other", 6, GOOD),
            "is for the board other, and this one was set up as test",
        ),
    ];
    for (release, why) in cases {
        let output = board.bring(&release);
        assert_eq!(output.status.code(), Some(1));
        let told = said(&output);
        assert!(
            told.contains(why) && told.trim().lines().count() == 1,
            "{told}"
        );
        assert_eq!(board.everything(), before, "{why}");
    }
    let output = board.run(&["offer"], b"no tar");
    assert_eq!(output.status.code(), Some(1));
    let output = Board::new().run(&["offer"], &stranger.release(1, GOOD).offer());
    assert!(said(&output).contains("is not set up"), "{}", said(&output));
}

#[test]
fn a_file_that_was_altered_on_the_way_is_not_taken() {
    let board = Board::set_up();
    let (release, other) = (board.release(1, GOOD), board.release(1, WRONG));
    assert!(board.run(&["offer"], &release.offer()).status.success());
    let mut sent = other.files(&[Digest::of(WRONG.as_bytes())]);
    let output = board.run(&["receive"], &sent);
    assert!(
        said(&output).contains("not in the release"),
        "{}",
        said(&output)
    );
    sent = release.files(&[Digest::of(GOOD.as_bytes())]);
    let place = sent.windows(4).position(|bytes| bytes == b"good").unwrap();
    sent[place] = b'f';
    let output = board.run(&["receive"], &sent);
    assert!(
        said(&output).contains("is not what was signed"),
        "{}",
        said(&output)
    );
    let output = board.run(&crate::desk::INSTALL, &[]);
    assert!(said(&output).contains("are missing"), "{}", said(&output));
    assert_eq!(board.live(), None);
}

#[test]
fn two_updates_at_once_are_one_too_many() {
    let board = Board::set_up();
    assert!(board.bring(&board.release(1, HANGS)).status.success());
    let mut first = board.command(&["install", "--patience", "2", "--hold", "0"]);
    let mut first = first.stdout(std::process::Stdio::null()).spawn().unwrap();
    while board.live().is_none() {
        assert_eq!(first.try_wait().unwrap(), None, "it ended early");
        std::thread::yield_now();
    }
    let second = board.run(&["offer"], &board.release(2, GOOD).offer());
    assert!(
        said(&second).contains("another update"),
        "{}",
        said(&second)
    );
    let status = board.run(&["status"], &[]);
    assert!(String::from_utf8_lossy(&status.stdout).contains("on trial"));
    // What the service starts before itself is no power cut.
    let settled = board.run(&["settle"], &[]);
    assert!(settled.status.success(), "{}", said(&settled));
    assert!(board.live().is_some());
    first.wait().unwrap();
}

#[test]
fn everything_can_be_taken_off_again() {
    let board = Board::new();
    let before = board.everything();
    let board = {
        let set_up = Board::set_up();
        assert!(set_up.update(&set_up.release(1, GOOD)).status.success());
        set_up
    };
    assert!(board.run(&["uninstall", "--purge"], &[]).status.success());
    let names = |all: &[(std::path::PathBuf, Vec<u8>)]| all.len();
    let after: Vec<_> = board
        .everything()
        .into_iter()
        .filter(|(path, _)| !path.ends_with("evenkeel-board.lock"))
        .collect();
    assert_eq!(names(&after), names(&before), "{after:?}");
    let again = feed(board.command(&["uninstall"]), &[]);
    assert!(again.status.success(), "{}", said(&again));
}

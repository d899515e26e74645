//! Releases that packages of other update systems bring: from a folder, and onto boards that do not run.

use std::fs;
use std::process::Output;

use crate::desk::{Board, CRASHES, GOOD, Release, WRONG, said};

/// Installs from a folder with this release, without waiting long.
fn install(board: &Board, release: &Release, more: &[&str]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    release.unpack(folder.path());
    install_from(board, folder.path().to_str().unwrap(), more)
}

fn install_from(board: &Board, folder: &str, more: &[&str]) -> Output {
    let mut arguments = vec![
        "install",
        "--from",
        folder,
        "--patience",
        "1",
        "--hold",
        "0",
    ];
    arguments.extend(more);
    board.run(&arguments, &[])
}

#[test]
fn a_release_in_a_folder_goes_through_the_steps_of_one_that_is_sent() {
    let board = Board::set_up();
    let good = board.release(2, GOOD);
    let output = install(&board, &good, &[]);
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(board.live(), Some(good.id.clone()));
    let lines = String::from_utf8(output.stdout).unwrap();
    assert!(lines.contains("golden windows") && lines.contains("answers"));

    let stranger = Board::new();
    let cases = [
        (board.release(3, WRONG), "golden window 1 differs"),
        (board.release(4, CRASHES), "it ended with an error"),
        (board.release(1, GOOD), "is older than 2"),
        (stranger.release(5, GOOD), "does not trust"),
        (
            board.release_for("other", 6, GOOD),
            "is for the board other",
        ),
    ];
    for (release, why) in cases {
        let output = install(&board, &release, &[]);
        assert_eq!(output.status.code(), Some(1));
        assert!(said(&output).contains(why), "{}", said(&output));
        assert_eq!(board.live(), Some(good.id.clone()), "{why}");
    }
    let older = board.release(1, GOOD);
    let output = install(&board, &older, &["--allow-downgrade"]);
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(board.live(), Some(older.id));
}

#[test]
fn a_folder_without_a_whole_release_is_refused() {
    let board = Board::set_up();
    let folder = tempfile::tempdir().unwrap();
    let name = folder.path().to_str().unwrap();
    let output = install_from(&board, name, &[]);
    assert!(
        said(&output).contains("there is no release in"),
        "{}",
        said(&output)
    );
    board.release(1, GOOD).unpack(folder.path());
    let program = folder.path().join("bin/evenkeel");
    fs::write(&program, WRONG).unwrap();
    let output = install_from(&board, name, &[]);
    assert!(
        said(&output).contains("not what was signed"),
        "{}",
        said(&output)
    );
    fs::remove_file(&program).unwrap();
    let output = install_from(&board, name, &[]);
    assert!(said(&output).contains("cannot read"), "{}", said(&output));
    assert_eq!(board.live(), None);
}

#[test]
fn a_board_that_does_not_run_is_set_up_filled_and_emptied_without_a_word_to_systemd() {
    let trusting = Board::set_up();
    let key = trusting.store().trusted().unwrap();
    let key = key.iter().next().unwrap().text().to_owned();
    let board = trusting.copy();
    let removed = board.run(&["uninstall", "--purge"], &[]);
    assert!(removed.status.success(), "{}", said(&removed));
    let before = board.everything();
    fs::remove_file(board.root().join("calls")).unwrap();

    let setup = ["setup", "--offline", "--board", "test", "--key", &key];
    assert!(board.run(&setup, &[]).status.success());
    // It would crash if it were started: what cannot be proved is taken as it is.
    for release in [board.release(1, GOOD), board.release(2, CRASHES)] {
        let output = install(&board, &release, &["--offline"]);
        assert!(output.status.success(), "{}", said(&output));
        let state = board.store().state().unwrap();
        assert_eq!((state.good, state.trial), (Some(release.id.clone()), None));
        assert_eq!(board.live(), Some(release.id));
    }
    let refused = install(&board, &board.release(1, WRONG), &["--offline"]);
    assert!(
        said(&refused).contains("is older than 2"),
        "{}",
        said(&refused)
    );

    assert!(
        board
            .run(&["uninstall", "--offline", "--purge"], &[])
            .status
            .success()
    );
    assert_eq!(board.everything(), before);
    assert_eq!(board.calls(), "");
}

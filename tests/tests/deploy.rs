//! A release onto a board over a real ssh, with the shipped model and the programs as they are. The service manager is
//! pretended; the virtual board has a real one (tests/devices/deploy.sh).

use std::path::Path;
use std::process::Stdio;
use std::thread::sleep;
use std::time::Duration;

use evenkeel_tests::desk::{BOARD, Desk, done, live, refused, said};
use evenkeel_tests::hosts::{Host, free_port, possible, programs};
use evenkeel_tests::packages::{replace, seal, shipped};

#[test]
fn a_board_is_set_up_updated_looked_at_rolled_back_and_left() {
    if !possible() {
        return;
    }
    let (desk, host) = (Desk::default(), Host::start());
    let first = done(&desk.to(&host, &shipped(), &[]));
    assert_eq!(first["set_up"], true);
    assert!(first["sent_bytes"].as_u64().unwrap() > 5_000_000, "{first}");
    let first = first["release"].as_str().unwrap().to_owned();
    assert_eq!(live(&host), format!("releases/{first}"));
    assert!(
        host.run("cat /run/service-manager.log")
            .contains("restart --no-block evenkeel.service")
    );

    // Another model: the programs are there.
    let second = done(&desk.to(&host, &desk.model("another"), &[]));
    assert_eq!(second["set_up"], false);
    assert!(second["sent_bytes"].as_u64().unwrap() < 100_000, "{second}");
    let second = second["release"].as_str().unwrap().to_owned();

    let reach = host.reach("root");
    let on_board = |arguments: &[&str]| {
        let mut command = desk.deploy();
        command.args(arguments).args(&reach).output().unwrap()
    };
    let status = on_board(&["status", "--json"]);
    let status: serde_json::Value = serde_json::from_slice(&status.stdout).unwrap();
    assert_eq!(
        (&status["live"], &status["board"]),
        (&second.clone().into(), &BOARD.into())
    );
    assert_eq!(status["service"]["says"], "seven, both sensors");
    assert_eq!(status["releases"].as_array().unwrap().len(), 2);

    let back = on_board(&["rollback", "--patience", "3"]);
    assert!(back.status.success(), "{}", said(&back));
    assert_eq!(live(&host), format!("releases/{first}"));

    let gone = on_board(&["uninstall", "--purge"]);
    assert!(gone.status.success(), "{}", said(&gone));
    assert_eq!(host.run("ls -A /opt; find /etc -name '*evenkeel*'"), "");
    assert!(
        refused(&on_board(&["status"])).contains("is not on this board"),
        "nothing is there"
    );
}

#[test]
fn a_release_that_crashes_hangs_or_answers_wrongly_is_gone_back_from() {
    if !possible() {
        return;
    }
    let (desk, host) = (Desk::default(), Host::start());
    done(&desk.to(&host, &shipped(), &[]));
    let good = live(&host);
    let wrong = desk.model("wrong");
    replace(&wrong, "model.toml", "std = 3.0", "std = 0.5");
    seal(&wrong);
    let cases = [
        (desk.model("PRETEND: crashes"), "it crashed"),
        (desk.model("PRETEND: hangs"), "it did not answer within 3 s"),
        (wrong, "does not answer here as on the desk"),
    ];
    for (model, why) in cases {
        let error = refused(&desk.to(&host, &model, &[]));
        assert!(error.contains(why) && error.contains("is live"), "{error}");
        assert_eq!(live(&host), good);
    }
    assert_eq!(
        host.run("ls /opt/evenkeel/releases").lines().count(),
        1,
        "they take no room"
    );
}

#[test]
fn what_is_refused_says_why_and_changes_nothing() {
    if !possible() {
        return;
    }
    let (desk, mut host) = (Desk::default(), Host::start());
    done(&desk.to(&host, &shipped(), &["--version-number", "7"]));
    let state =
        |host: &Host| host.run("find /opt /etc/systemd /etc/evenkeel -printf '%p %s %l\\n' | sort");
    let before = state(&host);
    let other = Desk::default();
    let model = desk.model("new");
    let mut wrong_board = desk.deploy();
    wrong_board
        .args(["to", "raspberry-pi-4"])
        .args(host.reach("root"));
    wrong_board.arg("--programs").arg(programs());
    let mut unknown_board = desk.deploy();
    unknown_board
        .args(["to", "rasberry-pi4"])
        .args(host.reach("root"));
    let nowhere = ["--host", "root@127.0.0.1", "-o"]
        .map(str::to_owned)
        .into_iter();
    let nowhere: Vec<_> = nowhere.chain([format!("Port={}", free_port())]).collect();
    let cases = [
        (
            other.to(&host, &model, &[]),
            "which this board does not trust",
        ),
        (
            desk.to(&host, &model, &["--version-number", "6"]),
            "is older than 7, which this board has had",
        ),
        (
            desk.to_with(&host.reach("nobody-special"), &model, &[]),
            "sudo wants a password",
        ),
        (
            desk.to_with(&host.reach("stranger"), &model, &[]),
            "does not let us in",
        ),
        (desk.to_with(&nowhere, &model, &[]), "but not to ssh"),
        (
            wrong_board.output().unwrap(),
            "is not for aarch64-unknown-linux-gnu",
        ),
        (
            unknown_board.output().unwrap(),
            "did you mean 'raspberry-pi-4'?",
        ),
        (
            desk.to(&host, Path::new("nowhere"), &[]),
            "no model package in nowhere",
        ),
    ];
    for (output, why) in cases {
        let error = refused(&output);
        assert!(error.contains(why), "{error}");
    }
    assert_eq!(state(&host), before);
    // It may be older if that is wanted.
    done(&desk.to(
        &host,
        &model,
        &["--version-number", "6", "--allow-downgrade"],
    ));
    // And another key may be trusted if the board is set up again.
    done(&other.to(&host, &desk.model("newer"), &["--set-up"]));

    host.restart_with_another_key();
    let error = refused(&desk.to(&host, &model, &[]));
    assert!(error.contains("another host key than before"), "{error}");
}

#[test]
fn a_release_that_does_not_fit_is_refused_before_anything_is_written() {
    if !possible() {
        return;
    }
    let (desk, host) = (Desk::default(), Host::with_megabytes(24));
    let error = refused(&desk.to(&host, &shipped(), &[]));
    assert!(
        error.contains("MB more on the disk of the board"),
        "{error}"
    );
    assert_eq!(live(&host), "");
}

#[test]
fn a_dry_run_says_what_it_would_do_and_connects_to_nobody() {
    let desk = Desk::default();
    let reach = ["--host", "pi@board.invalid"].map(str::to_owned);
    let output = desk.to_with(&reach, &shipped(), &["--dry-run"]);
    assert!(output.status.success(), "{}", said(&output));
    let text = String::from_utf8(output.stdout).unwrap();
    for expected in [
        "ssh pi@board.invalid",
        "golden windows",
        "bin/evenkeel (",
        "model/fusion.onnx",
    ] {
        assert!(text.contains(expected), "{text}");
    }
}

#[test]
fn slow_a_connection_that_breaks_anywhere_leaves_the_old_release_or_the_new_one_and_the_next_try_goes_on()
 {
    let (desk, host) = (Desk::default(), Host::start());
    done(&desk.to(&host, &shipped(), &[]));
    let mut broken = 0;
    for attempt in 0..8u64 {
        let before = live(&host);
        let model = desk.model(&format!("model {attempt}"));
        let mut command = desk.bring(BOARD, &model);
        let child = command
            .args(host.reach("root"))
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        sleep(Duration::from_millis(100 + 200 * attempt));
        host.cut_connections();
        let output = child.wait_with_output().unwrap();
        if !output.status.success() {
            broken += 1;
            let error = refused(&output);
            assert!(
                error.contains("broke") || error.contains("is not on this board"),
                "{error}"
            );
        }
        // An update that the board had begun, it ends by itself.
        let busy = || host.run("pgrep -f '[e]venkeel-board install' || true");
        while !busy().trim().is_empty() {
            sleep(Duration::from_millis(50));
        }
        let between = live(&host);
        done(&desk.to(&host, &model, &[]));
        let after = live(&host);
        assert!(
            between == before
                || host
                    .run("ls /opt/evenkeel/releases")
                    .contains(between.trim_start_matches("releases/"))
        );
        assert_ne!(after, before);
    }
    assert!(broken >= 3, "only {broken} of the connections broke");
}

//! Fleets: ten computers with real ssh servers, of which two are not what the file says, and runs that end in the middle.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use evenkeel_tests::desk::{BOARD, Desk, done, live, refused, said};
use evenkeel_tests::hosts::{Host, free_port, possible};
use evenkeel_tests::packages::shipped;
use serde_json::Value;

/// A kind of board that none of the hosts is.
const OTHER: &str = "other-board";

/// What the file of a fleet says of one board.
struct Entry {
    name: String,
    kind: &'static str,
    group: &'static str,
    options: Vec<String>,
}

impl Entry {
    fn of(host: &Host, name: &str, group: &'static str) -> Self {
        Self {
            name: name.to_owned(),
            kind: BOARD,
            group,
            options: host.ssh_options(),
        }
    }
}

/// Writes the file of a fleet.
fn write(path: &Path, entries: &[Entry], waves: &str) {
    let mut text = "[defaults]\nuser = \"root\"\n".to_owned();
    for entry in entries {
        let Entry {
            name,
            kind,
            group,
            options,
        } = entry;
        text += &format!(
            "\n[[boards]]\nname = \"{name}\"\nkind = \"{kind}\"\naddress = \"127.0.0.1\"\ngroups = [\"{group}\"]\n\
             ssh-options = {options:?}\n"
        );
    }
    fs::write(path, text + waves).unwrap();
}

/// The outcomes in the order of the waves, and whether the run was successful.
fn outcomes(output: &Output) -> Vec<(String, String)> {
    let told: Value =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", said(output)));
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let rows = told["boards"].as_array().unwrap();
    rows.iter()
        .map(|row| (text(&row["board"]), text(&row["outcome"])))
        .collect()
}

fn count(output: &Output, outcome: &str) -> usize {
    outcomes(output)
        .iter()
        .filter(|(_, is)| is == outcome)
        .count()
}

fn reason(output: &Output, board: &str) -> String {
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    let row = told["boards"]
        .as_array()
        .unwrap()
        .iter()
        .find(|row| row["board"] == board);
    row.unwrap()["reason"]
        .as_str()
        .unwrap_or_default()
        .to_owned()
}

const WAVES: &str = r#"
[[waves]]
name = "canary"
groups = ["canary"]
parallel = 2

[[waves]]
name = "hall"
groups = ["hall"]
max-failures = 1
parallel = 2
"#;

#[test]
fn ten_boards_with_two_bad_ones_stop_in_their_wave_and_go_on_when_these_are_mended() {
    if !possible() {
        return;
    }
    let (desk, hosts) = (
        Desk::default(),
        (0..10).map(|_| Host::start()).collect::<Vec<_>>(),
    );
    let text = fs::read_to_string(desk.boards().join(format!("{BOARD}.toml"))).unwrap();
    let text = text.replace(
        &format!("name = \"{BOARD}\""),
        &format!("name = \"{OTHER}\""),
    );
    let text = text.replace("identity = []", "identity = [\"other,board\"]");
    fs::write(desk.boards().join(format!("{OTHER}.toml")), text).unwrap();

    let file = desk.file("fleet.toml");
    let entry = |place: usize| {
        let group = if place < 2 { "canary" } else { "hall" };
        Entry::of(&hosts[place], &format!("board-{place}"), group)
    };
    let mut entries: Vec<Entry> = (0..10).map(entry).collect();
    entries[2].options[0] = format!("Port={}", free_port());
    entries[3].kind = OTHER;
    write(&file, &entries, WAVES);
    let to = |model: &Path, more: &[&str]| {
        let mut command = desk.bring(file.to_str().unwrap(), model);
        command.args(more).output().unwrap()
    };

    let early = refused(&to(&shipped(), &["--wave", "hall"]));
    assert!(
        early.contains("wave 'canary' comes before 'hall', and 2 of its 2"),
        "{early}"
    );
    assert_eq!(live(&hosts[9]), "");

    let canary = to(&shipped(), &["--wave", "canary"]);
    assert!(canary.status.success(), "{}", said(&canary));
    assert_eq!(count(&canary, "live"), 2);

    // The canaries have it; of the hall at most two may be on their way when the second failure is told.
    let stopped = to(&shipped(), &[]);
    let error = refused(&stopped);
    assert!(
        error.contains("more boards of wave 'hall' failed (2) than may (1)"),
        "{error}"
    );
    assert_eq!(
        (count(&stopped, "live-before"), count(&stopped, "failed")),
        (2, 2)
    );
    assert!(
        count(&stopped, "not-begun") >= 5,
        "{:?}",
        outcomes(&stopped)
    );
    assert!(
        reason(&stopped, "board-2").contains("but not to ssh"),
        "{}",
        reason(&stopped, "board-2")
    );
    assert!(
        reason(&stopped, "board-3").contains("and is no other-board"),
        "{}",
        reason(&stopped, "board-3")
    );
    assert_eq!(
        (live(&hosts[2]), live(&hosts[3]), live(&hosts[9])),
        Default::default()
    );

    let mended: Vec<Entry> = (0..10).map(entry).collect();
    write(&file, &mended, WAVES);
    let mended = to(&shipped(), &[]);
    let told = done(&mended);
    assert_eq!(count(&mended, "live-before") + count(&mended, "live"), 10);
    assert!(count(&mended, "live") >= 7, "{:?}", outcomes(&mended));
    let first = told["boards"][0]["release"].as_str().unwrap().to_owned();
    for host in &hosts {
        assert_eq!(live(host), format!("releases/{first}"));
    }
    let log = hosts[0].run("cat /run/service-manager.log");
    assert_eq!(
        log.matches("restart --no-block evenkeel.service").count(),
        1,
        "{log}"
    );
    let idle = to(&shipped(), &[]);
    assert_eq!(
        (idle.status.success(), count(&idle, "live-before")),
        (true, 10)
    );

    // For people: a table with the same.
    let mut command = desk.deploy();
    let status = command.args(["status"]).arg(&file).output().unwrap();
    assert!(status.status.success(), "{}", said(&status));
    let table = String::from_utf8(status.stdout).unwrap();
    assert_eq!(table.matches(&first).count(), 10, "{table}");
    assert_eq!(
        table.matches("active: seven, both sensors").count(),
        10,
        "{table}"
    );

    // Another model begins at the beginning, and one that never answers gets no further than the first wave.
    let hangs = desk.model("PRETEND: hangs");
    let early = refused(&to(&hangs, &["--wave", "hall"]));
    assert!(early.contains("comes before"), "{early}");
    let hung = to(&hangs, &[]);
    assert!(
        said(&hung).contains("begins anew with all boards"),
        "{}",
        said(&hung)
    );
    assert!(refused(&hung).contains("of wave 'canary' failed (2) than may (0)"));
    assert_eq!((count(&hung, "failed"), count(&hung, "not-begun")), (2, 8));
    assert!(reason(&hung, "board-0").contains("did not answer within 3 s"));

    // Going back is for those that took the last release, and for nobody else.
    done(&to(&desk.model("second"), &["--wave", "canary"]));
    assert_ne!(live(&hosts[1]), format!("releases/{first}"));
    let mut command = desk.deploy();
    command.args(["rollback", "--patience", "3"]).arg(&file);
    let back = command.output().unwrap();
    assert!(back.status.success(), "{}", said(&back));
    assert!(
        said(&back).contains("2 of 2 boards went back"),
        "{}",
        said(&back)
    );
    for host in &hosts {
        assert_eq!(live(host), format!("releases/{first}"));
    }
    let nothing = command.output().unwrap();
    assert!(refused(&nothing).contains("nothing to go back from"));
}

const ONE_BY_ONE: &str = "\n[[waves]]\nname = \"all\"\ngroups = [\"all\"]\nparallel = 1\n";

#[test]
fn a_run_that_is_interrupted_or_killed_has_noted_what_was_done_and_the_next_one_does_the_rest() {
    if !possible() {
        return;
    }
    let (desk, hosts) = (Desk::default(), [(); 4].map(|()| Host::start()));
    let file = desk.file("fleet.toml");
    let entries: Vec<Entry> = (0..4)
        .map(|n| Entry::of(&hosts[n], &format!("b{n}"), "all"))
        .collect();
    write(&file, &entries, ONE_BY_ONE);
    let to = || desk.bring(file.to_str().unwrap(), &shipped());
    let journal = || fs::read_to_string(desk.file("fleet.toml.journal")).unwrap_or_default();
    let noted = || journal().matches("outcome = \"live\"").count();
    let until_noted = |child: &mut Child, boards: usize| {
        let patience = Instant::now() + Duration::from_secs(60);
        while noted() < boards {
            assert!(Instant::now() < patience, "{}", journal());
            assert!(child.try_wait().unwrap().is_none(), "it ended too early");
            sleep(Duration::from_millis(5));
        }
    };

    let mut first = start(&mut to());
    until_noted(&mut first, 1);
    let second = refused(&to().output().unwrap());
    assert!(
        second.contains("is being served by another run"),
        "{second}"
    );
    assert!(to().arg("--dry-run").output().unwrap().status.success());
    signal(&first, "INT");
    let interrupted = first.wait_with_output().unwrap();
    assert!(
        refused(&interrupted).contains("interrupted: "),
        "{}",
        said(&interrupted)
    );
    // The board that was under way has come to its end, and no other was begun.
    let lived = noted();
    assert_eq!(
        (
            count(&interrupted, "live"),
            count(&interrupted, "not-begun")
        ),
        (lived, 4 - lived)
    );
    assert!((1..4).contains(&lived), "{lived}");

    let mut killed = start(&mut to());
    until_noted(&mut killed, lived + 1);
    signal(&killed, "KILL");
    killed.wait().unwrap();
    let lived = noted();
    let version = |text: &str| {
        text.lines()
            .find(|line| line.starts_with("version"))
            .map(str::to_owned)
    };
    let before = version(&journal());

    // What a board had begun it ends by itself, whoever has gone.
    let busy = |host: &Host| host.run("pgrep -f '[e]venkeel-board install' || true");
    while hosts.iter().any(|host| !busy(host).trim().is_empty()) {
        sleep(Duration::from_millis(50));
    }
    let last = to().output().unwrap();
    let told = done(&last);
    assert_eq!(
        (count(&last, "live-before"), count(&last, "live")),
        (lived, 4 - lived)
    );
    assert!(before.is_some() && version(&journal()) == before);
    for (row, host) in told["boards"].as_array().unwrap().iter().zip(&hosts) {
        assert_eq!(
            live(host),
            format!("releases/{}", row["release"].as_str().unwrap())
        );
    }
}

#[test]
fn a_wave_that_fails_while_it_rests_keeps_the_next_one_from_beginning() {
    if !possible() {
        return;
    }
    let (desk, hosts) = (Desk::default(), [(); 2].map(|()| Host::start()));
    let file = desk.file("fleet.toml");
    let entries = [
        Entry::of(&hosts[0], "one", "first"),
        Entry::of(&hosts[1], "two", "second"),
    ];
    let waves = "\n[[waves]]\nname = \"first\"\ngroups = [\"first\"]\npause = 3\n\n[[waves]]\nname = \"second\"\ngroups = [\"second\"]\n";
    write(&file, &entries, waves);
    let mut child = start(&mut desk.bring(file.to_str().unwrap(), &shipped()));
    let mut lines = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    while !line.contains("to show that it goes on well") {
        line.clear();
        assert!(
            lines.read_line(&mut line).unwrap() > 0,
            "it ended too early"
        );
    }
    hosts[0].run("rm /opt/evenkeel/current");
    let mut rest = String::new();
    lines.read_to_string(&mut rest).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(
        rest.contains("of wave 'first' failed (1) than may (0)"),
        "{rest}"
    );
    assert_eq!(
        (count(&output, "failed"), count(&output, "not-begun")),
        (1, 1)
    );
    assert!(reason(&output, "one").contains("nothing is live there any more"));
    assert_eq!(live(&hosts[1]), "");
}

fn start(command: &mut Command) -> Child {
    command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

fn signal(child: &Child, name: &str) {
    let id = child.id().to_string();
    let sent = Command::new("kill")
        .args(["-s", name, &id])
        .status()
        .unwrap();
    assert!(sent.success());
}

#[test]
fn what_belongs_to_a_fleet_is_bad_usage_elsewhere() {
    let desk = Desk::default();
    let file = desk.file("fleet.toml");
    fs::write(
        &file,
        "[[boards]]\nname = \"a\"\naddress = \"a\"\nkind = \"nonsense\"\n",
    )
    .unwrap();
    let file = file.to_str().unwrap();
    for (arguments, why) in [
        (
            &["to", BOARD, "--wave", "canary"][..],
            "--wave is for the file of a fleet",
        ),
        (&["to", file, "--host", "a"], "leave out --host"),
        (
            &["status", "virtual", "--group", "a"],
            "--group needs the file of a fleet",
        ),
        (
            &["rollback", file, "--to", "7-0a1b2c3d"],
            "--to is for one board",
        ),
    ] {
        let output = desk.deploy().args(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{}", said(&output));
        assert!(said(&output).contains(why), "{}", said(&output));
    }
    let wrong = refused(&desk.deploy().args(["to", file]).output().unwrap());
    assert!(
        wrong.contains("fleet.toml, line 4: there is no board 'nonsense'"),
        "{wrong}"
    );
}

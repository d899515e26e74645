//! What a file of a fleet may say, and what is said about one that is wrong.

use std::path::Path;

use super::*;
use crate::boards;

/// A board of a fleet.
pub fn member(name: &str, kind: &str) -> Member {
    Member {
        name: name.to_owned(),
        kind: kind.to_owned(),
        host: format!("pi@{name}"),
        options: vec!["Port=2222".to_owned()],
        groups: Vec::new(),
    }
}

/// The fleet of a text that is right.
pub fn fleet(text: &str) -> Fleet {
    read(text).unwrap()
}

fn read(text: &str) -> Result<Fleet> {
    let folder = crate::checkout::root()?.join("devices/boards");
    Fleet::parse(Path::new("fleet.toml"), text, |kind| {
        boards::find(&folder, kind)
    })
}

const FULL: &str = r#"
[defaults]
kind = "raspberry-pi-4"
user = "pi"
ssh-options = ["IdentityFile=~/.ssh/boards"]
max-failures = "10%"

[[boards]]
name = "dock-1"
address = "10.0.0.1"
groups = ["dock", "trusted"]

[[boards]]
name = "dock-2"
address = "root@10.0.0.1"
ssh-options = ["Port=2222"]
groups = ["dock"]

[[boards]]
name = "gate"
address = "gate.lan"
kind = "jetson-nano"
user = "nvidia"

[[waves]]
name = "canary"
groups = ["trusted"]
max-failures = 0
pause = 600

[[waves]]
name = "everybody"
groups = ["dock"]
boards = ["gate"]
parallel = 20
"#;

#[test]
fn a_file_says_who_there_is_and_in_which_wave() {
    let fleet = fleet(FULL);
    let kinds: Vec<&String> = fleet.kinds.keys().collect();
    assert_eq!(kinds, ["jetson-nano", "raspberry-pi-4"]);
    let [canary, everybody] = &fleet.waves[..] else {
        panic!("two waves")
    };
    let names = |wave: &Wave| -> Vec<String> {
        wave.members
            .iter()
            .map(|member| member.name.clone())
            .collect()
    };
    assert_eq!(names(canary), ["dock-1"]);
    // Who had it in the first wave does not get it again.
    assert_eq!(names(everybody), ["dock-2", "gate"]);
    assert_eq!(
        (canary.limit, canary.pause.as_secs(), canary.parallel),
        (Limit::Count(0), 600, 8)
    );
    assert_eq!(
        (everybody.limit, everybody.parallel),
        (Limit::Share(10), 20)
    );

    let hosts: Vec<&str> = fleet.members().map(|member| member.host.as_str()).collect();
    assert_eq!(hosts, ["pi@10.0.0.1", "root@10.0.0.1", "nvidia@gate.lan"]);
    let dock_2 = &everybody.members[0];
    assert_eq!(dock_2.options, ["Port=2222", "IdentityFile=~/.ssh/boards"]);
    assert_eq!(dock_2.address().options[0], "BatchMode=yes");

    let select = |wave, group| fleet.select(wave, group).map(|members| members.len());
    assert_eq!(select(None, None).unwrap(), 3);
    assert_eq!(select(Some("everybody"), Some("dock")).unwrap(), 1);
    let error = select(None, Some("dok")).unwrap_err().to_string();
    assert!(error.contains("did you mean 'dock'?"), "{error}");
}

#[test]
fn a_file_without_waves_is_one_wave() {
    let fleet = fleet("boards = [{ name = \"a\", address = \"a\", kind = \"virtual\" }]");
    assert_eq!(fleet.waves.len(), 1);
    assert_eq!(
        (fleet.waves[0].name.as_str(), fleet.waves[0].may_fail()),
        ("all", 0)
    );
}

#[test]
fn a_share_is_of_the_boards_of_the_wave_and_never_more_than_it_says() {
    for (limit, boards, may) in [
        (Limit::Share(10), 9, 0),
        (Limit::Share(10), 200, 20),
        (Limit::Share(100), 3, 3),
        (Limit::Count(2), 200, 2),
    ] {
        assert_eq!(limit.of(boards), may, "{limit:?} of {boards}");
    }
}

#[test]
fn what_is_wrong_is_said_with_its_line() {
    let cases = [
        (
            "kind = \"raspberry-pi-4\"",
            "kind = \"rasberry-pi4\"",
            "line 3: there is no board 'rasberry-pi4': did you mean 'raspberry-pi-4'?",
        ),
        (
            "kind = \"raspberry-pi-4\"",
            "",
            "line 9: this board has no kind",
        ),
        (
            "\"dock-2\"",
            "\"dock-1\"",
            "line 14: a second board is called 'dock-1'",
        ),
        (
            "\"dock-2\"",
            "\"dock 2\"",
            "line 14: 'dock 2' cannot be a name",
        ),
        ("\"gate.lan\"", "\"\"", "line 21: '' is no address"),
        (
            "\"gate.lan\"",
            "\"-oProxyCommand=x\"",
            "line 21: '-oProxyCommand=x' is no address",
        ),
        (
            "root@10.0.0.1\"\nssh-options = [\"Port=2222\"]",
            "10.0.0.1\"\n",
            "line 15: 'dock-1' and 'dock-2' have one address",
        ),
        (
            "[\"trusted\"]",
            "[\"trustet\"]",
            "line 27: no board is in the group 'trustet': did you mean 'trusted'?",
        ),
        (
            "[\"gate\"]",
            "[\"gait\"]",
            "line 34: there is no board 'gait': did you mean 'gate'?",
        ),
        (
            "boards = [\"gate\"]",
            "",
            "line 20: board 'gate' is in no wave",
        ),
        (
            "groups = [\"trusted\"]",
            "",
            "line 26: wave 'canary' has no boards",
        ),
        (
            "\"everybody\"",
            "\"canary\"",
            "line 32: a second wave is called 'canary'",
        ),
        ("\"10%\"", "\"110%\"", "line 6: '110%' is no share"),
        ("\"10%\"", "-1", "line 6: a number of boards, or a share"),
        (
            "parallel = 20",
            "parallel = 0",
            "line 35: parallel is 1 to 256",
        ),
        (
            "pause = 600",
            "pause = 999999",
            "line 29: pause is in seconds",
        ),
        (
            "pause = 600",
            "pauze = 600",
            "line 29: unknown field `pauze`",
        ),
        ("[defaults]", "[defaults", "line 2: "),
    ];
    for (good, bad, why) in cases {
        assert!(FULL.contains(good), "{good}");
        let error = format!("{:#}", read(&FULL.replacen(good, bad, 1)).unwrap_err());
        assert!(
            error.starts_with("fleet.toml, ") && error.contains(why),
            "{error}"
        );
        assert!(!error.trim_end().contains('\n'), "{error}");
    }
    let error = read("").unwrap_err().to_string();
    assert!(error.contains("names no boards"), "{error}");
}

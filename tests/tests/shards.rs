//! A study in parts: done by several processes, one of which is killed, it comes to the same as in one piece.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use evenkeel_tests::{miniature, program, run};
use tempfile::TempDir;

fn study(folder: &Path, out: &str) -> Command {
    let mut command = program("evenkeel-train");
    command
        .args(["study", "--config"])
        .arg(folder.join("study.toml"))
        .arg("--out")
        .arg(folder.join(out));
    command
}

/// The files of results, by name.
fn results(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    files
        .map(|entry| {
            let name = entry.file_name().into_string().unwrap();
            (name, fs::read(entry.path()).unwrap())
        })
        .collect()
}

#[test]
fn slow_parts_of_a_study_come_to_the_same_as_the_whole() {
    let folder = TempDir::new().unwrap();
    let at = |name: &str| folder.path().join(name);
    miniature::write_config(folder.path());
    let methods = ["audio", "camera", "attention"].map(|fusion| {
        format!("[[method]]\nname = \"{fusion}\"\nset = [\"model.fusion={fusion}\", \"training.epochs=1\"]\n")
    });
    let text = format!(
        "base = \"miniature.toml\"\nseeds = [0, 1]\n{}",
        methods.concat()
    );
    fs::write(at("study.toml"), text).unwrap();
    run(&mut study(folder.path(), "whole")).fine();

    // Two machines of their own, one of which is switched off in the middle of its second run.
    run(study(folder.path(), "one").args(["--shard", "1/2"])).fine();
    let mut child = study(folder.path(), "two")
        .args(["--shard", "2/2"])
        .spawn()
        .unwrap();
    let done = || fs::read_dir(at("two/results")).map_or(0, |files| files.count());
    while done() < 1 {
        assert!(child.try_wait().unwrap().is_none(), "it ended too soon");
        std::thread::sleep(Duration::from_millis(2));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let merge = || {
        run(study(folder.path(), "merged")
            .arg("--merge")
            .arg(at("one/results"))
            .arg(at("two/results")))
    };
    merge().refuses(1, &["missing", "do the parts"]);
    run(study(folder.path(), "two").args(["--shard", "2/2"])).fine();
    merge().fine().says(&["attention"]);
    assert_eq!(results(&at("one/results")).len(), 3);
    assert_eq!(
        results(&at("merged/results")),
        results(&at("whole/results"))
    );

    fs::write(at("two/results/audio-1.json"), "{}").unwrap();
    merge().refuses(1, &["audio-1.json", "differ"]);
    run(study(folder.path(), "whole").args(["--shard", "3/2"])).refuses_usage(&["3/8"]);
}

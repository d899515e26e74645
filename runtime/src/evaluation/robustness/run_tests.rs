use std::fs;

use super::super::by_heart::*;
use super::super::clip::clip_record;
use super::super::*;
use super::*;
use crate::evaluation::metrics::matched_interval;

#[test]
fn cells_margins_and_intervals_are_those_of_the_answers() {
    let found = run_on(&TWELVE, 3, None).unwrap();
    let summary = &found.summary;
    assert_eq!(summary.clips, 12);
    assert_eq!(summary.clean.fused, Some(1.0));
    assert_eq!(summary.clean.camera, Some(11.0 / 12.0));
    let [mild, worse, gone] = &summary.cells[..] else {
        panic!("{:?}", summary.cells);
    };
    let close = |one: f64, other: f64| (one - other).abs() < 1e-12;
    assert_eq!((mild.n, mild.group), (12, Group::Training));
    assert_eq!((mild.fused, mild.healthy_alone), (1.0, Some(11.0 / 12.0)));
    assert!(close(mild.margin.unwrap(), 1.0 / 12.0));
    // One of twelve clips gained and none lost.
    let interval = matched_interval(1, 0, 12);
    assert_eq!(mild.ci95, Some([interval.low, interval.high]));
    assert!(close(worse.margin.unwrap(), -0.25), "{worse:?}");
    assert_eq!(
        (worse.clean["model"], worse.clean["lens"]),
        (1.0, 11.0 / 12.0)
    );
    assert_eq!(worse.others["lens"], 0.0);
    // The healthy sensor is the camera where the microphone is gone.
    assert_eq!((gone.healthy_alone, gone.margin), (Some(0.75), Some(0.0)));
    assert_eq!(gone.group, Group::HeldOut);
    // The condition is the third cell: audio has 0.3 + 0.3.
    assert!((gone.share.unwrap() - 0.6).abs() < 1e-6);
    // Both corrupted: against the better of the two, and no part of the keel.
    assert_eq!(summary.both[0].healthy_alone, Some(0.5));
    assert_eq!(summary.both[0].margin, Some(0.0));
    let keel = &summary.keel;
    assert_eq!((keel.all.cells, keel.all.worst), (3, worse.margin));
    assert_eq!(keel.all.worst_cell, Some(cell("camera/torn", 2)));
    assert_eq!(keel.all.missed.len(), 1);
    assert_eq!((keel.training.cells, keel.held_out.cells), (2, 1));
    assert_eq!(keel.held_out.missed, []);
    // The share on the camera falls with each condition of `torn`.
    assert_eq!(summary.attention[0].rho_of_means, Some(-1.0));
    assert_eq!(
        summary.main().unwrap().corrupted,
        Some((1.0 + 0.75 + 0.75) / 3.0)
    );
    assert_eq!(
        found,
        run_on(&TWELVE, 1, None).unwrap(),
        "any number of threads"
    );
}

#[test]
fn a_torn_run_goes_on_and_finds_what_an_uninterrupted_one_finds() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("deep/partial.jsonl");
    let whole = run_on(&TWELVE, 2, Some(&path)).unwrap();
    let kept = fs::read_to_string(&path).unwrap();
    let lines: Vec<&str> = kept.lines().collect();
    assert_eq!(lines.len(), 13);
    // The power fails in the middle of the sixth line.
    let torn = lines[..5].join("\n") + "\n" + &lines[5][..lines[5].len() / 2];
    fs::write(&path, torn).unwrap();
    let mut first = None;
    let make = || Ok::<_, String>(ByHeart::new(None));
    let again = run(
        &plan(),
        &contestants(),
        &TWELVE,
        make,
        NonZeroUsize::MIN,
        Portion {
            kept: Some(&path),
            ..Portion::default()
        },
        |done, all| {
            first.get_or_insert((done, all));
        },
    );
    assert_eq!(again.unwrap(), whole);
    assert_eq!(first, Some((4, 12)), "four clips were whole");
    assert_eq!(fs::read_to_string(&path).unwrap().lines().count(), 13);

    let other = run_on(
        &Memory {
            clips: 11,
            broken: None,
        },
        1,
        Some(&path),
    );
    let why = other.unwrap_err();
    assert!(
        why.contains("partial.jsonl") && why.contains("delete it"),
        "{why}"
    );
    assert_eq!(
        fs::read_to_string(&path).unwrap().lines().count(),
        13,
        "nothing of it is lost"
    );
}

#[test]
fn parts_come_to_the_same_as_the_whole() {
    let folder = tempfile::tempdir().unwrap();
    let whole = run_on(&TWELVE, 1, None).unwrap();
    let on = |portion: Portion| {
        let make = || Ok::<_, String>(ByHeart::new(None));
        let one = NonZeroUsize::MIN;
        let counted = std::cell::Cell::new((0, 0));
        let progress = |done, all| counted.set((done, all));
        let (plan, contestants) = (plan(), contestants());
        let found = run(&plan, &contestants, &TWELVE, make, one, portion, progress);
        found.map(|found| (found, counted.get()))
    };
    let files = [1, 2, 3].map(|part| folder.path().join(format!("{part}.jsonl")));
    for (index, file) in files.iter().enumerate() {
        let portion = Portion {
            kept: Some(file),
            shard: Some(format!("{}/3", index + 1).parse().unwrap()),
            ..Portion::default()
        };
        let (found, counted) = on(portion).unwrap();
        assert_eq!((found.records.len(), counted), (4, (4, 4)));
    }
    // One part was cut off: what it has not done is done now.
    let cut = fs::read_to_string(&files[1]).unwrap();
    fs::write(&files[1], &cut[..cut.len() - 5]).unwrap();
    let merged = folder.path().join("merged.jsonl");
    let portion = Portion {
        kept: Some(&merged),
        others: &files,
        shard: None,
    };
    assert_eq!(on(portion).unwrap(), (whole, (12, 12)));
    assert_eq!(fs::read_to_string(&merged).unwrap().lines().count(), 13);

    let gone = [folder.path().join("4.jsonl")];
    let portion = Portion {
        others: &gone,
        ..Portion::default()
    };
    let why = on(portion).unwrap_err().to_string();
    assert!(
        why.contains("4.jsonl") && why.contains("do that part"),
        "{why}"
    );
}

#[test]
fn a_file_of_somebody_else_is_left_alone_and_a_record_that_does_not_fit_is_asked_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("partial.jsonl");
    fs::write(&path, "my notes\n").unwrap();
    let why = run_on(&TWELVE, 1, Some(&path)).unwrap_err();
    assert!(
        why.contains("partial.jsonl") && why.contains("move it"),
        "{why}"
    );
    assert_eq!(fs::read_to_string(&path).unwrap(), "my notes\n");

    fs::remove_file(&path).unwrap();
    let whole = run_on(&TWELVE, 1, Some(&path)).unwrap();
    let kept = fs::read_to_string(&path).unwrap();
    for (from, to) in [
        ("{\"clip\":5,", "{\"clip\":12,"),
        ("\"answers\":[{\"label\":0,", "\"answers\":[{\"label\":2,"),
    ] {
        assert!(kept.contains(from), "{kept}");
        fs::write(&path, kept.replace(from, to)).unwrap();
        assert_eq!(run_on(&TWELVE, 1, Some(&path)).unwrap(), whole);
        assert_eq!(fs::read_to_string(&path).unwrap(), kept);
    }
    // Interrupted in its very first line.
    fs::write(&path, &kept[..30]).unwrap();
    assert_eq!(run_on(&TWELVE, 1, Some(&path)).unwrap(), whole);
}

#[test]
fn a_broken_clip_and_one_that_makes_the_model_panic_cost_themselves_only() {
    let clips = Memory {
        clips: 12,
        broken: Some(4),
    };
    let make = || Ok::<_, String>(ByHeart::new(Some(7)));
    let two = NonZeroUsize::new(2).unwrap();
    let all = Portion::default();
    let found = run(&plan(), &contestants(), &clips, make, two, all, |_, _| ()).unwrap();
    assert_eq!((found.summary.clips, found.summary.broken.len()), (10, 2));
    assert!(found.summary.broken[0].why.ends_with("cut short"));
    assert!(found.summary.broken[1].why.contains("index out of bounds"));
    assert_eq!(found.summary.cells[0].n, 10);
}

#[test]
fn clips_without_the_healthy_sensor_do_not_count_against_the_model() {
    let mut content = TWELVE.read(0).unwrap();
    content.windows[0].sound = None;
    let mut panel = ByHeart::new(None);
    let record = clip_record(&plan(), &contestants(), (0, "mute"), &content, &mut panel).unwrap();
    let summary = Summary::of(&plan(), &contestants(), &[record], Vec::new());
    assert!(summary.cells.is_empty() && summary.keel.all.worst.is_none());
    assert!(
        summary.both.is_empty(),
        "a pair of sensors cannot be spoilt"
    );
    assert_eq!(summary.clean.audio, None);
    let clean = |place: usize| summary.contestants[place].clean;
    assert_eq!([clean(0), clean(1), clean(2)], [Some(1.0), None, Some(1.0)]);
}

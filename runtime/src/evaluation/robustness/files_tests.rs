use super::super::by_heart::*;
use super::super::*;
use super::*;

#[test]
fn the_files_hold_every_answer_and_the_page_no_name_as_markup() {
    let clips = Memory {
        clips: 12,
        broken: Some(3),
    };
    let found = run_on(&clips, 2, None).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let partial = folder.path().join(PARTIAL);
    fs::write(&partial, "left over").unwrap();
    let heading = Heading {
        title: "model <1>".to_owned(),
        quick: true,
        seed: 7,
    };
    let failures = worst_failures(&plan(), &contestants(), &clips, &found.records, 12);
    // The model is wrong and the microphone right about clips 0, 1 and 2 under one kind; about 3 it
    // could not be asked.
    assert_eq!(failures.len(), 3);
    assert!(failures[0].confidence > failures[2].confidence);
    for shown in [&failures[0].picture, &failures[0].spectrogram] {
        assert!(matches!(shown, Shown::Png(_)));
    }
    write(
        folder.path(),
        &heading,
        &plan(),
        &contestants(),
        &found,
        &failures,
    )
    .unwrap();
    assert!(!partial.exists());

    let results = fs::read_to_string(folder.path().join("results.csv")).unwrap();
    assert_eq!(results.lines().count(), 1 + 11 * 5);
    let clean = results.lines().nth(1).unwrap();
    assert!(clean.contains(",none,0,,<yes>,0.6,"), "{clean}");
    let summary = fs::read_to_string(folder.path().join("summary.json")).unwrap();
    let value: serde_json::Value = serde_json::from_str(&summary).unwrap();
    for key in [
        "/clean/fused",
        "/clean/audio",
        "/clean/camera",
        "/clean/intervals/fused/low",
        "/keel/worst",
        "/keel/mean",
        "/keel/held-out/worst",
        "/calibration/ece",
        "/calibration/clean/ece",
        "/calibration/corrupted/ece",
        "/cells/0/margin",
        "/cells/0/ci95/1",
        "/cells/0/others/mic",
        "/cells/0/share",
        "/contestants/1/corrupted",
    ] {
        assert!(value.pointer(key).is_some_and(|v| v.is_number()), "{key}");
    }
    assert_eq!(value["cells"][0]["group"], "training");
    assert_eq!(value["keel"]["missed"][0]["corruption"], "camera/torn");
    let read = read_summary(folder.path()).unwrap();
    assert_eq!(read.heading, heading);
    assert_eq!(read.summary.cells.len(), found.summary.cells.len());
    assert_eq!(
        read.summary.keel.all.worst_cell,
        found.summary.keel.all.worst_cell
    );
    assert_eq!(read.summary.broken, found.summary.broken);

    let page = fs::read_to_string(folder.path().join("report.html")).unwrap();
    assert!(page.contains("&lt;img src=x onerror=&#39;http://evil&#39;&gt; &amp; 2"));
    assert!(!page.contains("<img src=x") && !page.contains("<yes>") && !page.contains("dark <b>"));
    assert!(!page.replace("http://evil&#39;", "").contains("http"));
    assert_eq!(page.matches("<img ").count(), 2 * failures.len());
    assert!(page.contains("quick look") && page.contains("−27"));

    let words = paragraph(&heading, &read.summary);
    assert!(
        words.lines().all(|line| line.chars().count() <= 90),
        "{words}"
    );
    assert!(
        words
            .replace('\n', " ")
            .contains("worst margin is −27.3 points"),
        "{words}"
    );
    let text = table(&read.summary);
    assert!(text.contains("−27.3  camera/torn, severity 2"), "{text}");
}

fn summary_file() -> SummaryFile {
    SummaryFile {
        heading: Heading {
            title: "model".to_owned(),
            quick: false,
            seed: 7,
        },
        summary: run_on(&TWELVE, 2, None).unwrap().summary,
    }
}

#[test]
fn two_runs_side_by_side_show_what_differs() {
    let one = summary_file();
    let comparison = compare(&one, &one);
    assert!(comparison.cells.is_empty() && comparison.note.is_none());
    let mut better = one.clone();
    better.summary.cells[1].fused = 1.0;
    better.heading.title = "\u{1b}[2Jother".to_owned();
    let comparison = compare(&one, &better);
    assert_eq!(comparison.cells.len(), 1);
    assert_eq!(comparison.cells[0].cell, cell("camera/torn", 2));
    let table = comparison_table(&comparison);
    assert!(table.contains("keel, worst margin"));
    assert!(table.contains("75.0   100.0    +25.0"), "{table}");
    assert!(table.contains("B:  [2Jother"), "{table}");
}

#[test]
fn whatever_makes_two_runs_incomparable_is_said() {
    let one = summary_file();
    let note = |change: fn(&mut SummaryFile)| {
        let mut other = one.clone();
        change(&mut other);
        compare(&one, &other).note.unwrap()
    };
    let clips = note(|file| file.summary.clips = 11);
    assert!(clips.contains("12 clips and B over 11"), "{clips}");
    assert!(note(|file| file.heading.seed = 8).contains("seed 7 and B seed 8"));
    assert!(note(|file| file.heading.quick = true).starts_with("B is a quick look"));
    assert!(note(|file| file.summary.labels.swap(0, 1)).contains("other labels"));
    assert!(note(|file| file.summary.cells.truncate(2)).contains("other corruptions"));
}

#[test]
fn a_clip_that_cannot_be_read_again_is_not_called_silent() {
    let found = run_on(&TWELVE, 1, None).unwrap();
    let gone = Memory {
        clips: 12,
        broken: Some(2),
    };
    let failures = worst_failures(&plan(), &contestants(), &gone, &found.records, 12);
    let lost = failures
        .iter()
        .find(|one| one.clip == gone.name(2))
        .unwrap();
    assert_eq!(
        (&lost.picture, &lost.spectrogram),
        (&Shown::Lost, &Shown::Lost)
    );
    let heading = summary_file().heading;
    let page = page(&heading, &found.summary, &failures);
    assert_eq!(page.matches(">not shown<").count(), 2);
    assert!(!page.contains(">no sound<") && !page.contains(">no picture<"));
}

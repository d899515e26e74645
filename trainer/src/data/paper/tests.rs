//! Small data in the layouts of the three sets.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use evenkeel::clip::{ClipSource, write_png, write_wav};
use evenkeel::window::{Frame, SampleRate, Sound};

use super::*;
use crate::data::clips::{Clips, Layout, Listed, Listing, Windows};
use crate::data::fetch::Store;
use crate::data::{Dataset, Split};

/// A folder and what can be put into it.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn at(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.at(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }

    fn store(&self) -> Store {
        Store {
            cache: self.at("cache"),
            mirror: None,
            upstream: String::new(),
        }
    }

    fn list(&self, layout: &dyn Layout) -> anyhow::Result<Listing> {
        layout.list(&self.store())
    }

    #[track_caller]
    fn refuses(&self, layout: &dyn Layout, parts: &[&str]) {
        let error = format!("{:#}", self.list(layout).expect_err("it is listed"));
        for part in parts {
            assert!(error.contains(part), "{part}: {error}");
        }
    }
}

/// A sound and a picture that can be read, in the places of a clip of CREMA-D. A picture stands for the video.
fn put_cremad(folder: &Folder, name: &str) {
    let sound = Sound {
        start: Duration::ZERO,
        rate: SampleRate::new(8000).unwrap(),
        samples: (0..4000).map(|i| (i as f32 * 0.1).sin() / 4.0).collect(),
    };
    let frame = Frame {
        time: Duration::ZERO,
        width: 16,
        height: 12,
        rgb: vec![100; 576],
    };
    for part in ["AudioWAV", "VideoFlash"] {
        fs::create_dir_all(folder.at(part)).unwrap();
    }
    write_wav(&folder.at(&format!("AudioWAV/{name}.wav")), &sound).unwrap();
    write_png(&folder.at(&format!("VideoFlash/{name}.png")), &frame).unwrap();
}

/// Ten actors who say a sentence in six emotions each.
fn cremad() -> Folder {
    let folder = Folder::new();
    for actor in 1001..1011 {
        for emotion in ["ANG", "DIS", "FEA", "HAP", "NEU", "SAD"] {
            put_cremad(&folder, &format!("{actor}_DFA_{emotion}_XX"));
        }
    }
    folder
}

fn cremad_config(folder: &Folder, lists: bool) -> CremadConfig {
    CremadConfig {
        path: folder.at(""),
        official: lists.then(|| CremadLists {
            train: folder.at("train.csv"),
            test: folder.at("test.csv"),
        }),
        windows: Windows {
            window_seconds: 0.5,
            sample_rate: 8000,
            ..Windows::default()
        },
    }
}

/// The field's lists: every actor is in both.
fn write_lists(folder: &Folder) {
    let [mut train, mut test] = ["\u{feff}".to_owned(), String::new()];
    for actor in 1001..1011 {
        for emotion in ["ANG", "DIS", "FEA", "HAP", "NEU", "SAD"] {
            let line = format!("{actor}_DFA_{emotion}_XX,{emotion}\n");
            match emotion {
                "SAD" => test += &line,
                _ => train += &line,
            }
        }
    }
    for emotion in ["ANG", "SAD"] {
        let line = format!("1001_IEO_{emotion}_HI,{emotion}\n");
        put_cremad(folder, line.split(',').next().unwrap());
        train += &line;
    }
    folder.write("train.csv", &train);
    folder.write("test.csv", &test);
}

#[test]
fn actors_of_cremad_are_kept_apart() {
    let folder = cremad();
    let config = cremad_config(&folder, false);
    let listed = Listed::open(&config, &folder.store()).unwrap();
    assert_eq!(listed.entries.len(), 60);
    assert_eq!(
        listed.labels,
        [
            "anger",
            "disgust",
            "fear",
            "happiness",
            "neutral",
            "sadness"
        ]
    );
    for seed in 0..3 {
        let (splits, _) = listed.split(seed).unwrap();
        let actors = splits.map(|list| -> std::collections::BTreeSet<_> {
            list.iter()
                .map(|&at| listed.entries[at].speaker.clone())
                .collect()
        });
        assert!(actors.iter().all(|actors| !actors.is_empty()));
        assert_eq!(actors.iter().map(|actors| actors.len()).sum::<usize>(), 10);
    }
    let clips = Clips::load(&config, 0, &folder.store()).unwrap();
    assert!(clips.cautions().is_empty(), "{:?}", clips.cautions());
    assert!(clips.provenance().contains("CREMA-D"));
}

#[test]
fn the_official_split_of_cremad_is_kept_and_warned_of() {
    let folder = cremad();
    write_lists(&folder);
    fs::remove_file(folder.at("VideoFlash/1004_DFA_ANG_XX.png")).unwrap();
    folder.write("AudioWAV/notes.txt", "");
    let clips = Clips::load(&cremad_config(&folder, true), 0, &folder.store()).unwrap();
    let sizes = [Split::Train, Split::Validation, Split::Test].map(|split| clips.len(split));
    assert_eq!(sizes.iter().sum::<usize>(), 61);
    let tested = fs::read_to_string(folder.at("test.csv"))
        .unwrap()
        .lines()
        .count();
    assert_eq!(sizes[2], tested);
    let cautions = clips.cautions().join("\n");
    for part in [
        "shares its actors",
        "10 of 10 speakers are in several splits (1001, 1002, 1003 and 7 more)",
        "1 of 62 listed clips are not there, the first VideoFlash/1004_DFA_ANG_XX.flv",
        "files that are not named like 1001_DFA_ANG_XX are left out: 1, the first",
    ] {
        assert!(cautions.contains(part), "{part}: {cautions}");
    }
}

#[test]
fn bad_lists_of_cremad_are_refused_with_the_line() {
    let folder = cremad();
    write_lists(&folder);
    let config = cremad_config(&folder, true);
    let good = fs::read_to_string(folder.at("test.csv")).unwrap();
    for (line, word) in [
        ("notes,ANG", "no clip of CREMA-D"),
        ("1001_DFA_ANG_XX,SAD", "is of ANG"),
        ("1001_DFA_FEA_XX,FEA", "in the list for train"),
        ("1001_DFA_FEA_XX", "column 2 is missing"),
    ] {
        folder.write("test.csv", &format!("{good}{line}\n"));
        let place = format!("test.csv line {}", good.lines().count() + 1);
        folder.refuses(&config, &[&place, word]);
    }
    fs::remove_file(folder.at("test.csv")).unwrap();
    folder.refuses(&config, &["test.csv", "cannot read the list"]);
    fs::remove_dir_all(folder.at("VideoFlash")).unwrap();
    folder.refuses(&config, &["VideoFlash", "needs the folder of CREMA-D"]);
}

fn kinetics(folder: &Folder, lists: Option<KineticsLists>) -> KineticsSoundsConfig {
    KineticsSoundsConfig {
        path: folder.at("videos"),
        lists,
        windows: Windows::default(),
    }
}

fn splits(listing: &Listing) -> Vec<(&str, &str)> {
    let entries = listing.entries.iter();
    entries
        .map(|entry| (entry.name.as_str(), entry.split.as_deref().unwrap()))
        .collect()
}

#[test]
fn folders_of_kinetics_sounds_say_the_split() {
    let folder = Folder::new();
    folder.write(
        "videos/train/Playing_Drums/aaaaaaaaaaa_000001_000011.mp4",
        "",
    );
    folder.write("videos/train/tickling/bbbbbbbbbbb_000001_000011.mp4", "");
    folder.write("videos/train/abseiling/ccccccccccc_000001_000011.mp4", "");
    folder.write("videos/train/tickling/notes.txt", "");
    folder.write("videos/val/tickling/ddddddddddd_000001_000011.mp4", "");
    let listing = folder.list(&kinetics(&folder, None)).unwrap();
    let [drums, tickling, validation] = [
        "train/Playing_Drums/aaaaaaaaaaa_000001_000011.mp4",
        "train/tickling/bbbbbbbbbbb_000001_000011.mp4",
        "val/tickling/ddddddddddd_000001_000011.mp4",
    ];
    // What the field reports on is Kinetics' validation split.
    let expected = [(drums, "train"), (tickling, "train"), (validation, "test")];
    assert_eq!(splits(&listing), expected);
    assert_eq!(listing.entries[0].label.as_deref(), Some("playing drums"));
    assert!(listing.cautions[0].contains("2 of the 31 classes"));

    folder.write("videos/test/tickling/eeeeeeeeeee_000001_000011.mp4", "");
    let listing = folder.list(&kinetics(&folder, None)).unwrap();
    assert_eq!(splits(&listing)[2], (validation, "validation"));
    fs::remove_dir_all(folder.at("videos")).unwrap();
    fs::create_dir(folder.at("videos")).unwrap();
    folder.refuses(&kinetics(&folder, None), &["there is no video"]);
}

#[test]
fn lists_of_kinetics_find_their_videos_and_count_the_others() {
    let folder = Folder::new();
    folder.write("videos/a/-_aaaaaaaa__000005_000015.mp4", "");
    folder.write("videos/bbbbbbbbbbb.mp4", "");
    let header = "label,youtube_id,time_start,time_end,split";
    let train = folder.write(
        "train.csv",
        &format!("{header}\nabseiling,xxxxxxxxxxx,1,11,train\ntickling,-_aaaaaaaa_,5,15,train\n\"tickling\",ccccccccccc,7,17,train\n"),
    );
    let test = folder.write(
        "test.csv",
        &format!("{header}\nbowling,bbbbbbbbbbb,20,30,val\n"),
    );
    let lists = KineticsLists {
        train,
        validation: None,
        test: test.clone(),
    };
    let config = kinetics(&folder, Some(lists));
    let listing = folder.list(&config).unwrap();
    assert_eq!(
        splits(&listing),
        [("-_aaaaaaaa__5", "train"), ("bbbbbbbbbbb_20", "test")]
    );
    assert_eq!(listing.missing, ["ccccccccccc_7"]);
    let seconds = |entry: &ClipEntry| [entry.start, entry.end].map(|at| at.map(|at| at.as_secs()));
    assert_eq!(seconds(&listing.entries[0]), [None, None]);
    assert_eq!(seconds(&listing.entries[1]), [Some(20), Some(30)]);
    assert!(
        matches!(&listing.entries[1].source, ClipSource::Container(path) if path.ends_with("bbbbbbbbbbb.mp4"))
    );

    for (row, word) in [
        ("bowling,bbbbbbbbbbb,soon,30,val", "time_start is \"soon\""),
        ("tickling,-_aaaaaaaa_,5,15,val", "in the list for train"),
        ("bowling", "column"),
    ] {
        folder.write("test.csv", &format!("{header}\n{row}\n"));
        folder.refuses(&config, &["test.csv line 2", word]);
    }
}

#[test]
fn lists_of_ogm_ge_have_numbers_for_classes() {
    let folder = Folder::new();
    folder.write("videos/-_aaaaaaaa__000005_000015.mp4", "");
    folder.write("videos/bbbbbbbbbbb_20.mp4", "");
    let lists = KineticsLists {
        train: folder.write("train.txt", "-_aaaaaaaa__5,10,23\n"),
        validation: None,
        test: folder.write("test.txt", "bbbbbbbbbbb_20 3\n"),
    };
    let config = kinetics(&folder, Some(lists));
    let listing = folder.list(&config).unwrap();
    let labels: Vec<_> = listing
        .entries
        .iter()
        .flat_map(|entry| &entry.label)
        .collect();
    assert_eq!(labels, ["class 23", "class 03"]);
    folder.write("test.txt", "bbbbbbbbbbb_20,10,31\n");
    folder.refuses(&config, &["test.txt line 1", "0 to 30"]);
    folder.write("test.txt", "something else\n");
    folder.refuses(&config, &["test.txt line 1", "youtube_id"]);
}

/// Three videos of two segments, one fold each.
fn mosei() -> (Folder, CmuMoseiConfig) {
    let folder = Folder::new();
    for video in ["aa", "bb", "12"] {
        folder.write(&format!("Raw/Videos/Segmented/Combined/{video}_0.mp4"), "");
    }
    folder.write("Raw/aa/1.mp4", "");
    folder.write(
        "label.csv",
        "video_id,clip_id,text,label\naa,0,\"so, so\",0\naa,1,bad,-1.6\nbb,0,good,2.5\n12,0,good,1\n12,7,good,1\nzz,0,good,1\n",
    );
    folder.write(
        "folds.py",
        "standard_train_fold = ['aa',\n  \"cc\"]\nstandard_valid_fold=['bb']\nstandard_test_fold=['12']\n",
    );
    let config = CmuMoseiConfig {
        path: folder.at(""),
        labels: folder.at("label.csv"),
        folds: Some(folder.at("folds.py")),
        classes: Sentiments::Three,
        windows: Windows::default(),
    };
    (folder, config)
}

#[test]
fn segments_of_mosei_have_sentiments_and_folds() {
    let (folder, config) = mosei();
    let listing = folder.list(&config).unwrap();
    let expected = [
        ("aa_0", "train"),
        ("aa_1", "train"),
        ("bb_0", "validation"),
        ("12_0", "test"),
    ];
    assert_eq!(splits(&listing), expected);
    assert_eq!(listing.missing, ["12_7"]);
    assert!(listing.cautions[0].contains("does not say who speaks"));
    assert!(listing.cautions[1].contains("1 labelled segments"));
    let labels = |classes| -> Vec<String> {
        let listing = folder.list(&CmuMoseiConfig {
            classes,
            ..config.clone()
        });
        listing
            .unwrap()
            .entries
            .into_iter()
            .flat_map(|e| e.label)
            .collect()
    };
    assert_eq!(
        labels(Sentiments::Two),
        ["not negative", "negative", "not negative", "not negative"]
    );
    assert_eq!(
        labels(Sentiments::Three),
        ["neutral", "negative", "positive", "positive"]
    );
    assert_eq!(labels(Sentiments::Seven), ["0", "-2", "2", "1"]);
}

#[test]
fn bad_labels_and_folds_of_mosei_are_refused_with_the_line() {
    let (folder, config) = mosei();
    let good = fs::read_to_string(folder.at("label.csv")).unwrap();
    for (line, word) in [
        ("aa,2,what,4", "not a number from -3 to 3"),
        ("aa,2,what,nan", "not a number from -3 to 3"),
        ("../aa,2,what,1", "no slashes"),
        ("aa", "column 2 is missing"),
    ] {
        folder.write("label.csv", &format!("{good}{line}\n"));
        folder.refuses(&config, &["label.csv line 8", word]);
    }
    folder.write("label.csv", "video_id,clip_id\naa,0\n");
    folder.refuses(&config, &["label.csv", "`label` or `sentiment`"]);
    folder.write("label.csv", &good);
    folder.write(
        "folds.py",
        "standard_train_fold = ['aa']\nstandard_valid_fold=[\n'aa']\nstandard_test_fold=[]\n",
    );
    folder.refuses(
        &config,
        &["folds.py line 3", "aa is for train and for validation"],
    );
    folder.write("folds.py", "standard_train_fold = ['aa']\n");
    folder.refuses(&config, &["folds.py", "standard_valid_fold"]);
    let by_mode = CmuMoseiConfig {
        folds: None,
        ..config
    };
    folder.refuses(&by_mode, &["`mode` or `split`"]);
    folder.write(
        "label.csv",
        "video_id,clip_id,mode,sentiment\naa,0,valid,0\n",
    );
    assert_eq!(splits(&folder.list(&by_mode).unwrap()), [("aa_0", "valid")]);
}

#[test]
fn a_configuration_names_one_set_with_paths_beside_it() {
    use crate::data::DataConfig;
    let text = "seed = 0\n[kinetics-sounds]\npath = \"ks\"\nlists = { train = \"a.csv\", test = \"b.csv\" }\n[kinetics-sounds.windows]\nmax_side = 256\n";
    let mut config: DataConfig = toml::from_str(text).unwrap();
    config.resolve(Path::new("/sets")).unwrap();
    config.check().unwrap();
    let set = config.kinetics_sounds.as_ref().unwrap();
    assert_eq!(set.path, Path::new("/sets/ks"));
    assert_eq!(set.lists.as_ref().unwrap().test, Path::new("/sets/b.csv"));
    assert_eq!(config.layout().unwrap().windows().max_side, 256);
    let written = toml::to_string(&config).unwrap();
    assert_eq!(toml::from_str::<DataConfig>(&written).unwrap(), config);
    let two: DataConfig = toml::from_str(&format!("{text}[cremad]\npath = \"c\"\n")).unwrap();
    let error = format!("{:#}", two.open().err().unwrap());
    assert!(error.contains("one data set"), "{error}");
    let bad = "seed = 0\n[cmu-mosei]\npath = \"m\"\nlabels = \"l.csv\"\nclasses = 5\n";
    let error = toml::from_str::<DataConfig>(bad).unwrap_err().to_string();
    assert!(error.contains("2, 3 or 7"), "{error}");
}

#[test]
fn the_configurations_for_the_sets_make_sense() {
    use crate::fit::FitConfig;
    use crate::study::StudyConfig;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("configs/rollingq");
    for name in ["cremad", "kinetics-sounds", "cmu-mosei"] {
        let config = FitConfig::read(&folder.join(format!("{name}.toml")), &[]).unwrap();
        let section = config.data.layout().unwrap().section();
        assert_eq!(section, format!("data.{name}.windows"));
    }
    let study = StudyConfig::read(&folder.join("cremad-study.toml")).unwrap();
    for method in &study.methods {
        let config = FitConfig::read(&study.base, &method.set).unwrap();
        let official = config.data.cremad.unwrap().official.is_some();
        assert_eq!(official, method.name.contains("shared"), "{}", method.name);
    }
}

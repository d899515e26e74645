//! CMU-MOSEI.

use super::*;
use crate::data::clips::Windows;

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

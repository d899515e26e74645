//! Kinetics-Sounds.

use super::*;
use crate::data::clips::Windows;

fn kinetics(folder: &Folder, lists: Option<KineticsLists>) -> KineticsSoundsConfig {
    KineticsSoundsConfig {
        path: folder.at("videos"),
        lists,
        windows: Windows::default(),
    }
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

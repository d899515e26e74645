use super::*;

fn csv(text: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("clips.csv");
    fs::write(&path, text).unwrap();
    (folder, path)
}

fn error_of(text: &str) -> String {
    let (_folder, path) = csv(text);
    let message = ClipList::read(&path).unwrap_err().to_string();
    assert!(
        message.starts_with(&path.display().to_string()),
        "{message}"
    );
    message[path.display().to_string().len()..].to_owned()
}

#[test]
fn a_csv_of_containers_with_every_column() {
    let (folder, path) = csv("\u{feff}label, path ,split,note,start,end,group\n\
         seven,\"a, b.mp4\",test,\"said \"\"seven\"\"\",0.46,0.76,s1\n\
         two,/data/two.mkv,,,,,\n");
    let list = ClipList::read(&path).unwrap();
    assert_eq!(list.entries.len(), 2);
    assert_eq!(
        list.entries[0],
        ClipEntry {
            further: Default::default(),
            name: "a, b.mp4 [0.46–0.76 s]".into(),
            source: ClipSource::Container(folder.path().join("a, b.mp4")),
            line: Some(2),
            label: Some("seven".into()),
            split: Some("test".into()),
            group: Some("s1".into()),
            speaker: None,
            start: Some(Duration::from_millis(460)),
            end: Some(Duration::from_millis(760)),
        }
    );
    assert_eq!(
        list.entries[1].source,
        ClipSource::Container("/data/two.mkv".into())
    );
    assert_eq!(list.entries[1].split, None);
}

#[test]
fn csvs_with_separate_files() {
    for picture_column in ["image", "video"] {
        let (folder, path) = csv(&format!(
            "audio,{picture_column},label\na.wav,a.png,one\n,b.png,two\nc.wav,,two\n"
        ));
        let sources: Vec<_> = ClipList::read(&path)
            .unwrap()
            .entries
            .into_iter()
            .map(|e| e.source)
            .collect();
        let separate = |sound: Option<&str>, picture: Option<&str>| ClipSource::Separate {
            sound: sound.map(|name| folder.path().join(name)),
            picture: picture.map(|name| folder.path().join(name)),
        };
        assert_eq!(
            sources,
            [
                separate(Some("a.wav"), Some("a.png")),
                separate(None, Some("b.png")),
                separate(Some("c.wav"), None),
            ]
        );
    }
}

#[test]
fn errors_name_the_file_and_the_line() {
    let cases = [
        ("", "but it is ``"),
        ("path,word\na,b\n", "but it has no `label`"),
        ("audio,label\na,b\n", "but it is `audio,label`"),
        (
            "audio,image,video,label\na,b,c,d\n",
            "but it is `audio,image,video,label`",
        ),
        ("path,label,path\na,b,c\n", "but it names `path` twice"),
        ("path,label\n", "lists no clips"),
        (
            "path,label\na,one\nb\n",
            "line 3: it has 1 columns but the header has 2",
        ),
        ("path,label\n,one\n", "line 2: it has no path"),
        ("path,label\na,\n", "line 2: it has no label"),
        (
            "audio,video,label\n,,one\n",
            "line 2: it has neither sound nor picture",
        ),
        (
            "path,label,start\na,one,soon\n",
            "line 2: the start `soon` must be a number of seconds",
        ),
        (
            "path,label,start\na,one,-1\n",
            "line 2: the start `-1` must",
        ),
        ("path,label,end\na,one,NaN\n", "line 2: the end `NaN` must"),
        (
            "path,label,start,end\na,one,0.1,0.2\na,one,2,2\n",
            "line 3: the start must be before",
        ),
    ];
    for (text, expected) in cases {
        let message = error_of(text);
        assert!(message.contains(expected), "{text:?} gave {message}");
        assert!(!message.contains('\n'));
    }
    let (_folder, path) = csv("");
    fs::write(&path, b"path,label\na,\xff\n").unwrap();
    let message = ClipList::read(&path).unwrap_err().to_string();
    assert!(message.contains("line 2: it is not UTF-8"), "{message}");
    let missing = ClipList::read(Path::new("no such list.csv"))
        .unwrap_err()
        .to_string();
    assert!(
        missing.starts_with("no such list.csv: No such file"),
        "{missing}"
    );
}

#[test]
fn a_folder_per_class_pairs_sounds_with_pictures() {
    let folder = tempfile::tempdir().unwrap();
    for file in [
        "two/b.mp4",
        "two/a.wav",
        "two/a.png",
        "two/c.jpg",
        "two/.hidden.wav",
        "two/notes.txt",
        "two/d.MP3",
        "two/d.png",
        "two/e.webp",
        "one/z.wav",
        ".git/x.wav",
        "README.md",
    ] {
        let path = folder.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, b"").unwrap();
    }
    let list = ClipList::read(folder.path()).unwrap();
    let names: Vec<_> = list
        .entries
        .iter()
        .map(|entry| entry.name.as_str())
        .collect();
    assert_eq!(
        names,
        [
            "one/z.wav",
            "two/a.wav + a.png",
            "two/b.mp4",
            "two/c.jpg",
            "two/d.MP3 + d.png"
        ]
    );
    let ignored = ["two/e.webp", "two/notes.txt"].map(|name| folder.path().join(name));
    assert_eq!(list.ignored, ignored);
    let labels: Vec<_> = list
        .entries
        .iter()
        .map(|e| e.label.as_deref().unwrap())
        .collect();
    assert_eq!(labels, ["one", "two", "two", "two", "two"]);

    fs::write(folder.path().join("two/a.jpeg"), b"").unwrap();
    let message = ClipList::read(folder.path()).unwrap_err().to_string();
    assert!(message.contains("(a.jpeg, a.png); keep one"), "{message}");

    let empty = tempfile::tempdir().unwrap();
    let message = ClipList::read(empty.path()).unwrap_err().to_string();
    assert!(
        message.contains("lists no clips; it must hold one folder per class"),
        "{message}"
    );
}

#[test]
fn a_folder_of_recordings_is_a_list_of_clips_without_labels() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["b.mkv", "b.jsonl", "a.mkv", "other.jsonl"] {
        fs::write(folder.path().join(name), b"").unwrap();
    }
    fs::create_dir(folder.path().join("empty")).unwrap();
    let list = ClipList::read(folder.path()).unwrap();
    let found: Vec<_> = list
        .entries
        .iter()
        .map(|entry| (entry.name.as_str(), &entry.label))
        .collect();
    assert_eq!(found, [("a.mkv", &None), ("b.mkv", &None)]);
    assert_eq!(list.ignored, [folder.path().join("other.jsonl")]);
}

#[test]
fn a_single_file_is_a_clip_without_label() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("film.mp4");
    fs::write(&path, b"").unwrap();
    let list = ClipList::read(&path).unwrap();
    assert_eq!(list.entries[0].source, ClipSource::Container(path));
    assert_eq!(
        (list.entries[0].name.as_str(), &list.entries[0].label),
        ("film.mp4", &None)
    );
}

#[test]
fn a_stretch_becomes_the_window_around_its_centre() {
    let (_folder, path) = csv("path,label,start,end\na,x,2.0,2.4\na,x,0.1,0.3\na,x,1,9\n");
    let ms = Duration::from_millis;
    let centred: Vec<_> = ClipList::read(&path)
        .unwrap()
        .entries
        .iter()
        .map(|entry| entry.centred(ms(1000)))
        .map(|entry| (entry.start.unwrap(), entry.end.unwrap()))
        .collect();
    assert_eq!(
        centred,
        [
            (ms(1700), ms(2700)),
            (ms(0), ms(1000)),
            (ms(1000), ms(9000))
        ]
    );
}

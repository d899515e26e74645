//! Writing a package, whole or not at all.

use std::borrow::Cow;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use tempfile::TempDir;

use super::folder::{list, sha256};
use super::layout::{CARD, FUSION, GOLDEN, MODEL, SUMS, encoder, most_bytes};
use super::read::{check_sensors, parse_manifest};
use super::{GoldenWindow, Graphs, Manifest, PackageError, golden};
use crate::files::sync_folder;
use crate::window::Modality;

/// Everything that goes into a package.
#[derive(Debug, Clone, PartialEq)]
pub struct PackageContents {
    /// model.toml.
    pub manifest: Manifest,
    /// Its graphs.
    pub graphs: Graphs,
    /// CARD.md: what a person should know about the model.
    pub card: String,
    /// A few windows with the answers expected, so that any board can prove that it computes what
    /// the desktop computed.
    pub golden: Vec<GoldenWindow>,
}

/// Writes a package to the folder `dir`, whole or not at all.
///
/// It is built in a hidden folder beside `dir`, synced to disk and renamed into place. A package
/// that is already there is replaced, once the new one is complete, but only if there is nothing in
/// its folder that a package does not have; so is an empty folder. A
/// process killed on the way leaves the hidden folder behind; killed in the instant between two
/// renames it leaves the old package there too, and nothing at `dir`.
///
/// # Errors
/// [`PackageError::Contents`] when [`Package::open`](super::Package::open) would refuse what is to
/// be written, [`PackageError::Occupied`] when anything else than a package is at `dir`, and
/// [`PackageError::Io`]. What was at `dir` is then untouched.
pub fn write(dir: &Path, contents: &PackageContents) -> Result<(), PackageError> {
    let occupant = Occupant::of(dir)?;
    let new = build(dir, contents)?;
    put_in_place(new, dir, occupant)
}

/// What is where the package shall be.
enum Occupant {
    Nothing,
    EmptyFolder,
    Package,
}

impl Occupant {
    fn of(dir: &Path) -> Result<Self, PackageError> {
        let metadata = match fs::symlink_metadata(dir) {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::Nothing),
            Err(error) => return Err(PackageError::io(dir, "read")(error)),
        };
        if metadata.is_dir() {
            let mut entries = fs::read_dir(dir).map_err(PackageError::io(dir, "read"))?;
            if entries.next().is_none() {
                return Ok(Self::EmptyFolder);
            }
            // Whatever else somebody keeps beside a model would be lost with it.
            match list(dir) {
                Ok(_) => return Ok(Self::Package),
                Err(error @ PackageError::Io { .. }) => return Err(error),
                Err(_) => {}
            }
        }
        Err(PackageError::Occupied {
            dir: dir.to_owned(),
        })
    }
}

/// The folder that `dir` is in.
fn parent_of(dir: &Path) -> &Path {
    match dir.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// A new hidden folder beside `dir`, on the same file system, removed again when dropped.
fn folder_beside(dir: &Path) -> Result<TempDir, PackageError> {
    let parent = parent_of(dir);
    let name = dir.file_name().unwrap_or(OsStr::new("package"));
    let mut prefix = OsStr::new(".").to_owned();
    prefix.push(name);
    prefix.push("-");
    fs::create_dir_all(parent)
        .and_then(|()| tempfile::Builder::new().prefix(&prefix).tempdir_in(parent))
        .map_err(PackageError::io(parent, "written"))
}

/// Writes the complete package beside `dir`.
fn build(dir: &Path, contents: &PackageContents) -> Result<TempDir, PackageError> {
    let files = encode(dir, contents)?;
    let folder = folder_beside(dir)?;
    if !contents.golden.is_empty() {
        let golden = folder.path().join(GOLDEN);
        fs::create_dir(&golden).map_err(PackageError::io(&golden, "written"))?;
    }
    let mut sums = String::new();
    for (name, bytes) in &files {
        write_synced(&folder.path().join(name), bytes)?;
        sums.push_str(&format!("{}  {name}\n", sha256(bytes)));
    }
    write_synced(&folder.path().join(SUMS), sums.as_bytes())?;
    if !contents.golden.is_empty() {
        let golden = folder.path().join(GOLDEN);
        sync_folder(&golden).map_err(PackageError::io(&golden, "written"))?;
    }
    make_readable(folder.path())
        .and_then(|()| sync_folder(folder.path()))
        .map_err(PackageError::io(folder.path(), "written"))?;
    Ok(folder)
}

/// A file's name in the package and its contents.
type NamedBytes<'a> = (String, Cow<'a, [u8]>);

/// All files but SHA256SUMS, checked as if they were read.
fn encode<'a>(
    dir: &Path,
    contents: &'a PackageContents,
) -> Result<Vec<NamedBytes<'a>>, PackageError> {
    let PackageContents {
        manifest, graphs, ..
    } = contents;
    let model = dir.join(MODEL);
    let text = toml::to_string(manifest).map_err(PackageError::contents(&model))?;
    parse_manifest(&model, text.as_bytes())?;
    check_sensors(manifest, graphs).map_err(PackageError::contents(&model))?;

    let mut files = vec![
        (MODEL.to_owned(), Cow::Owned(text.into_bytes())),
        (CARD.to_owned(), Cow::Borrowed(contents.card.as_bytes())),
        (FUSION.to_owned(), Cow::Borrowed(&graphs.fusion[..])),
    ];
    for modality in Modality::ALL {
        if let Some(graph) = &graphs.encoders[modality] {
            files.push((encoder(modality), Cow::Borrowed(graph)));
        }
    }
    for (name, bytes) in golden::encode(dir, manifest, &contents.golden)? {
        files.push((name, Cow::Owned(bytes)));
    }
    for (name, bytes) in &files {
        let (size, most) = (bytes.len() as u64, most_bytes(name).unwrap_or(0));
        if size > most {
            let path = dir.join(name);
            return Err(PackageError::TooLarge { path, size, most });
        }
    }
    files.sort_by(|(a, _), (b, _)| a.cmp(b));
    Ok(files)
}

fn write_synced(path: &Path, bytes: &[u8]) -> Result<(), PackageError> {
    File::create_new(path)
        .and_then(|mut file| {
            file.write_all(bytes)?;
            file.sync_all()
        })
        .map_err(PackageError::io(path, "written"))
}

/// A temporary folder is private; a package should have ordinary permissions.
fn make_readable(folder: &Path) -> io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(folder, fs::Permissions::from_mode(0o755))?;
    }
    #[cfg(not(unix))]
    let _ = folder;
    Ok(())
}

/// Renames the complete package `new` to `dir`.
fn put_in_place(mut new: TempDir, dir: &Path, occupant: Occupant) -> Result<(), PackageError> {
    let failed = || PackageError::io(dir, "replaced");
    match occupant {
        Occupant::Nothing => fs::rename(new.path(), dir).map_err(failed())?,
        Occupant::EmptyFolder => fs::remove_dir(dir)
            .and_then(|()| fs::rename(new.path(), dir))
            .map_err(failed())?,
        Occupant::Package => {
            let mut aside = folder_beside(dir)?;
            let old = aside.path().join("previous");
            fs::rename(dir, &old).map_err(failed())?;
            if let Err(error) = fs::rename(new.path(), dir) {
                if fs::rename(&old, dir).is_err() {
                    // Better a hidden folder left behind than a model lost.
                    aside.disable_cleanup(true);
                }
                return Err(failed()(error));
            }
        }
    }
    new.disable_cleanup(true);
    let parent = parent_of(dir);
    sync_folder(parent).map_err(PackageError::io(parent, "written"))
}

#[cfg(test)]
mod tests {
    use super::super::Package;
    use super::super::example;
    use super::*;

    #[test]
    fn what_is_written_is_what_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().join("models/example");
        let contents = example::contents();
        write(&dir, &contents).unwrap();
        let package = Package::open(&dir).unwrap();
        assert_eq!(package.manifest, contents.manifest);
        assert_eq!(package.graphs, contents.graphs);
        assert_eq!(package.golden().unwrap(), contents.golden);
        assert_eq!(fs::read_to_string(dir.join(CARD)).unwrap(), contents.card);
        let beside = fs::read_dir(dir.parent().unwrap()).unwrap().count();
        assert_eq!(beside, 1, "nothing may be left beside the package");
    }

    #[test]
    fn a_package_without_golden_windows_and_with_one_sensor_is_whole_too() {
        let folder = tempfile::tempdir().unwrap();
        let mut contents = example::contents();
        contents.golden.clear();
        contents.manifest.camera = None;
        contents.graphs.encoders.camera = None;
        write(folder.path(), &contents).unwrap();
        let package = Package::open(folder.path()).unwrap();
        assert_eq!(package.graphs.encoders.camera, None);
        assert_eq!(package.golden().unwrap(), []);
    }

    #[test]
    fn a_package_is_replaced_by_the_next() {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().join("example");
        let mut contents = example::contents();
        write(&dir, &contents).unwrap();
        contents.manifest.version = "1.2.4".into();
        contents.golden.clear();
        write(&dir, &contents).unwrap();
        assert_eq!(Package::open(&dir).unwrap().manifest.version, "1.2.4");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn an_interrupted_or_refused_write_leaves_the_old_package_alone() {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().join("example");
        write(&dir, &example::contents()).unwrap();

        // Killed when everything is written and nothing is renamed.
        let mut next = example::contents();
        next.manifest.version = "9.9.9".into();
        build(&dir, &next).unwrap().disable_cleanup(true);
        assert_eq!(Package::open(&dir).unwrap().manifest.version, "1.2.3");

        // Killed in the middle of a file.
        let half = folder_beside(&dir).unwrap().keep();
        fs::write(half.join(MODEL), "format = 1\nname = \"exa").unwrap();
        assert_eq!(Package::open(&dir).unwrap().manifest.version, "1.2.3");

        // Refused.
        next.golden[0].window.frames[0].rgb.pop();
        let error = write(&dir, &next).unwrap_err().to_string();
        assert!(error.contains("0-0.png"), "{error}");
        assert_eq!(Package::open(&dir).unwrap().manifest.version, "1.2.3");
    }

    #[test]
    fn nothing_but_a_package_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("thesis.txt"), "ten years of work").unwrap();
        let contents = example::contents();
        for taken in [folder.path(), &folder.path().join("thesis.txt")] {
            let error = write(taken, &contents).unwrap_err();
            assert!(matches!(error, PackageError::Occupied { .. }), "{error}");
        }
        let kept = fs::read_to_string(folder.path().join("thesis.txt")).unwrap();
        assert_eq!(kept, "ten years of work");
    }

    #[test]
    fn a_package_beside_other_files_is_not_replaced() {
        for other in ["thesis.txt", ".git/HEAD", "golden/notes.txt"] {
            let folder = tempfile::tempdir().unwrap();
            let dir = folder.path().join("example");
            write(&dir, &example::contents()).unwrap();
            let path = dir.join(other);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, "ten years of work").unwrap();
            let error = write(&dir, &example::contents()).unwrap_err();
            assert!(matches!(error, PackageError::Occupied { .. }), "{error}");
            assert_eq!(fs::read_to_string(&path).unwrap(), "ten years of work");
        }
    }

    /// Makes one value wrong.
    type Spoil = fn(&mut PackageContents);

    #[test]
    fn what_could_not_be_read_again_is_not_written() {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().join("example");
        let cases: [(Spoil, &str); 4] = [
            (|c| c.graphs.encoders.audio = None, "audio.onnx"),
            (|c| c.manifest.labels.push("yes".into()), "labels"),
            (|c| c.golden[0].answer.logits.push(0.0), "logits"),
            (|c| c.graphs.fusion = vec![0; (64 << 20) + 1], "fusion.onnx"),
        ];
        for (spoil, named) in cases {
            let mut contents = example::contents();
            spoil(&mut contents);
            let error = write(&dir, &contents).unwrap_err().to_string();
            assert!(error.contains(named), "{error}");
            assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        }
    }
}

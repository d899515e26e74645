//! The two files of a clip under way.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;

use super::archive::{Archive, CLIP, LINES, remove};
use super::front::Use;
use super::matroska::Matroska;
use super::piece::{Opening, Piece};
use crate::files::sync_folder;

/// Makes a file that was not there before.
pub type Create = fn(&std::path::Path) -> io::Result<File>;

/// How files are made.
pub fn create_new(path: &std::path::Path) -> io::Result<File> {
    File::create_new(path)
}

/// A clip under way. Both files have other names until they are whole, and are removed if that is never.
pub struct ClipFile {
    clip: Matroska<BufWriter<File>>,
    lines: BufWriter<File>,
    lines_written: u64,
    names: Names,
}

impl ClipFile {
    /// Makes the files.
    ///
    /// # Errors
    /// When they cannot be made or written.
    pub fn begin(archive: &mut Archive, opening: &Opening, create: Create) -> io::Result<Self> {
        let (mut names, file) = loop {
            let stem = archive.name(opening.wall);
            let names = Names::of(archive, &stem);
            // The clock may have been set back to a time that has been.
            if names.clip.0.exists() {
                continue;
            }
            match create(&names.clip.1) {
                // Another program records there, too.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
                file => break (names, file?),
            }
        };
        names.made = true;
        // Others that begin to record there see from this that the file is in use.
        file.try_lock()?;
        let mut lines = BufWriter::new(create(&names.lines.1)?);
        lines.write_all(&opening.facts)?;
        Ok(Self {
            clip: Matroska::begin(
                BufWriter::new(file),
                opening.format,
                opening.wall,
                Use::Replay,
            )?,
            lines,
            lines_written: opening.facts.len() as u64,
            names,
        })
    }

    /// Adds what one window adds.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn add(&mut self, piece: &Piece) -> io::Result<()> {
        self.clip.add(&piece.samples, &piece.frames)?;
        self.lines_written += piece.line.len() as u64;
        self.lines.write_all(&piece.line)
    }

    /// About as many bytes as both files have.
    pub fn bytes(&self) -> u64 {
        self.clip.bytes() + self.lines_written
    }

    /// Gives both files their names, once all of them is on the disk.
    ///
    /// # Errors
    /// When they cannot be written; then they are removed.
    pub fn finish(self) -> io::Result<()> {
        let Self {
            clip,
            lines,
            mut names,
            ..
        } = self;
        let file = clip.finish()?.into_inner()?;
        let lines = lines.into_inner()?;
        lines.sync_all()?;
        file.sync_all()?;
        // The clip comes last: lines without a clip are known to be half of something.
        fs::rename(&names.lines.1, &names.lines.0)?;
        fs::rename(&names.clip.1, &names.clip.0)?;
        names.made = false;
        sync_folder(names.clip.0.parent().unwrap_or(&names.clip.0))
    }
}

/// What the two files are to be called, and what they are called while they are written.
struct Names {
    clip: (PathBuf, PathBuf),
    lines: (PathBuf, PathBuf),
    /// There may be files of these names that are not whole.
    made: bool,
}

impl Names {
    fn of(archive: &Archive, stem: &str) -> Self {
        Self {
            clip: archive.paths(stem, CLIP),
            lines: archive.paths(stem, LINES),
            made: false,
        }
    }
}

impl Drop for Names {
    fn drop(&mut self) {
        if self.made {
            for path in [&self.clip.1, &self.lines.1, &self.lines.0] {
                // Where this fails the files are removed at the next start.
                let _ = remove(path);
            }
        }
    }
}

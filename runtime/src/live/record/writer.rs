//! The thread that writes clips.

use std::io;
use std::str::FromStr;

use super::archive::Archive;
use super::clip_file::{ClipFile, Create};
use super::piece::Piece;
use super::queue::{Message, Outlet};

/// Which clips are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Keep {
    /// All.
    #[default]
    All,
    /// Those in which something was recognised.
    Events,
    /// Those in which a sensor was not well, or an answer unsure.
    Trouble,
}

impl FromStr for Keep {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "all" => Ok(Keep::All),
            "events" => Ok(Keep::Events),
            "trouble" => Ok(Keep::Trouble),
            _ => Err(format!("{text:?} must be all, events or trouble")),
        }
    }
}

/// Writes what comes out of the queue.
pub struct Writer {
    outlet: Outlet,
    archive: Archive,
    create: Create,
    clip: Option<Clip>,
    /// What was wrong last, until a clip is finished.
    trouble: Option<String>,
}

struct Clip {
    file: ClipFile,
    telling: bool,
}

impl Writer {
    /// Writes into `archive` with files made by `create`.
    pub fn new(outlet: Outlet, archive: Archive, create: Create) -> Self {
        Self {
            outlet,
            archive,
            create,
            clip: None,
            trouble: None,
        }
    }

    /// Writes until the other end of the queue is gone, and finishes the clip under way.
    pub fn run(mut self) {
        while let Some(message) = self.outlet.next() {
            let result = match message {
                Message::Piece(mut piece) => {
                    let result = self.take(&mut piece);
                    self.outlet.give_back(piece);
                    result
                }
                Message::End => self.finish(),
            };
            if let Err(error) = result {
                self.give_up(&error);
            }
        }
        if let Err(error) = self.finish() {
            self.give_up(&error);
        }
    }

    fn take(&mut self, piece: &mut Piece) -> io::Result<()> {
        if let Some(opening) = piece.begins.take() {
            self.finish()?;
            self.archive.look()?;
            self.clip = Some(Clip {
                file: ClipFile::begin(&mut self.archive, &opening, self.create)?,
                telling: false,
            });
        }
        // A clip that was given up leaves pieces behind that are for nobody.
        let Some(clip) = &mut self.clip else {
            return Ok(());
        };
        clip.telling |= piece.telling;
        // PNG makes pictures smaller, or hardly larger.
        let coming = piece.bytes() + piece.line.len();
        self.archive.make_room(clip.file.bytes() + coming as u64)?;
        clip.file.add(piece)
    }

    fn finish(&mut self) -> io::Result<()> {
        // A clip of no interest removes its files as it is dropped.
        if let Some(clip) = self.clip.take()
            && clip.telling
        {
            clip.file.finish()?;
            if self.trouble.take().is_some() {
                let folder = self.archive.folder().display();
                self.outlet
                    .notice(format!("clips are recorded to {folder} again"));
            }
        }
        Ok(())
    }

    fn give_up(&mut self, error: &io::Error) {
        self.clip = None;
        self.outlet.pause();
        let what = match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                "the disk is full; free some space".to_owned()
            }
            io::ErrorKind::NotFound => "the folder is gone; bring it back".to_owned(),
            io::ErrorKind::ReadOnlyFilesystem => {
                "the disk can only be read now; check it and mount it again".to_owned()
            }
            _ => format!("{error}; check the folder and its disk"),
        };
        let folder = self.archive.folder().display();
        let message =
            format!("nothing can be recorded to {folder}: {what}; it is tried again every 30 s");
        if self.trouble.as_ref() != Some(&message) {
            self.outlet.notice(message.clone());
            self.trouble = Some(message);
        }
    }
}

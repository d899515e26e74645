//! What happens while clips are recorded.

use std::fmt;

use serde::Serialize;

use crate::window::Modality;

/// Something that happened; with `--json` a line each, told apart by `event`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    /// A sensor was opened or lost, or a clip could not be played.
    Sensor {
        /// Which one, if it is one.
        sensor: Option<Modality>,
        /// One sentence.
        message: String,
    },
    /// A class is asked for, and so many seconds are counted down.
    Next {
        /// The class.
        label: String,
        /// Clips of it so far.
        have: usize,
        /// Clips of it that are wanted.
        wanted: usize,
        /// Seconds until the recording begins.
        seconds: u64,
    },
    /// A second less.
    Count {
        /// Seconds that are left.
        seconds: u64,
    },
    /// It is recorded now.
    Now {
        /// The class.
        label: String,
    },
    /// A clip is on the disk and in the list.
    Kept {
        /// Its class.
        label: String,
        /// Its place in the folder.
        path: String,
        /// How long it is.
        seconds: f64,
        /// Its highest peak, dB of full scale; null without sound.
        peak_db: Option<f32>,
        /// Clips of the class now.
        have: usize,
        /// Clips of it that are wanted.
        wanted: usize,
    },
    /// A sensor was not well in a clip, which is not kept yet.
    Doubtful {
        /// Its class.
        label: String,
        /// What is wrong, a few words each.
        faults: Vec<String>,
    },
    /// A clip is not kept.
    Dropped {
        /// Its class.
        label: String,
    },
    /// The last clip was taken back.
    Undone {
        /// Its class.
        label: String,
        /// Where it was.
        path: String,
    },
    /// An order makes no sense now.
    Refused {
        /// One sentence.
        message: String,
    },
    /// That is all.
    Done {
        /// Every class has as many clips as are wanted.
        complete: bool,
        /// Clips of this sitting.
        clips: usize,
        /// The list that training reads.
        list: String,
        /// How they will be split, and what follows from that.
        split: String,
    },
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Event::Sensor { message, .. } | Event::Refused { message } => f.write_str(message),
            Event::Next {
                label,
                have,
                wanted,
                seconds,
            } => write!(f, "{label}  ({} of {wanted})  in {seconds}", have + 1),
            Event::Count { seconds } => write!(f, "{seconds}"),
            Event::Now { label } => write!(f, "NOW: {label}"),
            Event::Kept {
                path,
                seconds,
                peak_db,
                have,
                wanted,
                ..
            } => {
                write!(f, "kept {path}: {seconds:.2} s")?;
                if let Some(peak) = peak_db {
                    write!(f, ", peak {peak:.0} dB")?;
                }
                write!(f, "; {have} of {wanted}")
            }
            Event::Doubtful { label, faults } => {
                write!(f, "{label} is doubtful: {}", faults.join(", "))
            }
            Event::Dropped { label } => write!(f, "{label} is not kept"),
            Event::Undone { path, .. } => write!(f, "took {path} back"),
            Event::Done {
                complete,
                clips,
                list,
                split,
            } => {
                let end = if *complete {
                    "all classes are complete"
                } else {
                    "not all classes are complete"
                };
                write!(
                    f,
                    "{} recorded, {end}; all are listed in {list}\n{split}",
                    clips_of(*clips)
                )
            }
        }
    }
}

/// "1 clip", "7 clips".
pub fn clips_of(count: usize) -> String {
    match count {
        1 => "1 clip".to_owned(),
        several => format!("{several} clips"),
    }
}

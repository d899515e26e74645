//! Keeps what the sensors gave as clips that play anywhere and give the same answers again.
//!
//! A clip is a Matroska file and, beside it under the same name, a file of JSON lines with the answers. The
//! file holds what the assembler gave to the model before anything was spoiled on purpose, bit for bit: sound
//! as 32-bit floats, each frame as a PNG at its own millisecond. A clip begins with a whole window and never
//! runs across a seam, so windows cut from it are those that were answered.
//!
//! [`Recorder`] looks on and copies what is new into a queue; a thread of its own does the rest. Where the disk
//! is too slow, too full or gone, clips are lost, and a notice says so; the pipeline does not wait.

mod archive;
mod clip_file;
mod course;
mod front;
mod matroska;
mod piece;
mod queue;
mod recorder;
#[cfg(test)]
mod replay_tests;
mod sidecar;
mod size;
#[cfg(test)]
mod tests;
mod writer;

pub(super) use course::Format;
pub(super) use front::Use;
pub(super) use matroska::Matroska;
pub use recorder::{RecordError, RecordOptions, Recorder};
pub use size::parse_size;
pub use writer::Keep;

//! Recorded clips: which ones there are ([`ClipList`]), what they hold ([`read_clip`]) and the
//! windows they are cut into ([`Clip::windows`]).
//!
//! WAV, PNG and JPEG are read in process; every other container and codec goes through the
//! `ffmpeg` program. Whatever the file, the clock of a [`Clip`] begins at zero where the clip (or
//! the stretch that is asked for) begins, and sound and frames share it. What further sensors recorded is in
//! files beside the clip (`NAME.signal.csv`, `NAME.audio2.wav`, `NAME.camera2.mp4`), on the same clock.

mod clip_error;
mod describe;
mod ffmpeg;
mod folder;
mod jpeg;
mod list;
mod picture;
mod probe;
mod process;
mod read;
mod side;
mod signal;
mod table;
mod wav;
mod windows;
mod write;

pub use clip_error::ClipError;
pub use describe::{Description, describe};
pub(crate) use jpeg::is_whole as is_whole_jpeg;
pub use list::{ClipEntry, ClipList, ClipListError, ClipSource};
pub use probe::RECORDING_TAG;
pub use read::{ReadOptions, read_clip};
pub use signal::write_signal;
pub(crate) use signal::{Broken as BrokenSignal, decode as decode_signal, encode as encode_signal};
pub use windows::Clip;
pub(crate) use write::{encode_png, encode_wav, encode_wav_f32};
pub use write::{write_png, write_wav, write_wav_f32};

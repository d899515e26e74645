//! What goes from the pipeline to the thread that writes.

use std::time::{Duration, SystemTime};

use super::course::Format;
use crate::window::Frame;

/// What one window adds to a clip.
#[derive(Debug, Default)]
pub struct Piece {
    /// The clip that begins with this, if one does.
    pub begins: Option<Opening>,
    /// Sound that follows what came before.
    pub samples: Vec<f32>,
    /// Frames whose times are on the clip's clock, in whole milliseconds.
    pub frames: Vec<Frame>,
    /// The window's line in the file beside the clip.
    pub line: Vec<u8>,
    /// Whether a clip with this in it is to be kept.
    pub telling: bool,
    /// Memory of frames that were written.
    spare: Vec<Vec<u8>>,
}

/// How a clip begins.
#[derive(Debug)]
pub struct Opening {
    /// When its first window began, on the wall clock.
    pub wall: SystemTime,
    /// What its tracks are like.
    pub format: Format,
    /// The first line of the file beside it.
    pub facts: Vec<u8>,
}

impl Piece {
    /// Adds a copy of a frame that is on view from `time` on.
    pub fn show(&mut self, frame: &Frame, time: Duration) {
        let mut rgb = self.spare.pop().unwrap_or_default();
        rgb.extend_from_slice(&frame.rgb);
        self.frames.push(Frame {
            time,
            rgb,
            ..*frame
        });
    }

    /// Empties it for the next window, and keeps its memory.
    pub fn clear(&mut self) {
        self.begins = None;
        self.samples.clear();
        self.line.clear();
        self.telling = false;
        for mut frame in self.frames.drain(..) {
            frame.rgb.clear();
            self.spare.push(frame.rgb);
        }
    }

    /// Memory that its samples and pixels take, bytes.
    pub fn bytes(&self) -> usize {
        let pixels: usize = self.frames.iter().map(|frame| frame.rgb.len()).sum();
        size_of_val(self.samples.as_slice()) + pixels
    }
}

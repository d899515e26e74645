//! Writes lines to whoever reads them, as long as somebody does.

use std::io::{ErrorKind, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A writer of lines.
///
/// A reader that has gone (a pipe into `head`) ends the program: the stop flag is set. Any other trouble, a
/// full disk say, costs lines but not the program; they go on when there is room again.
pub struct LineWriter<W> {
    out: W,
    buffer: Vec<u8>,
    /// A line may have been written in part.
    torn: bool,
    stop: Arc<AtomicBool>,
}

impl<W: Write> LineWriter<W> {
    /// Writes to `out`, and sets `stop` when nobody reads it any more.
    pub fn new(out: W, stop: Arc<AtomicBool>) -> Self {
        Self {
            out,
            buffer: Vec::new(),
            torn: false,
            stop,
        }
    }

    /// Writes what `fill` puts into the buffer, and the end of the line.
    pub fn line(&mut self, fill: impl FnOnce(&mut Vec<u8>)) {
        self.buffer.clear();
        if self.torn {
            self.buffer.push(b'\n');
        }
        fill(&mut self.buffer);
        self.buffer.push(b'\n');
        let written = self.out.write_all(&self.buffer);
        match written.and_then(|()| self.out.flush()) {
            Ok(()) => self.torn = false,
            Err(error) if error.kind() == ErrorKind::BrokenPipe => {
                self.stop.store(true, Ordering::Relaxed);
            }
            Err(_) => self.torn = true,
        }
    }
}

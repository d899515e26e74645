//! Pictures of an open V4L2 device, waited for with a time-out.

use std::io;
use std::mem;
use std::time::Duration;

use rustix::io::Errno;
use v4l::Device;
use v4l::buffer::{Metadata, Type};
use v4l::io::mmap::Stream as Mapped;
use v4l::io::traits::{CaptureStream, Stream as _};

/// Buffers that are asked for: one is looked at while the driver fills others.
const BUFFERS: u32 = 4;
/// More buffers than any driver has (VIDEO_MAX_FRAME of linux/videodev2.h).
const MOST_BUFFERS: usize = 32;
/// From linux poll.h: there is something to read.
const READABLE: i16 = 1;

/// A running stream of pictures.
///
/// The library that it stands on waits and takes back the last buffer in one go, and fails for good if that times
/// out. So the waiting is done here first.
pub struct Stream {
    /// There until this is dropped.
    mapped: Option<Mapped<'static>>,
    /// The driver's last picture is held.
    holds: bool,
}

impl Stream {
    /// Gets buffers and starts the device.
    ///
    /// # Errors
    /// Those of the kernel; EBUSY if another program streams from it.
    pub fn start(device: &Device) -> io::Result<Self> {
        let mapped = Mapped::with_buffers(device, Type::VideoCapture, BUFFERS)?;
        let mut stream = Self {
            mapped: Some(mapped),
            holds: false,
        };
        // How many the driver gave is not told.
        let mapped = of(&mut stream.mapped);
        let given = (0..MOST_BUFFERS)
            .take_while(|&index| CaptureStream::queue(mapped, index).is_ok())
            .count();
        if given == 0 {
            return Err(io::Error::other("the driver gives no buffers"));
        }
        mapped.start()?;
        Ok(stream)
    }

    /// The next picture and what the driver says of it; `None` if there is none for so long.
    ///
    /// # Errors
    /// Those of the kernel; ENODEV when the device has gone.
    pub fn next(&mut self, patience: Duration) -> io::Result<Option<(&[u8], &Metadata)>> {
        if !self.wait(patience)? {
            return Ok(None);
        }
        if !self.holds {
            // The first picture can only be let go of; it is often a damaged one anyway.
            return match CaptureStream::dequeue(of(&mut self.mapped)) {
                Ok(_) => {
                    self.holds = true;
                    Ok(None)
                }
                Err(error) if is_nothing(&error) => Ok(None),
                Err(error) => Err(error),
            };
        }
        // Lent out again below; it is only not held if this fails.
        self.holds = false;
        let (buffer, meta) = match CaptureStream::next(of(&mut self.mapped)) {
            Err(error) if is_nothing(&error) => return Ok(None),
            result => result?,
        };
        self.holds = true;
        let used = (meta.bytesused as usize).min(buffer.len());
        Ok(Some((&buffer[..used], meta)))
    }

    /// Whether there is a picture, or an error to be told.
    fn wait(&mut self, patience: Duration) -> io::Result<bool> {
        let millis = i32::try_from(patience.as_millis()).unwrap_or(i32::MAX);
        match of(&mut self.mapped).handle().poll(READABLE, millis) {
            Ok(ready) => Ok(ready > 0),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(false),
            Err(error) => Err(error),
        }
    }
}

/// Nothing is there after all.
fn is_nothing(error: &io::Error) -> bool {
    use io::ErrorKind::{Interrupted, TimedOut, WouldBlock};
    matches!(error.kind(), Interrupted | TimedOut | WouldBlock)
}

fn of<'a>(mapped: &'a mut Option<Mapped<'static>>) -> &'a mut Mapped<'static> {
    mapped.as_mut().expect("it is there until this is dropped")
}

impl Drop for Stream {
    fn drop(&mut self) {
        let Some(mut mapped) = self.mapped.take() else {
            return;
        };
        // The library panics where it fails to stop a device that is still there.
        match mapped.stop() {
            Err(error) if Errno::from_io_error(&error) != Some(Errno::NODEV) => mem::forget(mapped),
            _ => drop(mapped),
        }
    }
}

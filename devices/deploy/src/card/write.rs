//! The card itself: opened for nobody else, written, flushed, read back.

use std::fs::File;
use std::io::{ErrorKind, Seek};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use anyhow::{Context, Result, anyhow, ensure};
use rustix::fs::{Advice, OFlags, fadvise};
use rustix::ioctl::{NoArg, ioctl, opcode};

use super::facts::Card;
use super::transfer::{compare, copy};
use crate::deploy::Report;
use crate::size::size;

/// An image that is going to be written.
pub struct Image {
    file: File,
    /// How long it is.
    pub bytes: u64,
}

impl Image {
    /// Opens it.
    ///
    /// # Errors
    /// When it cannot be read, or is no image of a disk.
    pub fn open(path: &Path) -> Result<Self> {
        let shown = path.display();
        let file = File::open(path).with_context(|| format!("cannot read the image {shown}"))?;
        let facts = file.metadata()?;
        ensure!(
            facts.is_file() && facts.len() > 0 && facts.len() % 512 == 0,
            "{shown} is no image of a disk"
        );
        Ok(Self {
            file,
            bytes: facts.len(),
        })
    }
}

/// Opens a card for writing. While it is open nobody else can mount it or open it so.
///
/// # Errors
/// When the user may not, or it is in use.
pub fn open(card: &Card) -> Result<File> {
    let device = card.device();
    let shown = device.display();
    let mut options = File::options();
    // Without O_CREAT this is a request to the kernel to let no one else use the device (open(2)).
    options
        .read(true)
        .write(true)
        .custom_flags(OFlags::EXCL.bits() as i32);
    options.open(&device).map_err(|error| match error.kind() {
        ErrorKind::PermissionDenied => anyhow!(
            "this user may not write to {shown}: make the image with --image FILE, then `sudo evenkeel-deploy card FILE {shown}`"
        ),
        ErrorKind::ResourceBusy => anyhow!("{shown} is in use by something else"),
        _ => anyhow!(error).context(format!("cannot open {shown}")),
    })
}

/// Writes an image to a card, reads it back and compares.
///
/// # Errors
/// When the card does not take the image, or does not give it back. What was on it is lost then as well.
pub fn write(image: &mut Image, card: &mut File, report: &dyn Report) -> Result<()> {
    let bytes = image.bytes;
    let step = |name: &str, work: &mut dyn FnMut() -> Result<()>| {
        report.begin(name);
        let done = work();
        let said = size(bytes);
        report.end(name, done.as_ref().map(|()| said.as_str()));
        done
    };
    step("write", &mut || {
        let progress = report.progress(bytes);
        copy(&mut image.file, card, bytes, &mut |went| progress.add(went))?;
        card.sync_all()
            .context("the card does not take what was written")
    })?;
    step("read back", &mut || {
        // What the kernel remembers would be compared with itself.
        fadvise(&*card, 0, None, Advice::DontNeed).context("the card cannot be read back")?;
        image.file.rewind()?;
        card.rewind()?;
        let progress = report.progress(bytes);
        compare(&mut image.file, card, bytes, &mut |went| progress.add(went))
    })
}

/// Lets the kernel look at the new partitions. Says whether it did: where it does not, the card has to be taken out and put
/// in again.
pub fn show_partitions(card: &File) -> bool {
    // BLKRRPART of linux/fs.h.
    const READ_AGAIN: u32 = opcode::none(0x12, 95);
    // SAFETY: this request takes no argument and changes nothing in this process.
    unsafe { ioctl(card, NoArg::<READ_AGAIN>::new()) }.is_ok()
}

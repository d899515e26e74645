//! Which disks are not written to.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};

use super::facts::{Card, Places};
use crate::size::size;

/// A mounted file system, or a swap area.
struct Use {
    /// The number of its device; none for swap.
    number: String,
    /// The file that it was mounted from.
    source: String,
    /// Where it is mounted; none for swap.
    at: Option<String>,
}

/// Where a running system is mounted from, beside `/` itself. All below these counts as well.
const SYSTEM: [&str; 5] = ["/boot", "/home", "/usr", "/var", "/efi"];

impl Card {
    /// Whether an image of so many bytes may be written to it.
    ///
    /// # Errors
    /// One sentence on why not: it carries the running system, is in use in any way, cannot be taken out and `fixed` does
    /// not allow that, is protected, or is too small.
    pub fn must_take(&self, places: &Places, bytes: u64, fixed: bool) -> Result<()> {
        self.must_be_free(places)?;
        let device = self.device();
        let device = device.display();
        ensure!(self.bytes > 0, "there is no card in {device}");
        ensure!(
            !self.protected,
            "{device} is protected from writing: move the little slide at the card's edge"
        );
        ensure!(
            self.removable || fixed,
            "{device} ({}, {}) is not a card and cannot be taken out: if it is the right one all the same, say --fixed-disk",
            self.model(),
            size(self.bytes)
        );
        ensure!(
            self.bytes >= bytes,
            "{device} has {}, and the image needs {}",
            size(self.bytes),
            size(bytes)
        );
        Ok(())
    }

    fn must_be_free(&self, places: &Places) -> Result<()> {
        let uses = uses(places)?;
        let device = self.device();
        let device = device.display();
        let mine = self.all_parts(places)?;
        let used: Vec<(&str, &Use)> = uses
            .iter()
            .filter_map(|used| {
                let source = used.source.rsplit('/').next().unwrap_or_default();
                mine.iter()
                    .find(|(name, number)| *number == used.number || name == source)
                    .map(|(name, _)| (name.as_str(), used))
            })
            .collect();
        let system = used.iter().find_map(|(name, used)| {
            let at = used.at.as_deref()?;
            let at_system =
                at == "/" || SYSTEM.iter().any(|place| Path::new(at).starts_with(place));
            at_system.then_some((name, at))
        });
        if let Some((name, at)) = system {
            bail!("{device} carries the running system ({at} is on {name}) and is not written to");
        }
        match used.first() {
            Some((name, Use { at: Some(at), .. })) => {
                bail!("{device} is in use, {name} is mounted at {at}: `umount '{at}'` first")
            }
            Some((name, Use { at: None, .. })) => {
                bail!("{device} is in use, {name} is a swap area: `swapoff /dev/{name}` first")
            }
            None => {}
        }
        for part in &self.parts {
            if let Some(holder) = part.holders.first() {
                bail!(
                    "{device} is in use, {holder} (LVM, RAID or an encrypted disk) lies on {}: switch that off first",
                    part.name
                );
            }
        }
        Ok(())
    }

    /// Names and numbers of the disk, its partitions, what lies on these, what lies on that, and so on.
    fn all_parts(&self, places: &Places) -> Result<Vec<(String, String)>> {
        let mut all = Vec::new();
        let mut left = self.parts.clone();
        while let Some(part) = left.pop() {
            if all.iter().any(|(name, _)| *name == part.name) {
                continue;
            }
            for holder in &part.holders {
                left.extend(Self::named(places, holder)?.parts);
            }
            all.push((part.name, part.number));
        }
        Ok(all)
    }
}

/// All mounts and swap areas. The formats are those of proc_pid_mountinfo(5) and proc_swaps(5).
fn uses(places: &Places) -> Result<Vec<Use>> {
    let mounts = read(&places.proc.join("self/mountinfo"))?;
    let mut uses = Vec::new();
    for line in mounts.lines() {
        let (before, after) = line
            .split_once(" - ")
            .context("the kernel's list of mounts is not as it should be")?;
        let mut fields = before.split(' ').skip(2);
        let number = fields.next().unwrap_or_default().to_owned();
        let at = fields.nth(1).map(plain);
        let source = after.split(' ').nth(1).map(plain).unwrap_or_default();
        uses.push(Use { number, source, at });
    }
    let swaps = read(&places.proc.join("swaps"))?;
    for line in swaps.lines().skip(1) {
        let source = line.split_whitespace().next().map(plain);
        uses.push(Use {
            number: String::new(),
            source: source.unwrap_or_default(),
            at: None,
        });
    }
    Ok(uses)
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

/// A name in one of these lists, where spaces are written as `\040`.
fn plain(name: &str) -> String {
    let codes = [
        ("\\040", " "),
        ("\\011", "\t"),
        ("\\012", "\n"),
        ("\\134", "\\"),
    ];
    codes
        .iter()
        .fold(name.to_owned(), |name, (code, is)| name.replace(code, is))
}

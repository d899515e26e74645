//! What a program that was built is for, and what it asks of the board: read from the file itself.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};
use evenkeel_release::Glibc;
use goblin::elf::Elf;
use goblin::elf::header::{EM_AARCH64, EM_ARM, EM_X86_64};

use crate::boards::{Board, Target};

/// What a program is for and what it asks for.
#[derive(Debug)]
pub struct Facts {
    /// The file.
    pub path: PathBuf,
    /// The machine that it runs on; none for machines that no board is of.
    pub target: Option<Target>,
    /// The oldest C library that it runs with; none where it needs no C library.
    pub glibc: Option<Glibc>,
    /// The libraries that it is linked with.
    pub libraries: Vec<String>,
    /// Whether names for debuggers were left in it.
    pub symbols: bool,
}

/// Reads the head of the program at `path`.
///
/// # Errors
/// When it cannot be read, is no ELF file, or asks for a C library in a way that is not a version.
pub fn look_at(path: &Path) -> anyhow::Result<Facts> {
    let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    let elf =
        Elf::parse(&bytes).with_context(|| format!("{} is no ELF program", path.display()))?;
    let target = match (elf.header.e_machine, elf.is_64) {
        (EM_X86_64, true) => Some(Target::Amd64),
        (EM_AARCH64, true) => Some(Target::Arm64),
        (EM_ARM, false) => Some(Target::Armv7),
        _ => None,
    };
    Ok(Facts {
        path: path.to_path_buf(),
        target,
        glibc: glibc(&elf).with_context(|| format!("in {}", path.display()))?,
        libraries: elf
            .libraries
            .iter()
            .map(|name| (*name).to_owned())
            .collect(),
        symbols: !elf.syms.is_empty(),
    })
}

/// The newest version of glibc that the program asks for.
fn glibc(elf: &Elf) -> anyhow::Result<Option<Glibc>> {
    let mut newest = None;
    for need in elf.verneed.iter().flat_map(|table| table.iter()) {
        for version in need.iter() {
            let name = elf
                .dynstrtab
                .get_at(version.vna_name)
                .context("the table of versions is damaged")?;
            let Some(number) = name.strip_prefix("GLIBC_") else {
                continue;
            };
            // Versions of the form 2.2.5 are older than all boards: the third number does not matter.
            let mut parts = number.splitn(3, '.');
            let (Some(major), Some(minor)) = (parts.next(), parts.next()) else {
                bail!("it needs {name} of the C library, which is no version");
            };
            let version = format!("{major}.{minor}");
            newest = newest.max(Some(version.parse().map_err(anyhow::Error::msg)?));
        }
    }
    Ok(newest)
}

impl Facts {
    /// Whether `board` can run the program.
    ///
    /// # Errors
    /// When it cannot, with the reason.
    pub fn check(&self, board: &Board) -> anyhow::Result<()> {
        let path = self.path.display();
        ensure!(
            self.target == Some(board.target),
            "{path} is not for {}, which is what {} runs",
            board.target.triple(),
            board.name
        );
        if let Some(glibc) = self.glibc {
            ensure!(
                glibc <= board.glibc,
                "{path} needs glibc {glibc}, and {} has {}",
                board.name,
                board.glibc
            );
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::boards;
    use crate::build::host;

    fn board(name: &str) -> Board {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../boards");
        boards::find(&folder, name).unwrap()
    }

    /// This test's own program, and a board that it is for.
    fn own() -> (Facts, Board) {
        let facts = look_at(&std::env::current_exe().unwrap()).unwrap();
        let mut board = board("generic-amd64");
        board.target = Target::of_host().unwrap();
        board.glibc = host::glibc().unwrap();
        (facts, board)
    }

    #[test]
    fn a_program_of_this_machine_is_for_this_machine() {
        let (facts, board) = own();
        assert_eq!(facts.target, Target::of_host());
        assert!(facts.libraries.iter().any(|name| name == "libc.so.6"));
        assert!(facts.glibc.unwrap() <= board.glibc);

        facts.check(&board).unwrap();
    }

    #[test]
    fn a_program_for_another_machine_is_refused() {
        let (facts, mut other) = own();
        other.target = match facts.target.unwrap() {
            Target::Arm64 => Target::Amd64,
            Target::Amd64 | Target::Armv7 => Target::Arm64,
        };
        let said = facts.check(&other).unwrap_err().to_string();
        assert!(said.contains("is not for"), "{said}");
    }

    #[test]
    fn a_program_that_needs_a_newer_c_library_is_refused() {
        let (facts, mut older) = own();
        older.glibc = "2.1".parse().unwrap();
        let said = facts.check(&older).unwrap_err().to_string();
        assert!(said.contains("needs glibc 2."), "{said}");
    }

    #[test]
    fn what_is_no_program_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("evenkeel");
        for bytes in [&b""[..], b"#!/bin/sh\n", b"\x7fELF\x02\x01\x01"] {
            fs::write(&path, bytes).unwrap();
            let said = look_at(&path).unwrap_err().to_string();
            assert!(said.ends_with("is no ELF program"), "{said}");
        }
    }
}

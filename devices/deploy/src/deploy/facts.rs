//! What a board says about itself, before anything is put on it. Asked with nothing but a shell.

use std::collections::BTreeMap;
use std::fmt;

use anyhow::{Context, Result, bail, ensure};
use evenkeel_release::Glibc;

use crate::boards::{Board, Target};
use crate::ssh::Connection;

/// Lines of `name=value`.
const QUESTIONS: &str = r#"
echo "machine=$(uname -m)"
echo "bits=$(getconf LONG_BIT 2>/dev/null)"
echo "glibc=$(getconf GNU_LIBC_VERSION 2>/dev/null | cut -d ' ' -f 2)"
echo "system=$(. /etc/os-release 2>/dev/null && echo "$PRETTY_NAME")"
echo "systemd=$(systemctl --version 2>/dev/null | head -n 1 | cut -d ' ' -f 2)"
echo "model=$(tr -d '\0' </proc/device-tree/model 2>/dev/null)"
echo "compatible=$(tr '\0' ' ' </proc/device-tree/compatible 2>/dev/null)"
test -e /opt/evenkeel/board.toml && test -x /opt/evenkeel/bin/evenkeel-board && echo set_up=yes
true
"#;

/// The oldest systemd that has all the service is run with: users that exist while it runs. That of 2017.
const SYSTEMD: u32 = 235;

/// The answers.
#[derive(Debug, Clone)]
pub struct Facts {
    machine: String,
    bits: String,
    glibc: Option<Glibc>,
    system: String,
    systemd: Option<u32>,
    model: String,
    compatible: Vec<String>,
    /// Whether a release was ever brought.
    pub is_set_up: bool,
}

impl Facts {
    /// Asks.
    ///
    /// # Errors
    /// When the connection breaks.
    pub fn ask(connection: &Connection) -> Result<Self> {
        let output = connection.ask(QUESTIONS)?;
        Ok(Self::read(&String::from_utf8_lossy(&output.stdout)))
    }

    fn read(text: &str) -> Self {
        let mut values: BTreeMap<&str, &str> = text
            .lines()
            .filter_map(|line| line.split_once('='))
            .collect();
        let mut value = |name: &str| values.remove(name).unwrap_or_default().trim().to_owned();
        Self {
            machine: value("machine"),
            bits: value("bits"),
            glibc: value("glibc").parse().ok(),
            system: value("system"),
            // Debian's own number comes after, as in "252.38-1~deb12u1".
            systemd: value("systemd")
                .split(['.', '-', '~'])
                .next()
                .and_then(|n| n.parse().ok()),
            model: value("model"),
            compatible: value("compatible")
                .split_whitespace()
                .map(str::to_owned)
                .collect(),
            is_set_up: value("set_up") == "yes",
        }
    }

    /// Whether the board is of this kind and has what a release needs.
    ///
    /// # Errors
    /// When not: one sentence.
    pub fn must_be(&self, board: &Board, glibc: Glibc) -> Result<()> {
        let runs = match (self.machine.as_str(), self.bits.as_str()) {
            ("x86_64", "64") => Some(Target::Amd64),
            ("aarch64", "64") => Some(Target::Arm64),
            // A kernel of 64 bit under a system of 32 bit, as on some Raspberry Pis.
            ("aarch64" | "armv7l" | "armv8l", "32") => Some(Target::Armv7),
            _ => None,
        };
        ensure!(
            runs == Some(board.target),
            "this board runs programs for {} ({} bit), and those of {} are for {}",
            self.machine,
            self.bits,
            board.name,
            board.target.triple()
        );
        let same = |name: &String| self.compatible.contains(name);
        if !board.identity.is_empty() && !board.identity.iter().any(same) {
            let calls = match self.model.as_str() {
                "" => "does not say what it is".to_owned(),
                model => format!("calls itself '{model}'"),
            };
            bail!("this board {calls}, and is no {}", board.name);
        }
        let has = self
            .glibc
            .context("this board has no glibc, and its programs need one")?;
        ensure!(
            has >= glibc,
            "the programs need glibc {glibc}, and this board has {has} ({})",
            self.system
        );
        let systemd = self
            .systemd
            .context("this board has no systemd, which runs the service")?;
        ensure!(
            systemd >= SYSTEMD,
            "this board has systemd {systemd}, and the service needs {SYSTEMD}"
        );
        Ok(())
    }
}

impl fmt::Display for Facts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let model = match self.model.as_str() {
            "" => &self.machine,
            model => model,
        };
        write!(f, "{model}, {}", self.system)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::boards;

    const PI_4: &str = "machine=aarch64\nbits=64\nglibc=2.36\nsystem=Debian GNU/Linux 12 (bookworm)\nsystemd=252\n\
        model=Raspberry Pi 4 Model B Rev 1.4\ncompatible=raspberrypi,4-model-b brcm,bcm2711 \n";

    fn board(name: &str) -> Board {
        let folder = crate::checkout::root().unwrap().join("devices/boards");
        boards::find(&folder, name).unwrap()
    }

    #[test]
    fn a_board_is_what_it_calls_itself() {
        let facts = Facts::read(PI_4);
        let glibc = "2.36".parse().unwrap();
        facts.must_be(&board("raspberry-pi-4"), glibc).unwrap();
        facts.must_be(&board("generic-arm64"), glibc).unwrap();
        assert!(!facts.is_set_up);
        let refused = |text: &str, name: &str, glibc: &str| {
            let facts = Facts::read(text);
            facts
                .must_be(&board(name), glibc.parse().unwrap())
                .unwrap_err()
                .to_string()
        };
        let cases = [
            (
                refused(PI_4, "raspberry-pi-5", "2.36"),
                "'Raspberry Pi 4 Model B Rev 1.4', and is no",
            ),
            (refused(PI_4, "generic-amd64", "2.36"), "aarch64 (64 bit)"),
            (
                refused(PI_4, "raspberry-pi-4", "2.38"),
                "need glibc 2.38, and this board has 2.36",
            ),
            (
                refused(&PI_4.replace("=64", "=32"), "raspberry-pi-4", "2.36"),
                "(32 bit)",
            ),
            (
                refused(
                    &PI_4.replace("systemd=252", "systemd="),
                    "raspberry-pi-4",
                    "2.36",
                ),
                "no systemd",
            ),
            (
                refused(&PI_4.replace("=252", "=229"), "raspberry-pi-4", "2.36"),
                "needs 235",
            ),
            (
                refused(&PI_4.replace("=2.36", "="), "raspberry-pi-4", "2.36"),
                "no glibc",
            ),
        ];
        for (told, expected) in cases {
            assert!(told.contains(expected), "{told}");
        }
    }
}

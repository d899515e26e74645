//! What a board file holds. The table in devices/README.md says the same for people.

use std::collections::BTreeSet;
use std::fmt;

use anyhow::ensure;
use evenkeel_release::Glibc;
use serde::{Deserialize, Serialize};

/// A board, as its file describes it.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Board {
    /// The name of the file without `.toml`.
    pub name: String,
    /// The board, in one line.
    pub description: String,
    /// The chip.
    pub soc: String,
    /// The kind of processor core; of several kinds, the fastest first.
    pub core: String,
    /// How many cores there are.
    pub cores: u32,
    /// The highest clock that the maker names, MHz; none where boards differ.
    pub clock_mhz: Option<u32>,
    /// The largest size of model that it is meant for.
    pub class: Class,
    /// Memory of the usual model, MB.
    pub memory_mb: u32,
    /// What is built for.
    pub target: Target,
    /// The processor that rustc optimises for, `-C target-cpu`; `generic` is the least that the target asks for.
    pub target_cpu: String,
    /// What every core of the board can do beyond the target's minimum.
    pub features: BTreeSet<Feature>,
    /// The system that the maker ships, the oldest that is to work.
    pub system: String,
    /// The C library of that system.
    pub glibc: Glibc,
    /// How evenkeel gets onto the board for the first time.
    pub provision: Provision,
    /// Entries of `/proc/device-tree/compatible`, one of which the board has; empty where any board will do.
    pub identity: Vec<String>,
    /// What its camera is.
    pub camera: Camera,
    /// What its microphone is.
    pub microphone: Microphone,
    /// Options of `evenkeel live` that its camera and microphone need; mostly none.
    pub options: Vec<String>,
    /// The recommended model: a folder in `models`.
    pub model: String,
    /// In what numbers the weights of the model are stored.
    pub precision: Precision,
    /// What a user of the board has to know.
    pub notes: Vec<String>,
    /// Whether evenkeel has run on one.
    pub tried: bool,
    /// What whoever has one is to look at, beyond what devices/README.md asks of every board. Only for boards
    /// that were never tried.
    #[serde(default)]
    pub checklist: Vec<String>,
    /// Where the facts are from.
    pub sources: Vec<Source>,
}

/// What programs are built for, by Rust's name for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
pub enum Target {
    #[serde(rename = "x86_64-unknown-linux-gnu")]
    Amd64,
    #[serde(rename = "aarch64-unknown-linux-gnu")]
    Arm64,
    #[serde(rename = "armv7-unknown-linux-gnueabihf")]
    Armv7,
}

impl Target {
    /// Rust's name.
    pub fn triple(self) -> &'static str {
        match self {
            Target::Amd64 => "x86_64-unknown-linux-gnu",
            Target::Arm64 => "aarch64-unknown-linux-gnu",
            Target::Armv7 => "armv7-unknown-linux-gnueabihf",
        }
    }

    /// The C compilers' name, and that of the folders of Debian's libraries.
    pub fn gnu(self) -> &'static str {
        match self {
            Target::Amd64 => "x86_64-linux-gnu",
            Target::Arm64 => "aarch64-linux-gnu",
            Target::Armv7 => "arm-linux-gnueabihf",
        }
    }

    /// Debian's name of the architecture.
    pub fn debian(self) -> &'static str {
        match self {
            Target::Amd64 => "amd64",
            Target::Arm64 => "arm64",
            Target::Armv7 => "armhf",
        }
    }

    /// The target of the machine that this program runs on, if a board can have it.
    pub fn of_host() -> Option<Target> {
        match std::env::consts::ARCH {
            "x86_64" => Some(Target::Amd64),
            "aarch64" => Some(Target::Arm64),
            "arm" => Some(Target::Armv7),
            _ => None,
        }
    }
}

/// What decides which of tract's kernels a board runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Feature {
    /// Arithmetic in half precision: ARMv8.2's FEAT_FP16.
    F16,
    /// Dot products of bytes: ARMv8.2's FEAT_DotProd.
    Dotprod,
}

/// How evenkeel gets onto a board for the first time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Provision {
    /// Over ssh, onto the system that the maker's own tools put there.
    Ssh,
    /// Over ssh, onto the system that NVIDIA's flashing put there.
    Nvidia,
    /// With a card written here that a Raspberry Pi starts from; or over ssh.
    ImagePi,
    /// With an image that any board with UEFI starts from; or over ssh.
    ImageUefi,
    /// It is a machine in QEMU.
    Virtual,
}

/// What a board's camera is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Camera {
    /// One that gives pictures through Video4Linux: any USB camera.
    V4l2,
    /// The kernel's virtual camera.
    Vivid,
}

/// What a board's microphone is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Microphone {
    /// One at the USB, or the one in the USB camera.
    Usb,
    /// The kernel's sound card that hears what is played into it.
    Aloop,
}

/// The sizes of models, as docs/precision.md describes them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Class {
    /// For cores that do one thing after another, and little memory.
    Nano,
    /// For the larger cores of small boards.
    Small,
    /// For desktops and the largest boards.
    Base,
}

impl Class {
    /// All of them, the smallest first.
    pub const ALL: [Self; 3] = [Self::Nano, Self::Small, Self::Base];
}

/// In what numbers the weights of a model are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// 32 bit floating point.
    F32,
    /// 16 bit floating point.
    F16,
    /// Whole numbers of 8 bits.
    Int8,
}

/// A document that facts of a board file are from.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// What it tells.
    pub of: String,
    /// Its title.
    pub title: String,
    /// Its address.
    pub url: String,
}

/// The versions of glibc that a binary can be built for: Rust's standard library needs 2.17, and none
/// has come to 2.60 yet.
const GLIBC: std::ops::Range<Glibc> = Glibc::new(2, 17)..Glibc::new(2, 60);

impl Board {
    /// Whether the file called `name` makes sense as a whole.
    ///
    /// # Errors
    /// One sentence on the first thing that does not.
    pub(super) fn check(&self, name: &str) -> anyhow::Result<()> {
        ensure!(
            self.name == name,
            "its name is '{}', and that of the file is '{name}'",
            self.name
        );
        ensure!(
            GLIBC.contains(&self.glibc),
            "glibc {} is not from {} to below {}",
            self.glibc,
            GLIBC.start,
            GLIBC.end
        );
        ensure!(
            (1..=256).contains(&self.cores),
            "cores is not from 1 to 256"
        );
        // The smallest board that Linux, a camera and a model of a few megabytes fit on.
        ensure!(self.memory_mb >= 256, "memory_mb is below 256");
        ensure!(
            self.clock_mhz
                .is_none_or(|clock| (100..=10_000).contains(&clock)),
            "clock_mhz is not from 100 to 10000"
        );
        let is_virtual = self.provision == Provision::Virtual;
        ensure!(
            (self.camera == Camera::Vivid) == is_virtual
                && (self.microphone == Microphone::Aloop) == is_virtual,
            "vivid and aloop are the camera and the microphone of virtual boards, and of no others"
        );
        ensure!(
            self.tried == self.checklist.is_empty(),
            "a board has a checklist exactly when it was never tried"
        );
        ensure!(
            is_virtual || !self.sources.is_empty(),
            "it does not say where its facts are from"
        );
        for text in self.texts() {
            ensure!(!text.trim().is_empty(), "one of its texts is empty");
        }
        for source in &self.sources {
            ensure!(
                source.url.starts_with("https://"),
                "the address of a source is not https: {}",
                source.url
            );
        }
        Ok(())
    }

    fn texts(&self) -> impl Iterator<Item = &String> {
        let single = [
            &self.description,
            &self.soc,
            &self.core,
            &self.target_cpu,
            &self.system,
            &self.model,
        ];
        let lists = [&self.identity, &self.options, &self.notes, &self.checklist];
        let sources = self
            .sources
            .iter()
            .flat_map(|source| [&source.of, &source.title]);
        single
            .into_iter()
            .chain(lists.into_iter().flatten())
            .chain(sources)
    }
}

impl fmt::Display for Feature {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str(match self {
            Feature::F16 => "f16",
            Feature::Dotprod => "dotprod",
        })
    }
}

impl fmt::Display for Precision {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str(match self {
            Precision::F32 => "f32",
            Precision::F16 => "f16",
            Precision::Int8 => "int8",
        })
    }
}

impl fmt::Display for Class {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str(match self {
            Class::Nano => "nano",
            Class::Small => "small",
            Class::Base => "base",
        })
    }
}

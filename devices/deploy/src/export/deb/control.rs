//! What the package manager is told (deb-control(5)).

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use anyhow::{Context, Result};
use evenkeel_release::Glibc;

use super::super::content::Item;
use super::super::version::PackageVersion;
use super::Deb;
use crate::boards::Target;

/// The name of the package.
pub const NAME: &str = "evenkeel";
/// What the units need, and what proves releases: the oldest systemd with dynamic users in folders of their own, and the
/// system's bus, by which `systemd-run` waits.
const NEEDED: [&str; 2] = ["dbus | dbus-system-bus", "systemd (>= 235)"];
const KIB: u64 = 1024;

/// Who answers for a package: `Name <mail@address>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Maintainer(String);

impl FromStr for Maintainer {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let named = || {
            let (name, rest) = text.split_once(" <")?;
            let (user, host) = rest.strip_suffix('>')?.split_once('@')?;
            let plain = |part: &str| {
                !part.is_empty() && !part.contains(|c: char| c.is_whitespace() || "<>@".contains(c))
            };
            let whole = !name.trim().is_empty() && !text.contains(char::is_control);
            (whole && plain(user) && plain(host)).then(|| Self(text.to_owned()))
        };
        named().ok_or_else(|| format!("'{text}' is not of the form Name <mail@address>"))
    }
}

impl fmt::Display for Maintainer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The file `control`.
///
/// # Errors
/// When the programs need a library that is in no package that is known here.
pub fn fields(deb: &Deb, data: &[Item]) -> Result<String> {
    let ready = deb.ready;
    let manifest = &ready.release.manifest;
    let target = ready.board.target;
    let depends = depends(&ready.programs.libraries, manifest.glibc, target)?;
    // Each file takes whole KiB, which is how dpkg counts.
    let size: u64 = data
        .iter()
        .map(|item| (item.bytes.len() as u64).div_ceil(KIB))
        .sum();
    Ok(format!(
        "\
Package: {NAME}
Version: {version}
Architecture: {architecture}
Maintainer: {maintainer}
Installed-Size: {size}
Depends: {depends}
Section: video
Priority: optional
Description: answers about what camera and microphone see and hear
 A service that recognises with camera and microphone together, and goes on
 with one of them when the other fails.
 .
 This package is for boards of the kind {board}, with the model
 {model}. It holds the signed release {id}:
 the board proves it, and lets what ran before run again if it does not answer.
",
        version = PackageVersion::of(manifest),
        architecture = target.debian(),
        maintainer = deb.maintainer,
        board = manifest.board,
        model = manifest.model,
        id = ready.release.id,
    ))
}

/// The packages that these libraries are in.
fn depends(libraries: &BTreeSet<String>, glibc: Glibc, target: Target) -> Result<String> {
    let mut packages = BTreeSet::from(NEEDED.map(str::to_owned));
    packages.insert(format!("libc6 (>= {glibc})"));
    for library in libraries {
        let package = package(library, target).with_context(|| {
            format!("the programs need {library}, and it is not known which package has it")
        })?;
        packages.extend(package.map(str::to_owned));
    }
    Ok(packages.into_iter().collect::<Vec<_>>().join(", "))
}

/// The package with a library; `Some(None)` for those of the C library itself.
fn package(library: &str, target: Target) -> Option<Option<&'static str>> {
    let name = library.split('.').next().unwrap_or_default();
    match name {
        "libc" | "libm" | "libdl" | "libpthread" | "librt" => Some(None),
        _ if name.starts_with("ld-linux") => Some(None),
        "libgcc_s" => Some(Some("libgcc-s1 | libgcc1")),
        // Its name changed with the size of times. On 32 bit that is another library, which older programs do not fit.
        "libasound" if target == Target::Armv7 => Some(Some("libasound2")),
        "libasound" => Some(Some("libasound2t64 | libasound2")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_packages_of_the_libraries_are_asked_for_and_unknown_ones_are_told() {
        let libraries = ["libasound.so.2", "libc.so.6", "ld-linux-aarch64.so.1"];
        let libraries = libraries.map(str::to_owned).into();
        let glibc = Glibc::new(2, 31);
        assert_eq!(
            depends(&libraries, glibc, Target::Arm64).unwrap(),
            "dbus | dbus-system-bus, libasound2t64 | libasound2, libc6 (>= 2.31), systemd (>= 235)"
        );
        assert_eq!(
            depends(&libraries, glibc, Target::Armv7).unwrap(),
            "dbus | dbus-system-bus, libasound2, libc6 (>= 2.31), systemd (>= 235)"
        );
        let other = BTreeSet::from(["libjack.so.0".to_owned()]);
        let error = depends(&other, glibc, Target::Arm64).unwrap_err();
        assert!(error.to_string().contains("libjack.so.0"), "{error}");
    }

    #[test]
    fn a_maintainer_has_a_name_and_an_address() {
        assert!(
            "Ada Lovelace <ada@example.com>"
                .parse::<Maintainer>()
                .is_ok()
        );
        for wrong in [
            "",
            "Ada",
            "ada@example.com",
            "Ada <ada>",
            " <ada@example.com>",
            "Ada <ada@example.com",
            "Ada <a da@example.com>",
            "Ada\nDepends: x <ada@example.com>",
        ] {
            assert!(wrong.parse::<Maintainer>().is_err(), "{wrong}");
        }
    }
}

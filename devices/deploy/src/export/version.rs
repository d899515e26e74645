//! The number of a package.

use std::fmt;

use evenkeel_release::Manifest;

/// The version of the program, then the number of the release: 0.1.0-20261125043310. Debian's order of versions
/// (deb-version(7)) is that of releases as long as the program's version does not go back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackageVersion(String);

impl PackageVersion {
    /// Of the package with this release.
    pub fn of(manifest: &Manifest) -> Self {
        // What follows a dash is before the version itself for cargo, and a tilde says that to Debian.
        let program = manifest.program.replace('-', "~");
        Self(format!("{program}-{}", manifest.version))
    }
}

impl fmt::Display for PackageVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

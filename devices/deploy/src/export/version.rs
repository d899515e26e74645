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

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    fn version(program: &str, number: u64) -> String {
        let list = format!(
            "format = 1\nversion = {number}\nboard = \"b\"\ntarget = \"t\"\nglibc = \"2.31\"\nprogram = \"{program}\"\nmodel = \"m 1\"\nfile = []\n"
        );
        PackageVersion::of(&toml::from_str(&list).unwrap()).to_string()
    }

    #[test]
    fn dpkg_orders_packages_as_boards_order_releases() {
        let in_order = [
            version("0.1.0", 7),
            version("0.1.0", 20_260_101_000_000),
            version("0.1.0", 20_261_125_043_310),
            version("0.2.0-rc.1", 20_261_125_043_311),
            version("0.2.0", 20_261_125_043_312),
            version("0.10.0", 20_261_125_043_313),
        ];
        for pair in in_order.windows(2) {
            let mut dpkg = Command::new("dpkg");
            dpkg.args(["--compare-versions", &pair[0], "lt", &pair[1]]);
            assert!(dpkg.status().unwrap().success(), "{pair:?}");
        }
    }
}

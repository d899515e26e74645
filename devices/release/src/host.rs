//! The machine that a release is to run on.

use crate::{Error, Glibc, Manifest};

/// What a board knows about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Host {
    /// The kind of board that it was set up as, as the file in `devices/boards` is named.
    pub board: String,
    /// Its processor, as Rust calls it: `aarch64`, `arm`, `x86_64`.
    pub processor: String,
    /// Its C library.
    pub glibc: Glibc,
}

impl Host {
    /// Whether the programs of a release can run here.
    ///
    /// # Errors
    /// When they cannot.
    pub fn must_run(&self, manifest: &Manifest) -> Result<(), Error> {
        if manifest.board != self.board {
            return Err(Error::WrongBoard {
                wanted: manifest.board.clone(),
                is: self.board.clone(),
            });
        }
        let wanted = manifest.target.split('-').next().unwrap_or_default();
        // Triples of 32 bit name the version of the instructions, as in armv7.
        let same = match self.processor.as_str() {
            "arm" => wanted.starts_with("arm"),
            processor => wanted == processor,
        };
        if !same {
            return Err(Error::WrongProcessor {
                wanted: manifest.target.clone(),
                is: self.processor.clone(),
            });
        }
        if manifest.glibc > self.glibc {
            return Err(Error::OldGlibc {
                wanted: manifest.glibc,
                is: self.glibc,
            });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::tests::{host, manifest};

    #[test]
    fn what_cannot_run_is_refused_with_both_sides_named() {
        let good = manifest(7, &[]);
        host().must_run(&good).unwrap();
        type Change = fn(&mut Manifest);
        let cases: [(Change, &str); 3] = [
            (
                |m| m.board = "raspberry-pi-4".into(),
                "for the board raspberry-pi-4, and this one was set up as test",
            ),
            (
                |m| m.target = "armv7-unknown-linux-gnueabihf".into(),
                "is x86_64",
            ),
            (
                |m| m.glibc = "2.37".parse().unwrap(),
                "need glibc 2.37, and this board has 2.36",
            ),
        ];
        for (change, why) in cases {
            let mut manifest = good.clone();
            change(&mut manifest);
            let error = host().must_run(&manifest).unwrap_err().to_string();
            assert!(error.contains(why), "{error}");
        }
        let arm = Host {
            processor: "arm".into(),
            ..host()
        };
        let mut manifest = good;
        manifest.target = "armv7-unknown-linux-gnueabihf".into();
        arm.must_run(&manifest).unwrap();
    }
}

//! What an image has of its own.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

/// The name, the keys and the network of one board.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The name by which it is found in the network.
    pub hostname: String,
    /// Public keys of ssh, one a line: whose halves log in.
    pub authorized_keys: String,
    /// The wireless network, if it is to use one.
    pub wifi: Option<Wifi>,
    /// How large the image is, MiB. The board makes its file system as large as the card.
    pub size: u32,
}

impl Settings {
    /// How large the image is, bytes.
    pub fn bytes(&self) -> u64 {
        u64::from(self.size) << 20
    }
}

/// A wireless network.
#[derive(Debug, Clone)]
pub struct Wifi {
    /// Its name.
    pub ssid: String,
    /// A file whose first line is its password.
    pub password_file: PathBuf,
    /// Where the board is, two letters of ISO 3166: what it may send with depends on that.
    pub country: String,
}

/// The public keys in these files; without any, those of this user.
///
/// # Errors
/// When one cannot be read, or there is none: nobody could log in.
pub fn authorized_keys(named: &[PathBuf]) -> Result<String> {
    let files = match named {
        [] => own(&PathBuf::from(env::var_os("HOME").unwrap_or_default()).join(".ssh")),
        named => named.to_vec(),
    };
    ensure!(
        !files.is_empty(),
        "there is no public key of ssh in ~/.ssh, and without one nobody could log in: make one with ssh-keygen, or name it with --authorized-key"
    );
    let mut keys = String::new();
    for file in files {
        let text = fs::read_to_string(&file)
            .with_context(|| format!("cannot read the public key {}", file.display()))?;
        ensure!(
            !text.contains("PRIVATE KEY"),
            "{} is a private key, which must not leave this machine: name the one with .pub",
            file.display()
        );
        keys.push_str(text.trim_end());
        keys.push('\n');
    }
    Ok(keys)
}

fn own(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            name.starts_with("id_") && name.ends_with(".pub")
        })
        .collect();
    files.sort();
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_a_user_are_the_public_ones_and_a_private_one_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = folder.path().join(name);
            fs::write(&path, text).unwrap();
            path
        };
        let one = write("id_ed25519.pub", "ssh-ed25519 AAAA one");
        let two = write("id_rsa.pub", "ssh-rsa BBBB two\n\n");
        let secret = write("id_ed25519", "-----BEGIN OPENSSH PRIVATE KEY-----\n");
        write("known_hosts", "");
        let files = own(folder.path());
        assert_eq!(files, [one, two]);
        let keys = authorized_keys(&files).unwrap();
        assert_eq!(keys, "ssh-ed25519 AAAA one\nssh-rsa BBBB two\n");
        let error = authorized_keys(&[secret]).unwrap_err().to_string();
        assert!(error.contains("private key"), "{error}");
        assert!(own(&folder.path().join("none")).is_empty());
    }
}

//! The key that releases are signed with.

use std::env;
use std::fs;
use std::io::{Cursor, IsTerminal, stdin};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use evenkeel_release::{Key, durable};
use minisign::{KeyPair, SecretKey, SecretKeyBox};

/// A key of minisign: the secret half in a file that only its owner may read, the public half beside it.
pub struct SigningKey {
    secret: SecretKey,
    /// The half that boards are given.
    pub public: Key,
}

/// Where the key is looked for: what was named, `EVENKEEL_KEY`, or the user's folder for settings.
///
/// # Errors
/// When there is no such folder.
pub fn place(named: Option<&Path>) -> Result<PathBuf> {
    if let Some(path) = named {
        return Ok(path.to_owned());
    }
    if let Some(path) = env::var_os("EVENKEEL_KEY").filter(|path| !path.is_empty()) {
        return Ok(path.into());
    }
    let settings = env::var_os("XDG_CONFIG_HOME")
        .filter(|folder| !folder.is_empty())
        .map(PathBuf::from)
        .or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".config")))
        .context("there is no home folder to keep the key in: name a file with --key")?;
    Ok(settings.join("evenkeel/deploy.key"))
}

/// The file of the public half.
pub fn public_place(secret: &Path) -> PathBuf {
    secret.with_extension("pub")
}

impl SigningKey {
    /// Makes a key and keeps it. With a password it can be used only by who knows that.
    ///
    /// # Errors
    /// When there is one already, or it cannot be written.
    pub fn make(path: &Path, password: Option<String>) -> Result<Self> {
        ensure!(
            !path.exists(),
            "there is a key in {} already, and boards may trust it: name another file with --key",
            path.display()
        );
        let pair = match &password {
            None => KeyPair::generate_unencrypted_keypair(),
            Some(_) => KeyPair::generate_encrypted_keypair(password),
        };
        let pair = pair.context("no key could be made")?;
        let comment = "minisign secret key of evenkeel-deploy";
        let secret = pair
            .sk
            .to_box(Some(comment))
            .context("the key cannot be written")?;
        let public = pair
            .pk
            .to_box()
            .context("the key cannot be written")?
            .to_string();
        let failed = || format!("cannot write {}", path.display());
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).with_context(failed)?;
        }
        durable::write(&public_place(path), public.as_bytes(), 0o644).with_context(failed)?;
        durable::write(path, secret.to_string().as_bytes(), 0o600).with_context(failed)?;
        Self::read(path)
    }

    /// Reads a key, and asks for its password if it has one and there is a terminal.
    ///
    /// # Errors
    /// When there is none, or it is none, or the password is another one.
    pub fn read(path: &Path) -> Result<Self> {
        let shown = path.display();
        let text = fs::read_to_string(path).with_context(|| {
            format!("there is no key in {shown}: make one with `evenkeel-deploy key`")
        })?;
        let wrong = || format!("{shown} is no secret key of minisign");
        let kind = Kind::of(&text).with_context(wrong)?;
        let sealed = SecretKeyBox::from_string(&text).with_context(wrong)?;
        let secret = match kind {
            Kind::Plain => sealed.into_unencrypted_secret_key().with_context(wrong)?,
            Kind::Sealed => sealed
                .into_secret_key(Some(password(path)?))
                .with_context(|| format!("the key in {shown} has another password"))?,
        };
        let public = minisign::PublicKey::from_secret_key(&secret).with_context(wrong)?;
        let public = Key::parse(&public.to_base64(), &shown.to_string())?;
        Ok(Self { secret, public })
    }

    /// Reads the key, or makes one without a password where there is none yet. Says whether it was made.
    ///
    /// # Errors
    /// When it cannot be read or made.
    pub fn read_or_make(path: &Path) -> Result<(Self, bool)> {
        if path.exists() {
            return Ok((Self::read(path)?, false));
        }
        Ok((Self::make(path, None)?, true))
    }

    /// The signature of a text; `comment` is signed with it.
    ///
    /// # Errors
    /// When it cannot be signed.
    pub fn sign(&self, text: &str, comment: &str) -> Result<String> {
        let signature = minisign::sign(
            None,
            &self.secret,
            Cursor::new(text),
            Some(comment),
            Some("signature of an evenkeel release"),
        );
        Ok(signature
            .context("the release cannot be signed")?
            .to_string())
    }
}

/// Whether a secret key can be used by who has its file.
enum Kind {
    Plain,
    Sealed,
}

impl Kind {
    /// Of a file of minisign: after a line of comment one of base 64, whose bytes begin with the algorithm, `Ed`, and with
    /// how the key follows from the password, `Sc` for scrypt or zeros.
    fn of(text: &str) -> Option<Self> {
        let bytes = BASE64_STANDARD.decode(text.lines().nth(1)?.trim()).ok()?;
        match (bytes.get(..2)?, bytes.get(2..4)?) {
            (b"Ed", b"Sc") => Some(Self::Sealed),
            (b"Ed", [0, 0]) => Some(Self::Plain),
            _ => None,
        }
    }
}

fn password(path: &Path) -> Result<String> {
    if let Ok(password) = env::var("EVENKEEL_KEY_PASSWORD") {
        return Ok(password);
    }
    if !stdin().is_terminal() {
        bail!(
            "the key in {} has a password, and there is no terminal to ask for it: set EVENKEEL_KEY_PASSWORD",
            path.display()
        );
    }
    rpassword::prompt_password(format!("Password of the key {}: ", path.display()))
        .context("the password could not be read")
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use evenkeel_release::TrustedKeys;

    use super::*;

    #[test]
    fn a_key_signs_what_its_public_half_verifies_and_is_nobody_elses() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys/deploy.key");
        let (key, made) = SigningKey::read_or_make(&path).unwrap();
        assert!(made);
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let (again, made) = SigningKey::read_or_make(&path).unwrap();
        assert!(!made);
        let trusted = TrustedKeys::read(&folder.path().join("keys")).unwrap();
        let signature = again.sign("text", "comment").unwrap();
        assert_eq!(trusted.verify(b"text", &signature).unwrap(), &key.public);
        trusted.verify(b"next", &signature).unwrap_err();
        assert!(
            SigningKey::make(&path, None).is_err(),
            "a key is never overwritten"
        );
    }

    #[test]
    fn what_is_no_key_is_said_to_be_none() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deploy.key");
        let error = SigningKey::read(&path).err().unwrap().to_string();
        assert!(error.contains("evenkeel-deploy key"), "{error}");
        fs::write(&path, "no key").unwrap();
        let error = SigningKey::read(&path).err().unwrap().to_string();
        assert!(error.contains("no secret key"), "{error}");
    }
}

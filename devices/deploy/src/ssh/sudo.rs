//! Becoming root on a board.

use std::io::{self, IsTerminal, Write, stdin};
use std::process::Output;

use anyhow::{Context, Result, bail};

use super::{Connection, quoted};

/// How commands run as root on a board.
pub enum Sudo {
    /// The user is root.
    Needless,
    /// sudo asks nothing.
    Free,
    /// sudo wants the user's password.
    Password(String),
}

impl Sudo {
    /// Finds out, and asks for the password where one is needed and there is a terminal.
    ///
    /// # Errors
    /// When the user cannot become root.
    pub fn find(connection: &Connection) -> Result<Self> {
        let host = connection.host();
        let test = "test \"$(id -u)\" = 0 && exit 0; command -v sudo >/dev/null || exit 3; \
                    sudo -n true 2>/dev/null && exit 1; exit 2";
        match connection.ask(test)?.status.code() {
            Some(0) => Ok(Self::Needless),
            Some(1) => Ok(Self::Free),
            Some(2) if connection.address.may_ask() => Self::with_password(connection),
            Some(2) if stdin().is_terminal() => bail!(
                "sudo wants a password on {host}, and where many boards are served at once nobody is asked for one: let \
                 the user do without (a file in /etc/sudoers.d with NOPASSWD), or connect as root"
            ),
            Some(2) => bail!(
                "sudo wants a password on {host}, and there is no terminal to ask for it: run this in one, or let the \
                 user do without (a file in /etc/sudoers.d with NOPASSWD)"
            ),
            _ => bail!("there is no sudo on {host}: install it, or connect as root"),
        }
    }

    fn with_password(connection: &Connection) -> Result<Self> {
        let host = connection.host();
        let password = rpassword::prompt_password(format!("Password for sudo on {host}: "))
            .context("the password could not be read")?;
        let sudo = Self::Password(password);
        let output = sudo.feed(connection, "true", |_| Ok(()))?;
        if output.status.success() {
            return Ok(sudo);
        }
        bail!("this user may not use sudo on {host}, or the password is another one")
    }

    /// A command line as root.
    pub fn line(&self, command: &str) -> String {
        match self {
            Self::Needless => command.to_owned(),
            Self::Free => format!("sudo -n -- sh -c {}", quoted(command)),
            // Without the memory of sudo, or it would not read the password that comes.
            Self::Password(_) => format!("sudo -k -S -p '' -- sh -c {}", quoted(command)),
        }
    }

    /// Runs a command as root, with what `write` writes on its standard input.
    ///
    /// # Errors
    /// As [`Connection::feed`].
    pub fn feed(
        &self,
        connection: &Connection,
        command: &str,
        write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<Output> {
        connection.feed(&self.line(command), |input| {
            self.pass(input)?;
            write(input)
        })
    }

    /// Runs a command as root, and hands on its lines as they come.
    ///
    /// # Errors
    /// As [`Connection::follow`].
    pub fn follow(
        &self,
        connection: &Connection,
        command: &str,
        line: impl FnMut(&str),
    ) -> Result<Output> {
        connection.follow(&self.line(command), |input| self.pass(input), line)
    }

    fn pass(&self, input: &mut dyn Write) -> io::Result<()> {
        match self {
            Self::Password(password) => writeln!(input, "{password}"),
            Self::Needless | Self::Free => Ok(()),
        }
    }
}

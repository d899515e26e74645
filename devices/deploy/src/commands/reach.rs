//! Which board a command is about.

use anyhow::{Context, Result};

use crate::boards::{Board, Provision};
use crate::deploy::Agent;
use crate::ssh::{Address, Connection, Sudo};
use crate::virtual_board;

/// Where a board is.
#[derive(Debug, Clone, clap::Args)]
pub struct Reach {
    /// The board's address: user@host, or a name from ~/.ssh/config
    #[arg(long, value_name = "ADDRESS")]
    pub host: Option<String>,

    /// An option for ssh, as in `-o Port=2222` or `-o IdentityFile=~/.ssh/boards`
    #[arg(short = 'o', long = "ssh-option", value_name = "OPTION")]
    pub options: Vec<String>,
}

impl Reach {
    /// Whether anything of it was said.
    pub fn is_given(&self) -> bool {
        self.host.is_some() || !self.options.is_empty()
    }

    /// The address: the one given, or that of the virtual board.
    ///
    /// # Errors
    /// When none is given and the board has none of its own.
    pub fn address(&self, board: Option<&Board>) -> Result<Address> {
        if let Some(host) = &self.host {
            return Ok(Address {
                host: host.clone(),
                options: self.options.clone(),
                settings: None,
            });
        }
        match board {
            Some(board) if board.provision == Provision::Virtual => virtual_board::address(),
            _ => None
                .context("which board? Name its address with --host, as in --host pi@192.168.1.20"),
        }
    }

    /// Connects, and calls something with the program on the board.
    ///
    /// # Errors
    /// When the board cannot be reached, or its user may not be root there, or what is called fails.
    pub fn with_agent<T>(
        &self,
        board: Option<&Board>,
        call: impl FnOnce(&Agent) -> Result<T>,
    ) -> Result<T> {
        let connection = Connection::open(self.address(board)?)?;
        let sudo = Sudo::find(&connection)?;
        call(&Agent {
            connection: &connection,
            sudo: &sudo,
        })
    }
}

//! The command line.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use clap::{Args, Parser, Subcommand};
use evenkeel_release::{Key, ReleaseId, Setup, Store};

use crate::lock::Lock;
use crate::log::Log;
use crate::update::Update;
use crate::{folder, host, receive, remove, service, status};

/// The half of evenkeel's deployment that runs on the board. `evenkeel-deploy` calls it.
#[derive(Parser)]
#[command(version, about, after_help = EXAMPLES)]
struct Cli {
    /// The file system that it works on.
    #[arg(long, value_name = "FOLDER", default_value = "/", global = true)]
    root: PathBuf,
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "Examples, on a board:
  sudo /opt/evenkeel/bin/evenkeel-board status
  sudo /opt/evenkeel/bin/evenkeel-board rollback
  sudo systemctl status evenkeel

Exit codes: 0 done, 1 refused or failed (what was live is live), 2 bad usage.";

#[derive(Subcommand)]
enum Command {
    /// Sets this board up: whose releases it takes, the units of the service.
    Setup {
        /// What kind of board this is.
        #[arg(long)]
        board: String,
        /// A minisign public key whose releases are taken; may be given more than once.
        #[arg(long = "key", value_name = "BASE64", required = true)]
        keys: Vec<String>,
        /// Options of `evenkeel live` to begin with.
        #[arg(long, default_value = "", allow_hyphen_values = true)]
        options: String,
        #[command(flatten)]
        systemd: Systemd,
    },
    /// Checks the list of a release, which comes in a tar on the standard input, and says which files are missing.
    Offer {
        /// Take a release that is older than one that was live here.
        #[arg(long)]
        allow_downgrade: bool,
    },
    /// Takes files of the release that was offered last, from a tar on the standard input, each named by its SHA-256.
    Receive,
    /// Puts the release that was offered last together, proves it, and lets it be live if it answers.
    Install {
        /// Take the release in this folder first.
        #[arg(long, value_name = "FOLDER")]
        from: Option<PathBuf>,
        /// Take a release that is older than one that was live here.
        #[arg(long, requires = "from", overrides_with = "allow_downgrade")]
        allow_downgrade: bool,
        #[command(flatten)]
        patience: Patience,
        #[command(flatten)]
        systemd: Systemd,
    },
    /// Goes back to an older release, or to one that is named.
    Rollback {
        /// Which; the newest before the live one unless told.
        #[arg(long = "to", value_name = "RELEASE")]
        release: Option<ReleaseId>,
        #[command(flatten)]
        patience: Patience,
    },
    /// After a power cut: goes back to the last good release if another one was on trial.
    Settle,
    /// Says what is live, what is kept, and how the service is.
    Status {
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Stops the service and removes everything that was installed.
    Uninstall {
        /// The options in /etc/evenkeel too.
        #[arg(long)]
        purge: bool,
        #[command(flatten)]
        systemd: Systemd,
    },
}

#[derive(Args)]
struct Systemd {
    /// Start and stop nothing: this is the file system of a board that is not running, as one that an image is made of.
    /// A release is live there without having proved itself.
    #[arg(long)]
    offline: bool,
}

#[derive(Args)]
struct Patience {
    /// How long a release may take to its first answer.
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    patience: u64,
    /// How long it has to answer before it is found good.
    #[arg(long, value_name = "SECONDS", default_value_t = 10)]
    hold: u64,
}

impl From<Patience> for service::Patience {
    fn from(patience: Patience) -> Self {
        Self {
            first_answer: Duration::from_secs(patience.patience),
            hold: Duration::from_secs(patience.hold),
        }
    }
}

/// Does what the command line says.
pub fn run() -> Result<()> {
    let Cli { root, command } = Cli::parse();
    let store = Store::at(root.join(Setup::HOME));
    let _lock = match command {
        Command::Status { .. } => None,
        Command::Settle => match Lock::try_take(&root)? {
            Some(lock) => Some(lock),
            // Whoever is switching started the service, and this with it: then there was no power cut.
            None => return Ok(()),
        },
        _ => Some(Lock::take(&root)?),
    };
    let update = |patience: Patience| Update {
        store: &store,
        patience: patience.into(),
        log: Log::default(),
    };
    match command {
        Command::Setup {
            board,
            keys,
            options,
            systemd,
        } => set_up(&root, board, &keys, options, systemd.offline),
        Command::Offer { allow_downgrade } => {
            receive::offer(&store, &host::this(&store)?, allow_downgrade)
        }
        Command::Receive => receive::files(&store),
        Command::Install {
            from,
            allow_downgrade,
            patience,
            systemd,
        } => {
            if let Some(from) = from {
                folder::take(&store, &host::this(&store)?, &from, allow_downgrade)?;
            }
            let update = update(patience);
            match systemd.offline {
                true => update.put(),
                false => update.install(),
            }
        }
        Command::Rollback { release, patience } => update(patience).roll_back(release),
        Command::Settle => settle(&store),
        Command::Status { json } => status::show(&store, json),
        Command::Uninstall { purge, systemd } => {
            remove::everything(&root, &store, purge, systemd.offline)
        }
    }
}

fn set_up(
    root: &Path,
    board: String,
    keys: &[String],
    options: String,
    offline: bool,
) -> Result<()> {
    let keys = keys
        .iter()
        .map(|key| Key::parse(key, "what --key was given"));
    let setup = Setup {
        board,
        keys: keys.collect::<Result<_, _>>()?,
        options,
    };
    let store = setup.write(root)?;
    let this = std::env::current_exe().context("the program cannot find itself")?;
    Setup::install_agent(&store, &this)?;
    match offline {
        true => Ok(()),
        false => service::reload(),
    }
}

fn settle(store: &Store) -> Result<()> {
    if let Some(gone) = store.settle()? {
        println!("The update to {gone} was cut off: back to the last good release");
        service::reload()?;
    }
    Ok(())
}

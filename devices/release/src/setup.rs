//! Setting a board up: everything that lies there before the first release comes.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::error::io;
use crate::{Error, Store, TrustedKeys, durable};

/// What a board is set up as. The same on a board over ssh, in an image, and in a Debian package.
#[derive(Debug, Clone)]
pub struct Setup {
    /// The kind of board, as the file in `devices/boards` is named.
    pub board: String,
    /// Whose releases it takes.
    pub keys: TrustedKeys,
    /// Options of `evenkeel live` to begin with; what a person has changed on the board stays.
    pub options: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct BoardFile {
    board: String,
}

/// The unit that puts right what a power cut left, before the service starts.
const SETTLE: &str = include_str!("../units/evenkeel-settle.service");

impl Setup {
    /// Where everything but units and options lies, below the root of the file system.
    pub const HOME: &str = "opt/evenkeel";
    /// The unit of the service. On the board it is a link into the live release, so that both change in one step.
    pub const UNIT: &str = include_str!("../units/evenkeel.service");
    /// The file with the options of `evenkeel live`, below the root of the file system.
    pub const OPTIONS: &str = "etc/evenkeel/options.env";
    /// Everything outside of [`Setup::HOME`] that setting up makes.
    pub const OUTSIDE: [&str; 5] = [
        "etc/systemd/system/multi-user.target.wants/evenkeel.service",
        "etc/systemd/system/evenkeel.service",
        "etc/systemd/system/evenkeel-settle.service",
        Self::OPTIONS,
        "etc/evenkeel",
    ];

    /// Writes it below `root`: `/` on a board. Nothing is lost when it is done again, and keys that are not in
    /// this set-up are no longer trusted.
    ///
    /// # Errors
    /// When something cannot be written.
    pub fn write(&self, root: &Path) -> Result<Store, Error> {
        let store = Store::at(root.join(Self::HOME));
        for folder in [
            store.releases_folder(),
            store.root().join("bin"),
            store.keys(),
        ] {
            make(&folder)?;
        }
        let board = BoardFile {
            board: self.board.clone(),
        };
        let text = toml::to_string(&board).expect("a name can be written");
        write(&board_file(&store), &text)?;
        self.write_keys(&store)?;
        let options = root.join(Self::OPTIONS);
        if !options.exists() {
            make(&root.join("etc/evenkeel"))?;
            write(&options, &Self::options_file(&self.options))?;
        }
        let units = root.join("etc/systemd/system");
        make(&units.join("multi-user.target.wants"))?;
        write(&units.join("evenkeel-settle.service"), SETTLE)?;
        let links = [
            (
                units.join("evenkeel.service"),
                "/opt/evenkeel/current/systemd/evenkeel.service",
            ),
            (
                units.join("multi-user.target.wants/evenkeel.service"),
                "/etc/systemd/system/evenkeel.service",
            ),
        ];
        for (link, target) in links {
            durable::point(&link, Path::new(target)).map_err(io("cannot make", &link))?;
        }
        Ok(store)
    }

    /// What [`Setup::OPTIONS`] holds to begin with.
    pub fn options_file(options: &str) -> String {
        format!(
            "# Options of `evenkeel live` on this board; see `evenkeel live --help`. Then: systemctl restart evenkeel\nEVENKEEL_OPTIONS={options}\n"
        )
    }

    fn write_keys(&self, store: &Store) -> Result<(), Error> {
        let folder = store.keys();
        let name = |id: String| folder.join(format!("{id}.pub"));
        let wanted: Vec<PathBuf> = self.keys.iter().map(|key| name(key.id())).collect();
        for (key, path) in self.keys.iter().zip(&wanted) {
            let text = format!(
                "untrusted comment: minisign public key {}\n{}\n",
                key.id(),
                key.text()
            );
            write(path, &text)?;
        }
        for entry in fs::read_dir(&folder).map_err(io("cannot read", &folder))? {
            let path = entry.map_err(io("cannot read", &folder))?.path();
            if !wanted.contains(&path) {
                durable::remove_if_there(&path).map_err(io("cannot remove", &path))?;
            }
        }
        Ok(())
    }

    /// The kind of board that was set up; `None` where nothing was.
    ///
    /// # Errors
    /// When the note about it cannot be read.
    pub fn board(store: &Store) -> Result<Option<String>, Error> {
        let path = board_file(store);
        if !path.exists() {
            return Ok(None);
        }
        let text = fs::read_to_string(&path).map_err(io("cannot read", &path))?;
        let file: BoardFile = toml::from_str(&text)
            .map_err(|error| Error::State(path.clone(), error.message().to_owned()))?;
        Ok(Some(file.board))
    }

    /// Puts the program that does all this on the board in its place, which is not in a release: a release that does not
    /// work must not take the way back with it.
    ///
    /// # Errors
    /// When it cannot be read or written.
    pub fn install_agent(store: &Store, program: &Path) -> Result<(), Error> {
        let to = store.root().join("bin/evenkeel-board");
        let bytes = fs::read(program).map_err(io("cannot read", program))?;
        if fs::read(&to).is_ok_and(|old| old == bytes) {
            return Ok(());
        }
        durable::write(&to, &bytes, 0o755).map_err(io("cannot write", &to))
    }
}

fn board_file(store: &Store) -> PathBuf {
    store.root().join("board.toml")
}

fn make(folder: &Path) -> Result<(), Error> {
    fs::create_dir_all(folder)
        .and_then(|()| fs::set_permissions(folder, Permissions::from_mode(0o755)))
        .map_err(io("cannot make", folder))
}

fn write(path: &Path, text: &str) -> Result<(), Error> {
    durable::write(path, text.as_bytes(), 0o644).map_err(io("cannot write", path))
}

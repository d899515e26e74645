//! The folder on the board that keeps releases.

use std::fs;
use std::path::{Path, PathBuf};

use crate::error::io;
use crate::{Error, MANIFEST, Manifest, ReleaseId, State, TrustedKeys, durable};

/// `/opt/evenkeel` on a board. `current` in it is a link to the one release that is live.
///
/// Every change is made of steps each of which a power cut leaves done or not done, in an order in which
/// [`Store::settle`] can always tell what was going on.
#[derive(Debug, Clone)]
pub struct Store {
    root: PathBuf,
}

/// Good releases that are kept beside the live one.
const KEPT: usize = 2;

impl Store {
    /// The store in a folder, which need not be there yet.
    pub fn at(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// The folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Where the public keys are that are trusted.
    pub fn keys(&self) -> PathBuf {
        self.root.join("keys")
    }

    /// The keys that are trusted.
    ///
    /// # Errors
    /// When one cannot be read.
    pub fn trusted(&self) -> Result<TrustedKeys, Error> {
        TrustedKeys::read(&self.keys())
    }

    /// The link to the live release.
    pub fn current_link(&self) -> PathBuf {
        self.root.join("current")
    }

    /// What `current` points to.
    pub fn current(&self) -> Option<ReleaseId> {
        let target = fs::read_link(self.current_link()).ok()?;
        target.file_name()?.to_str()?.parse().ok()
    }

    /// The folder of a release.
    pub fn folder(&self, id: &ReleaseId) -> PathBuf {
        self.releases_folder().join(id.as_ref())
    }

    pub(crate) fn releases_folder(&self) -> PathBuf {
        self.root.join("releases")
    }

    /// What was sent of a release that is not whole yet.
    pub(crate) fn incoming(&self) -> PathBuf {
        self.root.join("incoming")
    }

    fn state_file(&self) -> PathBuf {
        self.root.join("state.toml")
    }

    /// What is noted about the releases.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn state(&self) -> Result<State, Error> {
        State::read(&self.state_file())
    }

    /// The releases that are on the board whole, the oldest first.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn releases(&self) -> Result<Vec<ReleaseId>, Error> {
        let folder = self.releases_folder();
        if !folder.exists() {
            return Ok(Vec::new());
        }
        let mut ids = Vec::new();
        for entry in fs::read_dir(&folder).map_err(io("cannot read", &folder))? {
            let name = entry.map_err(io("cannot read", &folder))?.file_name();
            ids.extend(
                name.to_str()
                    .and_then(|name| name.parse::<ReleaseId>().ok()),
            );
        }
        ids.sort_by_key(|id| (id.version(), id.clone()));
        Ok(ids)
    }

    /// The list of a release that is on the board.
    ///
    /// # Errors
    /// When there is no such release, or its list cannot be read.
    pub fn manifest(&self, id: &ReleaseId) -> Result<Manifest, Error> {
        let path = self.folder(id).join(MANIFEST);
        if !path.exists() {
            return Err(Error::NoRelease(id.clone()));
        }
        Manifest::parse(&fs::read_to_string(&path).map_err(io("cannot read", &path))?)
    }

    /// Lets a release be live, on trial: until [`Store::commit`] a power cut or [`Store::go_back`] undo it.
    ///
    /// # Errors
    /// When there is no such release, or the notes or the link cannot be written.
    pub fn try_out(&self, id: &ReleaseId) -> Result<(), Error> {
        self.manifest(id)?;
        let mut state = self.state()?;
        state.trial = Some(id.clone());
        // First the note: a link without it would be taken for good.
        state.write(&self.state_file())?;
        self.point_to(id)
    }

    /// Finds the release that is on trial good, and removes what is older than the two before it.
    ///
    /// # Errors
    /// When the notes cannot be written. That old releases cannot be removed is no error: they are tried again next time.
    pub fn commit(&self) -> Result<(), Error> {
        let mut state = self.state()?;
        if let Some(id) = &state.trial {
            let version = self.manifest(id)?.version;
            state.commit(version);
            state.earlier.truncate(KEPT);
            state.write(&self.state_file())?;
            self.prune(&state);
        }
        Ok(())
    }

    /// Goes back from the release on trial to the last good one, or to none if there never was one. `why` is noted,
    /// unless nothing was wrong with it.
    ///
    /// # Errors
    /// When the link or the notes cannot be written.
    pub fn go_back(&self, why: Option<String>) -> Result<(), Error> {
        let mut state = self.state()?;
        // First the link: without the note it would stay where it is.
        match &state.good {
            Some(good) => self.point_to(good)?,
            None => {
                let link = self.current_link();
                durable::remove_if_there(&link)
                    .and_then(|()| durable::sync_folder(&self.root))
                    .map_err(io("cannot remove", &link))?;
            }
        }
        if let (Some(release), Some(why)) = (state.trial.take(), why) {
            state.note(release, why);
        }
        state.write(&self.state_file())?;
        self.prune(&state);
        Ok(())
    }

    /// Notes that a release did not do before it was ever live, and removes it.
    ///
    /// # Errors
    /// When the notes cannot be written.
    pub fn refuse(&self, id: &ReleaseId, why: String) -> Result<(), Error> {
        let mut state = self.state()?;
        state.note(id.clone(), why);
        state.write(&self.state_file())?;
        self.prune(&state);
        Ok(())
    }

    /// Puts right what a power cut left: a release that was on trial gives way to the last good one. Says which did.
    ///
    /// # Errors
    /// When the notes cannot be read, or the link cannot be written.
    pub fn settle(&self) -> Result<Option<ReleaseId>, Error> {
        let state = self.state()?;
        let astray = self.current() != state.good;
        if state.trial.is_some() || astray {
            self.go_back(None)?;
        }
        Ok(state.trial)
    }

    fn point_to(&self, id: &ReleaseId) -> Result<(), Error> {
        let link = self.current_link();
        durable::point(&link, &Path::new("releases").join(id.as_ref()))
            .map_err(io("cannot set the link", &link))
    }

    /// Removes the folders of releases that are not kept. What cannot be removed stays for the next time.
    fn prune(&self, state: &State) {
        let kept = |id: &ReleaseId| {
            [&state.good, &state.trial].contains(&&Some(id.clone())) || state.earlier.contains(id)
        };
        for id in self.releases().unwrap_or_default() {
            if !kept(&id) {
                // Without its name first, so that half a release is never taken for one.
                let doomed = self.releases_folder().join(format!("{id}.old"));
                let removed = fs::rename(self.folder(&id), &doomed);
                let _ = removed.and_then(|()| fs::remove_dir_all(&doomed));
            }
        }
    }
}

#[cfg(test)]
#[path = "store_tests.rs"]
pub(crate) mod tests;

//! From a release that was sent to one that is live, or back.

use anyhow::{Context, Result};
use evenkeel_release::{ReleaseId, Setup, Store};

use crate::log::Log;
use crate::service::{self, Patience};

/// One update of this board.
pub struct Update<'a> {
    /// Where releases lie.
    pub store: &'a Store,
    /// What a release has to show.
    pub patience: Patience,
    /// Who is told.
    pub log: Log,
}

impl Update<'_> {
    /// Lets the release that was offered last be live, if it proves itself; otherwise what was live is so again.
    ///
    /// # Errors
    /// When it did not prove itself. The error says what is live.
    pub fn install(&self) -> Result<()> {
        let id = self.log.step("assemble", || Ok(self.store.assemble()?))?;
        self.try_out(&id)?;
        self.replace_agent(&id)
    }

    /// Lets the release that was offered last be live on a board that does not run, where nothing can be proved.
    ///
    /// # Errors
    /// When it is not whole, or cannot be written.
    pub fn put(&self) -> Result<()> {
        let id = self.log.step("assemble", || Ok(self.store.assemble()?))?;
        self.log.step("put", || {
            self.store.try_out(&id)?;
            Ok(self.store.commit()?)
        })?;
        self.log.outcome(Some(id.as_ref()), true);
        self.replace_agent(&id)
    }

    fn replace_agent(&self, id: &ReleaseId) -> Result<()> {
        let agent = self.store.folder(id).join("bin/evenkeel-board");
        Setup::install_agent(self.store, &agent)
            .context("the release is live, but its evenkeel-board could not replace the old one")
    }

    /// Lets an older release be live again, under the same conditions.
    ///
    /// # Errors
    /// When there is none, or it did not prove itself.
    pub fn roll_back(&self, to: Option<ReleaseId>) -> Result<()> {
        let id = match to {
            Some(id) => id,
            None => self.newest_before_the_live_one()?,
        };
        self.try_out(&id)
    }

    fn newest_before_the_live_one(&self) -> Result<ReleaseId> {
        let live = self.store.current();
        let older = |id: &ReleaseId| {
            live.as_ref()
                .is_none_or(|live| id.version() < live.version())
        };
        let releases = self.store.releases()?;
        let found = releases.into_iter().rfind(older);
        found.context("there is no older release on this board to go back to")
    }

    fn try_out(&self, id: &ReleaseId) -> Result<()> {
        let was_live = self.store.current();
        let outcome = self
            .prove(id)
            .and_then(|()| self.switch(id, was_live.is_some()));
        let live = self.store.current();
        self.log
            .outcome(live.as_ref().map(AsRef::as_ref), outcome.is_ok());
        outcome.with_context(|| match &live {
            Some(live) => format!("release {id} did not do, and {live} is live"),
            None => format!("release {id} did not do, and there was none before it"),
        })
    }

    /// Before anything that is live is touched.
    fn prove(&self, id: &ReleaseId) -> Result<()> {
        let proven = self.log.step("golden windows", || {
            service::prove(&self.store.folder(id))
                .context("its model does not answer here as on the desk")
        });
        if let Err(error) = &proven
            && self.store.state()?.good.as_ref() != Some(id)
        {
            self.store.refuse(id, format!("{error:#}"))?;
        }
        proven
    }

    fn switch(&self, id: &ReleaseId, was_live: bool) -> Result<()> {
        let switched = self.log.step("switch", || {
            self.store.try_out(id)?;
            service::restart()
        });
        let answered = switched.and_then(|()| {
            self.log
                .step("answers", || service::wait_until_good(self.patience))
        });
        match answered {
            Ok(()) => Ok(self.store.commit()?),
            Err(error) => {
                let why = format!("{error:#}");
                self.log.step("go back", || self.go_back(why, was_live))?;
                Err(error)
            }
        }
    }

    fn go_back(&self, why: String, was_live: bool) -> Result<()> {
        self.store.go_back(Some(why))?;
        if !was_live {
            return service::stop(service::UNIT);
        }
        service::restart()?;
        service::wait_until_good(self.patience)
            .context("what was live before does not answer any more either")
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_board_without_releases_has_none_to_go_back_to() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::at(folder.path());
        let update = Update {
            store: &store,
            patience: Patience {
                first_answer: Duration::ZERO,
                hold: Duration::ZERO,
            },
            log: Log::default(),
        };
        let error = update.roll_back(None).unwrap_err().to_string();
        assert!(error.contains("no older release"), "{error}");
    }
}

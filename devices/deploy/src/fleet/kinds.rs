//! What is brought, for each kind of board.

use std::collections::BTreeMap;

use anyhow::Result;
use evenkeel_release::{Digest, Version};

use crate::boards::Board;
use crate::deploy::{Programs, Ready, Wish};
use crate::keys::SigningKey;

/// The parts of a release for each kind, built once however many boards there are of it.
#[derive(Default)]
pub struct Kinds(BTreeMap<String, Kind>);

struct Kind {
    board: Board,
    wish: Wish,
    programs: Programs,
}

impl Kinds {
    /// One more kind.
    pub fn add(&mut self, board: &Board, wish: Wish, programs: Programs) {
        let kind = Kind {
            board: board.clone(),
            wish,
            programs,
        };
        self.0.insert(board.name.clone(), kind);
    }

    /// What every board of a kind is to have, whatever its number: the files, and the key that it trusts.
    ///
    /// # Errors
    /// As [`Kinds::ready`].
    pub fn contents(&self, key: &SigningKey) -> Result<BTreeMap<String, Digest>> {
        let content = |(kind, ready): (&str, Ready)| {
            let (files, key, anew) = (ready.release.content(), ready.key.id(), ready.wish.set_up);
            let content = Digest::of(format!("{files} {key} {anew}").as_bytes());
            (kind.to_owned(), content)
        };
        Ok(self.ready(key)?.into_iter().map(content).collect())
    }

    /// Gives the releases of all kinds one number.
    pub fn number(&mut self, version: Version) {
        for kind in self.0.values_mut() {
            kind.wish.version = Some(version);
        }
    }

    /// A signed release for each kind.
    ///
    /// # Errors
    /// When a part is missing or is not what it has to be.
    pub fn ready(&self, key: &SigningKey) -> Result<BTreeMap<&str, Ready<'_>>> {
        let mut all = BTreeMap::new();
        for (name, kind) in &self.0 {
            let ready = Ready::make(&kind.board, &kind.wish, key, kind.programs.clone())?;
            all.insert(name.as_str(), ready);
        }
        Ok(all)
    }
}

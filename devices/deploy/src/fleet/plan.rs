//! Which boards get a release now.

use anyhow::{Result, ensure};

use super::journal::{Journal, Outcome};
use super::{Fleet, Member, Wave};

/// A wave, and those of its boards that do not have the release.
pub struct Turn<'a> {
    /// The wave.
    pub wave: &'a Wave,
    /// In the order of the file; empty where all is done.
    pub todo: Vec<&'a Member>,
}

/// All waves in turn, or the one that is called `only`, which has to be next, unless it is forced.
///
/// # Errors
/// When there is no such wave, or one before it is not done.
pub fn turns<'a>(
    fleet: &'a Fleet,
    journal: &Journal,
    only: Option<&str>,
    force: bool,
) -> Result<Vec<Turn<'a>>> {
    let wanted = match only {
        None => &fleet.waves[..],
        Some(name) => {
            let place = fleet.wave(name)?;
            if !force {
                for before in &fleet.waves[..place] {
                    must_be_done(before, name, journal)?;
                }
            }
            &fleet.waves[place..=place]
        }
    };
    Ok(wanted.iter().map(|wave| turn(wave, journal)).collect())
}

fn turn<'a>(wave: &'a Wave, journal: &Journal) -> Turn<'a> {
    let todo = wave
        .members
        .iter()
        .filter(|member| !journal.is_live(member));
    Turn {
        wave,
        todo: todo.collect(),
    }
}

fn must_be_done(wave: &Wave, next: &str, journal: &Journal) -> Result<()> {
    let (name, all) = (&wave.name, wave.members.len());
    let records = || wave.members.iter().map(|member| journal.record(member));
    let untried = records().filter(Option::is_none).count();
    ensure!(
        untried == 0,
        "wave '{name}' comes before '{next}', and {untried} of its {all} boards have not had release {}: run it first \
         (--wave {name}), or this one nevertheless (--force)",
        journal.version()
    );
    let failed = records().flatten();
    let failed = failed
        .filter(|record| record.outcome != Outcome::Live)
        .count();
    ensure!(
        failed <= wave.may_fail(),
        "wave '{name}' comes before '{next}', and {failed} of its {all} boards failed where {} may: mend them and run it \
         again (--wave {name}), or this one nevertheless (--force)",
        wave.may_fail()
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::path::Path;

    use super::*;
    use crate::fleet::file_tests::fleet;
    use crate::fleet::journal::Record;

    const FLEET: &str = "\
        defaults = { kind = \"raspberry-pi-4\" }\n\
        boards = [{ name = \"a\", address = \"a\" }, { name = \"b\", address = \"b\" }, { name = \"c\", address = \"c\" }]\n\
        waves = [{ name = \"canary\", boards = [\"a\", \"b\"], max-failures = \"50%\" }, { name = \"rest\", boards = [\"c\"] }]\n";

    fn journal(folder: &Path, fleet: &Fleet, outcomes: &[(&str, bool)]) -> Journal {
        let mut journal = Journal::open(&folder.join("journal")).unwrap();
        journal.turn_to(BTreeMap::new(), None, true);
        for (name, live) in outcomes {
            let member = fleet.members().find(|member| member.name == *name).unwrap();
            let record = Record {
                identity: member.identity(),
                release: "7-0a1b2c3d".parse().unwrap(),
                seconds: 0.0,
                sent: 0,
                outcome: match live {
                    true => Outcome::Live,
                    false => Outcome::Failed("why".into()),
                },
            };
            journal.note(member, record).unwrap();
        }
        journal
    }

    fn names(turns: &[Turn]) -> Vec<Vec<String>> {
        let names = |turn: &Turn| turn.todo.iter().map(|member| member.name.clone()).collect();
        turns.iter().map(names).collect()
    }

    #[test]
    fn what_is_live_is_done_and_what_failed_is_tried_again() {
        let (folder, fleet) = (tempfile::tempdir().unwrap(), fleet(FLEET));
        let journal = journal(folder.path(), &fleet, &[("a", true), ("b", false)]);
        let all = turns(&fleet, &journal, None, false).unwrap();
        assert_eq!(names(&all), [["b"], ["c"]]);
        let one = turns(&fleet, &journal, Some("canary"), false).unwrap();
        assert_eq!(names(&one), [["b"]]);
    }

    #[test]
    fn a_wave_waits_for_those_before_it() {
        let fleet = fleet(FLEET);
        let refused = |outcomes: &[(&str, bool)]| {
            let folder = tempfile::tempdir().unwrap();
            let journal = journal(folder.path(), &fleet, outcomes);
            assert!(turns(&fleet, &journal, Some("rest"), true).is_ok());
            let turns = turns(&fleet, &journal, Some("rest"), false);
            turns.err().map(|error| error.to_string())
        };
        let untried = refused(&[("a", true)]).unwrap();
        assert!(
            untried.contains("1 of its 2 boards have not had"),
            "{untried}"
        );
        let failed = refused(&[("a", false), ("b", false)]).unwrap();
        assert!(
            failed.contains("2 of its 2 boards failed where 1 may"),
            "{failed}"
        );
        assert_eq!(refused(&[("a", true), ("b", false)]), None);
    }

    #[test]
    fn a_wave_that_is_not_there_has_a_nearest() {
        let (folder, fleet) = (tempfile::tempdir().unwrap(), fleet(FLEET));
        let journal = journal(folder.path(), &fleet, &[]);
        let error = turns(&fleet, &journal, Some("canari"), false)
            .err()
            .unwrap();
        assert!(
            error.to_string().contains("did you mean 'canary'?"),
            "{error}"
        );
    }
}

//! Whose turn it is, and what becomes of each take.

use std::ops::Range;
use std::time::Duration;

use super::error::CollectError;
use super::event::Event;
use super::face::Order;
use super::name::Name;
use super::phase::Phase;
use super::plan::Plan;
use super::shelf::Shelf;
use super::studio::Studio;
use super::take::Take;
use crate::window::Modality;

/// After so many takes in a row that are not well, with nobody there to decide, it ends.
const MOST_FAILURES: u32 = 3;
/// For so long the sensors may take to run before an unattended session gives up.
const PATIENCE: Duration = Duration::from_secs(20);

/// A sitting: one speaker, some classes, two sensors.
pub struct Session {
    plan: Plan,
    shelf: Shelf,
    studio: Studio,
    phase: Phase,
    /// The class that was chosen for the next take.
    chosen: Option<usize>,
    /// The class that is or was on.
    label: usize,
    failures: u32,
    /// Where the last clip that was recorded as it was played began.
    played: Option<Duration>,
}

impl Session {
    /// Nothing is recorded before the first step.
    pub fn new(plan: Plan, shelf: Shelf, studio: Studio) -> Self {
        let since = studio.now();
        let mut session = Self {
            plan,
            shelf,
            studio,
            phase: Phase::Waiting { since },
            chosen: None,
            label: 0,
            failures: 0,
            played: None,
        };
        session.label = session.fewest();
        session
    }

    /// What is to be recorded.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Where clips are kept.
    pub fn shelf(&self) -> &Shelf {
        &self.shelf
    }

    /// The sensors.
    pub fn studio(&self) -> &Studio {
        &self.studio
    }

    /// What goes on.
    pub fn phase(&self) -> &Phase {
        &self.phase
    }

    /// The class that is on, or comes next.
    pub fn label(&self) -> &Name {
        &self.plan.labels[self.label]
    }

    /// It has come to its end.
    pub fn is_over(&self) -> bool {
        matches!(self.phase, Phase::Over)
    }

    /// Every class has as many clips as are wanted.
    pub fn is_complete(&self) -> bool {
        self.plan
            .labels
            .iter()
            .all(|label| self.shelf.count(label) >= self.plan.per_class)
    }

    /// How it stands, as it is told at the end.
    pub fn summary(&self) -> Event {
        Event::Done {
            complete: self.is_complete(),
            clips: self.shelf.new_clips(),
            list: self.shelf.list().display().to_string(),
            split: self.shelf.apart().sentence().to_owned(),
        }
    }

    /// Does what somebody wants.
    ///
    /// # Errors
    /// When a clip cannot be kept or taken back.
    pub fn order(&mut self, order: Order, tell: &mut Vec<Event>) -> Result<(), CollectError> {
        let phase = std::mem::replace(&mut self.phase, Phase::Over);
        self.phase = match (order, phase) {
            (Order::Quit, _) => {
                self.end(tell);
                return Ok(());
            }
            (Order::Record, Phase::Waiting { .. }) => self.begin(tell),
            (Order::Choose(label), phase @ Phase::Waiting { .. })
                if label < self.plan.labels.len() =>
            {
                self.chosen = Some(label);
                self.label = label;
                phase
            }
            (Order::Step(by), phase @ Phase::Waiting { .. }) => {
                let classes = self.plan.labels.len() as isize;
                self.label = (self.label as isize + by).rem_euclid(classes) as usize;
                self.chosen = Some(self.label);
                phase
            }
            (Order::Undo, phase @ Phase::Waiting { .. }) => {
                self.undo(tell)?;
                phase
            }
            (Order::Again, Phase::Doubtful(_)) => {
                self.drop_take(tell);
                self.chosen = Some(self.label);
                self.begin(tell)
            }
            (Order::Drop, Phase::Doubtful(_)) => {
                self.drop_take(tell);
                self.wait()
            }
            (Order::Keep, Phase::Doubtful(take)) if !take.is_empty() => self.keep(&take, tell)?,
            (Order::Drop, Phase::Counting { .. } | Phase::Recording { .. }) => {
                self.drop_take(tell);
                self.wait()
            }
            (_, phase) => {
                let message = match phase {
                    Phase::Waiting { .. } => "press the key to record first",
                    Phase::Doubtful(_) => "again, keep it all the same, or drop it?",
                    _ => "wait until the clip is recorded, or drop it",
                };
                tell.push(Event::Refused {
                    message: message.to_owned(),
                });
                phase
            }
        };
        Ok(())
    }

    /// Waits a little, and goes on with what is to be done.
    ///
    /// # Errors
    /// When a clip cannot be kept; and in an unattended session, when the sensors do not run or are
    /// not well again and again.
    pub fn step(&mut self, tell: &mut Vec<Event>) -> Result<(), CollectError> {
        let told = self.studio.tick();
        tell.extend(
            told.into_iter()
                .map(|(sensor, message)| Event::Sensor { sensor, message }),
        );
        let now = self.studio.now();
        let phase = std::mem::replace(&mut self.phase, Phase::Over);
        self.phase = match phase {
            Phase::Waiting { since } => return self.wait_on(since, tell),
            Phase::Counting { go, .. } if now >= go => {
                tell.push(Event::Now {
                    label: self.label().to_string(),
                });
                let end = go + self.plan.length + self.plan.margin;
                self.record(go.saturating_sub(self.plan.margin)..end)
            }
            Phase::Counting { go, told } => {
                self.studio.look();
                let seconds = (go - now).as_secs_f32().ceil() as u64;
                if seconds < told {
                    tell.push(Event::Count { seconds });
                }
                Phase::Counting {
                    go,
                    told: seconds.min(told),
                }
            }
            Phase::Recording { time, seams } if self.studio.complete() >= time.end => {
                let torn = self.studio.seams() != seams;
                let take = self.studio.take(time, torn);
                self.judge(take, tell)?
            }
            Phase::Recording { time, seams } => {
                let until = self.studio.complete().min(time.end);
                self.studio.window(time.start..until);
                Phase::Recording { time, seams }
            }
            phase => {
                self.studio.look();
                phase
            }
        };
        Ok(())
    }

    fn wait_on(&mut self, since: Duration, tell: &mut Vec<Event>) -> Result<(), CollectError> {
        self.phase = Phase::Waiting { since };
        self.studio.look();
        if self.studio.has_ended() || self.plan.unattended && self.is_complete() {
            self.end(tell);
        } else if !self.plan.unattended {
            return Ok(());
        } else if !self.studio.runs() {
            self.lose_patience(since)?;
        } else if self.plan.as_played {
            self.record_played(tell);
        } else if self.studio.now() >= since {
            self.phase = self.begin(tell);
        }
        Ok(())
    }

    fn lose_patience(&self, since: Duration) -> Result<(), CollectError> {
        if self.studio.now() < since + PATIENCE {
            return Ok(());
        }
        let about = Modality::LIVE.map(|modality| self.studio.about(modality));
        let about: Vec<String> = about.into_iter().flatten().collect();
        Err(CollectError::Sensor {
            message: about.join("; "),
        })
    }

    /// Records the clip that is being played, if its class is wanted and it is not the last one again.
    fn record_played(&mut self, tell: &mut Vec<Event>) {
        let Some((playing, time)) = self.studio.playing() else {
            return;
        };
        let is_label = |label: &Name| Some(label.as_str()) == playing.label.as_deref();
        let Some(label) = self.plan.labels.iter().position(is_label) else {
            return;
        };
        let wanted = self.shelf.count(&self.plan.labels[label]) < self.plan.per_class;
        if !wanted || self.played == Some(time.start) {
            return;
        }
        self.played = Some(time.start);
        // Both have the same middle.
        let middle = time.start + (time.end - time.start) / 2;
        let length = self.plan.length + 2 * self.plan.margin;
        // Of the very first clip the margin before it is missing.
        let Some(start) = middle.checked_sub(length / 2) else {
            return;
        };
        self.label = label;
        tell.push(Event::Now {
            label: self.label().to_string(),
        });
        self.phase = self.record(start..start + length);
    }

    /// Asks for the class that was chosen, else that with the fewest clips.
    fn begin(&mut self, tell: &mut Vec<Event>) -> Phase {
        self.label = self.chosen.take().unwrap_or_else(|| self.fewest());
        tell.push(Event::Next {
            label: self.label().to_string(),
            have: self.shelf.count(self.label()),
            wanted: self.plan.per_class,
            seconds: self.plan.countdown,
        });
        Phase::Counting {
            go: self.studio.now() + Duration::from_secs(self.plan.countdown),
            told: self.plan.countdown,
        }
    }

    fn record(&mut self, time: Range<Duration>) -> Phase {
        // No earlier than what is still there.
        let late = self.studio.earliest().saturating_sub(time.start);
        let time = time.start + late..time.end + late;
        self.studio
            .window(time.start..time.start.max(self.studio.complete()));
        Phase::Recording {
            time,
            seams: self.studio.seams(),
        }
    }

    fn judge(&mut self, take: Take, tell: &mut Vec<Event>) -> Result<Phase, CollectError> {
        if take.faults.is_empty() {
            return self.keep(&take, tell);
        }
        tell.push(Event::Doubtful {
            label: self.label().to_string(),
            faults: take.faults.clone(),
        });
        if !self.plan.unattended {
            return Ok(Phase::Doubtful(Box::new(take)));
        }
        self.drop_take(tell);
        self.failures += 1;
        if self.failures >= MOST_FAILURES {
            return Err(CollectError::Unwell {
                takes: self.failures,
                reasons: take.faults.join(", "),
            });
        }
        Ok(self.wait())
    }

    fn keep(&mut self, take: &Take, tell: &mut Vec<Event>) -> Result<Phase, CollectError> {
        let label = self.label().clone();
        let path = self.shelf.keep(&label, take)?;
        self.failures = 0;
        tell.push(Event::Kept {
            path,
            seconds: take.length().as_secs_f64(),
            peak_db: take.peak_db(),
            have: self.shelf.count(&label),
            wanted: self.plan.per_class,
            label: label.to_string(),
        });
        self.label = self.fewest();
        Ok(self.wait())
    }

    fn drop_take(&self, tell: &mut Vec<Event>) {
        tell.push(Event::Dropped {
            label: self.label().to_string(),
        });
    }

    fn undo(&mut self, tell: &mut Vec<Event>) -> Result<(), CollectError> {
        tell.push(match self.shelf.undo()? {
            Some((label, path)) => Event::Undone {
                label: label.to_string(),
                path,
            },
            None => Event::Refused {
                message: "no clip of this sitting is left to take back".to_owned(),
            },
        });
        self.label = self.fewest();
        Ok(())
    }

    /// Whoever is recorded gets a moment between two clips.
    fn wait(&self) -> Phase {
        const BREATH: Duration = Duration::from_millis(600);
        Phase::Waiting {
            since: self.studio.now() + BREATH,
        }
    }

    fn end(&mut self, tell: &mut Vec<Event>) {
        self.phase = Phase::Over;
        tell.push(self.summary());
    }

    /// The class with the fewest clips, the first of them.
    fn fewest(&self) -> usize {
        let counts = self.plan.labels.iter().map(|label| self.shelf.count(label));
        counts
            .enumerate()
            .min_by_key(|&(_, count)| count)
            .map_or(0, |(label, _)| label)
    }
}

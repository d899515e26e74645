//! From readings to a score and a reason.

use std::collections::BTreeMap;

use super::statistic::{Fault, Statistic};
use super::{Health, Limits, Reason};

/// One side of one statistic's range.
#[derive(Debug, Clone)]
struct Rule<S> {
    statistic: S,
    side: Side,
    limit: f64,
    soft: f64,
    reason: Reason,
    fatal: bool,
}

#[derive(Debug, Clone, Copy)]
enum Side {
    Low,
    High,
}

/// All the rules for a sensor, the most telling first.
#[derive(Debug, Clone)]
pub(super) struct Judge<S>(Vec<Rule<S>>);

impl<S: Statistic> Judge<S> {
    pub(super) fn new(limits: Option<&BTreeMap<S, Limits>>) -> Self {
        let mut rules = Vec::new();
        for &statistic in S::ALL {
            let nature = statistic.nature();
            let given = limits.and_then(|limits| limits.get(&statistic));
            let mut add = |side, fault: Option<Fault>, limit: Option<f64>| {
                let Some(fault) = fault else { return };
                let with_soft = match given {
                    Some(given) => limit.map(|limit| (limit, given.soft)),
                    None => fault.always,
                };
                if let Some((limit, soft)) = with_soft {
                    rules.push(Rule {
                        statistic,
                        side,
                        limit,
                        soft,
                        reason: fault.reason,
                        fatal: fault.fatal,
                    });
                }
            };
            add(Side::Low, nature.below, given.and_then(|given| given.low));
            add(Side::High, nature.above, given.and_then(|given| given.high));
        }
        Self(rules)
    }

    /// The worst of all statistics. One without a value, NaN, is not judged.
    pub(super) fn verdict(&self, readings: &[f32]) -> Health {
        let mut health = Health::WELL;
        for rule in &self.0 {
            let value = readings[rule.statistic.index()];
            let beyond = match rule.side {
                Side::Low => rule.limit - f64::from(value),
                Side::High => f64::from(value) - rule.limit,
            };
            if beyond > 0.0 {
                let score = (1.0 - beyond / rule.soft).max(0.0) as f32;
                let score = if rule.fatal { score } else { alive(score) };
                if score < health.score {
                    health = Health {
                        score,
                        reason: (score < Health::SICK_BELOW).then(|| measured(rule.reason, value)),
                    };
                }
            }
        }
        health
    }
}

/// The score of a signal that is only bad: the same down to [`Health::SICK_BELOW`], and from there on
/// not below [`Health::BAD`].
fn alive(score: f32) -> f32 {
    const SHARE: f32 = (Health::SICK_BELOW - Health::BAD) / Health::SICK_BELOW;
    score.max(Health::BAD + SHARE * score)
}

/// The reason with what was measured in it.
fn measured(reason: Reason, value: f32) -> Reason {
    match reason {
        Reason::Frozen { .. } => Reason::Frozen { seconds: value },
        Reason::Stalled { .. } => Reason::Stalled { seconds: value },
        other => other,
    }
}

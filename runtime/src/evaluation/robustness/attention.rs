//! Whether the attention leaves a sensor as it gets worse.

use serde::{Deserialize, Serialize};

use super::cells::{counted, share};
use super::plan::{Contestants, Plan};
use super::record::ClipRecord;
use crate::corruption::Corruption;

/// How a contestant's attention on a sensor follows the severity of one corruption of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Attention {
    /// Whose attention.
    pub contestant: String,
    /// The corruption.
    pub corruption: Corruption,
    /// Mean share on that sensor of the same clips when they are clean, 0..1.
    pub clean: f64,
    /// The same at the worst severity of the plan.
    pub worst: f64,
    /// Spearman's rank correlation of severity (clean is 0) and share, over all clips at all
    /// severities; −1..1, below zero where the attention leaves the sensor. Absent where either does
    /// not vary.
    pub rho: Option<f64>,
    /// The same over the mean shares, one for each severity: how orderly the mean goes down, however
    /// little.
    pub rho_of_means: Option<f64>,
}

impl Attention {
    /// Of contestant `place` over the cells of one corruption; `None` for a corruption of both sensors or
    /// without clips.
    pub fn of(
        plan: &Plan,
        contestants: &Contestants,
        place: usize,
        records: &[ClipRecord],
        corruption: Corruption,
    ) -> Option<Self> {
        let sensor = corruption.sensor()?;
        let clips: Vec<_> = counted(contestants, records, corruption).collect();
        if clips.is_empty() {
            return None;
        }
        // Severity and condition, clean first.
        let mut conditions = vec![(0.0, 0)];
        for (index, cell) in plan.cells.iter().enumerate() {
            if cell.corruption == corruption {
                conditions.push((f64::from(cell.severity.level()), index + 1));
            }
        }
        let mut all = (Vec::new(), Vec::new());
        let mut means = (Vec::new(), Vec::new());
        for (severity, condition) in conditions {
            let shares = clips
                .iter()
                .map(|clip| share(clip, condition, place, sensor));
            let before = all.1.len();
            all.1.extend(shares);
            all.0.resize(all.1.len(), severity);
            means.0.push(severity);
            means
                .1
                .push(all.1[before..].iter().sum::<f64>() / clips.len() as f64);
        }
        Some(Self {
            contestant: contestants.all()[place].name.clone(),
            corruption,
            clean: means.1[0],
            worst: *means.1.last()?,
            rho: spearman(&all.0, &all.1),
            rho_of_means: spearman(&means.0, &means.1),
        })
    }
}

/// Spearman's rank correlation of pairs, −1..1: Pearson's correlation of their ranks, where equals
/// share the mean of their ranks (C. Spearman, "The proof and measurement of association between two
/// things", Am. J. Psychol. 15, 1904).
///
/// `None` where one of the two does not vary, or there are fewer than three pairs.
pub fn spearman(one: &[f64], other: &[f64]) -> Option<f64> {
    if one.len() != other.len() || one.len() < 3 {
        return None;
    }
    let (x, y) = (ranks(one), ranks(other));
    let middle = (one.len() as f64 + 1.0) / 2.0;
    let product = |a: &[f64], b: &[f64]| {
        a.iter()
            .zip(b)
            .map(|(a, b)| (a - middle) * (b - middle))
            .sum::<f64>()
    };
    let spread = (product(&x, &x) * product(&y, &y)).sqrt();
    (spread > 0.0).then(|| product(&x, &y) / spread)
}

/// Ranks from 1; equals share the mean of theirs.
fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
    let mut ranks = vec![0.0; values.len()];
    let mut first = 0;
    for equals in order.chunk_by(|&a, &b| values[a] == values[b]) {
        let rank = first as f64 + (equals.len() as f64 + 1.0) / 2.0;
        equals.iter().for_each(|&place| ranks[place] = rank);
        first += equals.len();
    }
    ranks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rank_correlation_matches_numbers_worked_by_hand() {
        // Ranks 1 2.5 2.5 4 and 4 2 3 1: Σxy = −4.5, Σxx = 4.5, Σyy = 5.
        let rho = spearman(&[0.0, 1.0, 1.0, 9.0], &[8.0, 3.0, 5.0, 1.0]).unwrap();
        assert!((rho + 4.5 / (4.5f64 * 5.0).sqrt()).abs() < 1e-12, "{rho}");
        assert_eq!(spearman(&[1.0, 2.0, 3.0], &[0.1, 0.2, 0.9]), Some(1.0));
        assert_eq!(spearman(&[1.0, 2.0, 3.0], &[0.5; 3]), None);
        assert_eq!(spearman(&[1.0, 2.0], &[1.0, 2.0]), None);
    }
}

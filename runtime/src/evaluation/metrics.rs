//! Measures of a recogniser, as pure functions. The trainer uses them too.

use serde::{Deserialize, Serialize};

/// A 95 % interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// Quantile of the normal distribution at 0.975, for two-sided 95 %.
const Z: f64 = 1.959_963_984_540_054;

/// The 95 % score interval of a share: `successes` of `trials`, both ends in 0..1.
///
/// With p = successes / n and z = 1.96 it is
/// (p + z²/2n ± z·√(p(1−p)/n + z²/4n²)) / (1 + z²/n): E. B. Wilson, "Probable inference, the law of
/// succession, and statistical inference", J. Am. Stat. Assoc. 22 (1927). Unlike p ± z·√(p(1−p)/n)
/// it stays inside 0..1 and has a width where p is 0 or 1. No trials give 0..1: nothing is known.
pub fn wilson_interval(successes: u64, trials: u64) -> Interval {
    if trials == 0 {
        return Interval {
            low: 0.0,
            high: 1.0,
        };
    }
    let n = trials as f64;
    let p = successes.min(trials) as f64 / n;
    let centre = p + Z * Z / (2.0 * n);
    let half = Z * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).sqrt();
    let scale = 1.0 + Z * Z / n;
    Interval {
        low: ((centre - half) / scale).max(0.0),
        high: ((centre + half) / scale).min(1.0),
    }
}

/// The 95 % interval of the difference of two shares that were measured on the same `total` trials:
/// `gained` trials succeeded only the first way, `lost` only the second. Both ends are in −1..1.
///
/// Half a trial is added to each cell of the table of pairs, and with b = gained + ½, c = lost + ½ and
/// n = total + 2 the interval is (b − c ± z·√(b + c − (b − c)²/n)) / n, z = 1.96: A. Agresti and Y. Min,
/// "Simple improved confidence intervals for comparing matched proportions", Stat. Med. 24 (2005).
/// Unlike the interval of a mean of differences it has a width where no trial differs.
pub fn matched_interval(gained: u64, lost: u64, total: u64) -> Interval {
    let (b, c, n) = (gained as f64 + 0.5, lost as f64 + 0.5, total as f64 + 2.0);
    let half = Z * (b + c - (b - c).powi(2) / n).max(0.0).sqrt();
    Interval {
        low: ((b - c - half) / n).max(-1.0),
        high: ((b - c + half) / n).min(1.0),
    }
}

/// How many of how many, as a share with its 95 % interval ([`wilson_interval`]).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Score {
    /// How many were right.
    pub correct: u64,
    /// Of how many.
    pub total: u64,
    /// `correct / total`, 0..1; absent where there is nothing to count.
    pub accuracy: Option<f64>,
    /// Where the true accuracy lies, with 95 % confidence.
    pub interval: Interval,
}

impl Score {
    /// `correct` of `total`.
    pub fn new(correct: u64, total: u64) -> Self {
        Self {
            correct,
            total,
            accuracy: (total > 0).then(|| correct as f64 / total as f64),
            interval: wilson_interval(correct, total),
        }
    }

    /// Counts the right ones.
    pub fn of(answers: impl IntoIterator<Item = bool>) -> Self {
        let (mut correct, mut total) = (0, 0);
        for right in answers {
            correct += u64::from(right);
            total += 1;
        }
        Self::new(correct, total)
    }
}

/// A mean over repetitions (seeds) with its 95 % interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Mean {
    /// How many values.
    pub count: usize,
    /// Their mean.
    pub mean: f64,
    /// The interval is `mean ± half_width`; absent for a single value, which says nothing of spread.
    pub half_width: Option<f64>,
}

/// The mean of `values` and its 95 % interval by Student's t with n − 1 degrees of freedom:
/// mean ± t·s/√n with the sample standard deviation s ("Student", Biometrika 6, 1908).
///
/// `None` without values.
pub fn mean_interval(values: &[f64]) -> Option<Mean> {
    if values.is_empty() {
        return None;
    }
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let half_width = (values.len() > 1).then(|| {
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        student_t(values.len() - 1) * (squares / (n - 1.0) / n).sqrt()
    });
    Some(Mean {
        count: values.len(),
        mean,
        half_width,
    })
}

/// Quantile of Student's t at 0.975.
///
/// A table for up to 10 degrees of freedom; beyond, the expansion around the normal quantile,
/// Abramowitz and Stegun (1964) 26.7.5, is right to four digits.
fn student_t(degrees: usize) -> f64 {
    const TABLE: [f64; 10] = [
        12.706_2, 4.302_65, 3.182_45, 2.776_45, 2.570_58, 2.446_91, 2.364_62, 2.306_00, 2.262_16,
        2.228_14,
    ];
    if let Some(&quantile) = TABLE.get(degrees.wrapping_sub(1)) {
        return quantile;
    }
    let v = degrees as f64;
    let z2 = Z * Z;
    let first = Z * (z2 + 1.0) / 4.0;
    let second = Z * (5.0 * z2 * z2 + 16.0 * z2 + 3.0) / 96.0;
    let third = Z * (3.0 * z2.powi(3) + 19.0 * z2 * z2 + 17.0 * z2 - 15.0) / 384.0;
    Z + first / v + second / v.powi(2) + third / v.powi(3)
}

/// How often each class was taken for each.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Confusion {
    counts: Vec<Vec<u64>>,
}

impl Confusion {
    /// For `classes` classes, nothing counted yet.
    pub fn new(classes: usize) -> Self {
        Self {
            counts: vec![vec![0; classes]; classes],
        }
    }

    /// Counts one answer.
    ///
    /// # Panics
    /// When either is not less than the number of classes.
    pub fn add(&mut self, truth: usize, answer: usize) {
        self.counts[truth][answer] += 1;
    }

    /// `[truth][answer]`.
    pub fn counts(&self) -> &[Vec<u64>] {
        &self.counts
    }

    /// Of all answers about clips of class `truth`, how many were right: its recall.
    pub fn class_score(&self, truth: usize) -> Score {
        Score::new(self.counts[truth][truth], self.counts[truth].iter().sum())
    }

    /// Of all answers, how many were right.
    pub fn score(&self) -> Score {
        let correct = (0..self.counts.len())
            .map(|class| self.counts[class][class])
            .sum();
        Score::new(correct, self.counts.iter().flatten().sum())
    }
}

/// Answers of similar confidence.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Bin {
    /// Confidences in this bin are above this (the first bin holds 0 too).
    pub low: f64,
    /// And at most this.
    pub high: f64,
    /// Answers in the bin.
    pub count: u64,
    /// Their mean confidence; 0 in an empty bin.
    pub confidence: f64,
    /// The share of them that is right; 0 in an empty bin.
    pub accuracy: f64,
}

/// Whether answers of confidence c are right in a share c of cases.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    /// Expected calibration error, 0 (perfect) to 1; absent without answers.
    pub ece: Option<f64>,
    /// Bins of equal width over 0..1.
    pub bins: Vec<Bin>,
}

/// Bins of equal width that [`calibration`] is usually given.
pub const CALIBRATION_BINS: usize = 15;

/// Reliability bins and expected calibration error of answers, each with its confidence (0..1) and
/// whether it is right.
///
/// ECE = Σ_b (n_b / n)·|accuracy_b − confidence_b| over bins of equal width: C. Guo, G. Pleiss,
/// Y. Sun, K. Q. Weinberger, "On calibration of modern neural networks", ICML 2017, eq. 5.
pub fn calibration(answers: &[(f64, bool)], bins: usize) -> Calibration {
    let bins = bins.max(1);
    let mut sums = vec![(0u64, 0.0, 0u64); bins];
    for &(confidence, right) in answers {
        let bin = ((confidence * bins as f64).ceil() as usize).clamp(1, bins) - 1;
        sums[bin].0 += 1;
        sums[bin].1 += confidence;
        sums[bin].2 += u64::from(right);
    }
    let bins: Vec<Bin> = sums
        .iter()
        .enumerate()
        .map(|(index, &(count, confidence, correct))| Bin {
            low: index as f64 / bins as f64,
            high: (index + 1) as f64 / bins as f64,
            count,
            confidence: confidence / count.max(1) as f64,
            accuracy: correct as f64 / count.max(1) as f64,
        })
        .collect();
    let gap = |bin: &Bin| bin.count as f64 * (bin.accuracy - bin.confidence).abs();
    let ece = bins.iter().map(gap).sum::<f64>() / answers.len() as f64;
    Calibration {
        ece: (!answers.is_empty()).then_some(ece),
        bins,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(one: f64, other: f64, tolerance: f64) {
        assert!((one - other).abs() <= tolerance, "{one} is not {other}");
    }

    #[test]
    fn the_interval_of_matched_shares_has_a_width_where_nothing_differs() {
        // 0.5 − 0.5 ± 1.96·√1, by 12.
        let interval = matched_interval(0, 0, 10);
        close(interval.low, -0.163_33, 1e-5);
        close(interval.high, 0.163_33, 1e-5);
        // 1.5 − 0.5 ± 1.96·√(2 − 1/14), by 14.
        let interval = matched_interval(1, 0, 12);
        close(interval.low, -0.122_99, 1e-5);
        close(interval.high, 0.265_85, 1e-5);
        assert_eq!(matched_interval(1, 0, 1).high, 1.0);
    }

    #[test]
    fn wilson_matches_numbers_worked_by_hand() {
        // 81 of 263: Newcombe, Stat. Med. 17 (1998), table I, method 3.
        let interval = wilson_interval(81, 263);
        close(interval.low, 0.2553, 5e-5);
        close(interval.high, 0.3662, 5e-5);
        // 0 of 20 and 20 of 20: z²/(n + z²) = 3.8415/23.8415.
        close(wilson_interval(0, 20).high, 0.161_13, 1e-5);
        close(wilson_interval(20, 20).low, 1.0 - 0.161_13, 1e-5);
        assert_eq!(wilson_interval(0, 20).low, 0.0);
        assert_eq!(wilson_interval(20, 20).high, 1.0);
        assert_eq!(
            wilson_interval(0, 0),
            Interval {
                low: 0.0,
                high: 1.0
            }
        );
    }

    #[test]
    fn student_intervals_match_the_tables() {
        // Mean 4, s² = 8/3, n = 4, t(3) = 3.18245.
        let mean = mean_interval(&[2.0, 4.0, 4.0, 6.0]).unwrap();
        close(mean.mean, 4.0, 0.0);
        close(
            mean.half_width.unwrap(),
            3.182_45 * (8.0f64 / 3.0 / 4.0).sqrt(),
            1e-12,
        );
        assert_eq!(mean_interval(&[0.5]).unwrap().half_width, None);
        assert_eq!(mean_interval(&[]), None);
        for (degrees, quantile) in [
            (5, 2.570_58),
            (11, 2.200_99),
            (30, 2.042_27),
            (120, 1.979_93),
        ] {
            close(student_t(degrees), quantile, 2e-4);
        }
    }

    #[test]
    fn confusion_counts_recall_and_accuracy() {
        let mut confusion = Confusion::new(3);
        for (truth, answer) in [(0, 0), (0, 0), (0, 1), (1, 1), (1, 2)] {
            confusion.add(truth, answer);
        }
        assert_eq!(
            confusion.counts(),
            [vec![2, 1, 0], vec![0, 1, 1], vec![0, 0, 0]]
        );
        assert_eq!(confusion.score(), Score::new(3, 5));
        assert_eq!(confusion.class_score(0).accuracy, Some(2.0 / 3.0));
        assert_eq!(confusion.class_score(2).accuracy, None);
        assert_eq!(Score::of([true, false, true]), Score::new(2, 3));
    }

    #[test]
    fn calibration_error_matches_numbers_worked_by_hand() {
        // Bins of 0.2. 0.1, 0.2 → bin 1: confidence 0.15, accuracy 0.5; 0.95, 0.85, 1.0 → bin 5:
        // confidence 14/15, accuracy 2/3. ECE = (2·0.35 + 3·(14/15 − 2/3)) / 5 = 0.3.
        let answers = [
            (0.1, true),
            (0.2, false),
            (0.95, true),
            (0.85, false),
            (1.0, true),
        ];
        let calibration = super::calibration(&answers, 5);
        close(calibration.ece.unwrap(), 0.3, 1e-12);
        let counts: Vec<_> = calibration.bins.iter().map(|bin| bin.count).collect();
        assert_eq!(counts, [2, 0, 0, 0, 3]);
        close(calibration.bins[4].confidence, 14.0 / 15.0, 1e-12);
        assert_eq!(super::calibration(&[], 5).ece, None);
        assert_eq!(super::calibration(&[(0.0, true)], 15).bins[0].count, 1);
    }
}

//! Medians and how far they can be trusted.

use serde::{Deserialize, Serialize};

/// A median with an interval that covers the true one in 95 of 100 cases, whatever the distribution.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Median {
    /// The median.
    pub value: f64,
    /// Lower end of the interval.
    pub low: f64,
    /// Upper end of the interval.
    pub high: f64,
}

impl Median {
    /// The median of some numbers, at least one. The interval lies between two of them, as many ranks from either end as
    /// the binomial distribution allows (Conover 1999, "Practical Nonparametric Statistics", 3.2).
    pub fn of(values: &[f64]) -> Self {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        let n = sorted.len();
        let value = (sorted[(n - 1) / 2] + sorted[n / 2]) / 2.0;
        let rank = outer_ranks(n);
        Self {
            value,
            low: sorted[rank],
            high: sorted[n - 1 - rank],
        }
    }

    /// Whether two medians differ by more than their noise: their intervals do not touch.
    pub fn differs(&self, other: &Self) -> bool {
        self.low > other.high || self.high < other.low
    }
}

/// How many of `n` sorted numbers can be cut off at each end so that the rest holds the median with a probability of
/// 95 % or more; 0 where there are too few for that.
fn outer_ranks(n: usize) -> usize {
    // P(k of n numbers lie below the true median), for k = 0, 1, and so on.
    let mut probability = 0.5f64.powi(n as i32);
    let mut below = 0.0;
    let mut rank = 0;
    for k in 0..n / 2 {
        below += probability;
        if below > 0.025 {
            break;
        }
        rank = k;
        probability *= (n - k) as f64 / (k + 1) as f64;
    }
    rank
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From tables of the binomial distribution: 5 observations cannot give 95 %, 9 give ranks 2 and 8, 20 ranks 6 and 15,
    /// 41 ranks 14 and 28.
    #[test]
    fn intervals_are_those_of_the_tables() {
        for (n, rank) in [(1, 0), (2, 0), (5, 0), (9, 1), (20, 5), (41, 13)] {
            assert_eq!(outer_ranks(n), rank, "{n}");
        }
        let numbers: Vec<f64> = (1..=20).rev().map(f64::from).collect();
        let median = Median::of(&numbers);
        assert_eq!((median.low, median.value, median.high), (6.0, 10.5, 15.0));
        assert_eq!(Median::of(&[7.0]).value, 7.0);
    }

    #[test]
    fn medians_whose_intervals_touch_do_not_differ() {
        let at = |low, high| Median {
            value: (low + high) / 2.0,
            low,
            high,
        };
        assert!(!at(1.0, 2.0).differs(&at(2.0, 3.0)));
        assert!(at(1.0, 2.0).differs(&at(2.1, 3.0)));
        assert!(at(2.1, 3.0).differs(&at(1.0, 2.0)));
    }
}

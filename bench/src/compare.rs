//! Two runs side by side.

use std::fmt::Write;

use crate::run::Run;

/// What changed from one run to another beyond the noise of both: ratios whose intervals do not touch. Also how many
/// benches got slower.
pub fn compare(before: &Run, after: &Run) -> (String, usize) {
    let mut text = String::new();
    let (mut slower, mut same) = (0, 0);
    for new in &after.benches {
        let Some(old) = before.benches.iter().find(|old| old.name == new.name) else {
            let _ = writeln!(text, "new     {}: {:.2}", new.name, new.ratio.value);
            continue;
        };
        if !old.ratio.differs(&new.ratio) {
            same += 1;
            continue;
        }
        let grew = new.ratio.value > old.ratio.value;
        slower += usize::from(grew);
        let _ = writeln!(
            text,
            "{} {}: {:.2} ({:.2} to {:.2}) before, {:.2} ({:.2} to {:.2}) now",
            if grew { "slower " } else { "faster " },
            new.name,
            old.ratio.value,
            old.ratio.low,
            old.ratio.high,
            new.ratio.value,
            new.ratio.low,
            new.ratio.high,
        );
    }
    for old in &before.benches {
        if !after.benches.iter().any(|new| new.name == old.name) {
            let _ = writeln!(text, "gone    {}", old.name);
        }
    }
    let _ = writeln!(text, "{same} as before, within the noise of both runs");
    if !before.curves.is_empty() || !after.curves.is_empty() {
        let _ = writeln!(text, "curves have no peer and are not compared");
    }
    if (&before.processor, before.cores) != (&after.processor, after.cores) {
        let _ = writeln!(
            text,
            "mind that the machines differ: {} with {} cores before, {} with {} now",
            before.processor, before.cores, after.processor, after.cores
        );
    }
    (text, slower)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::{Measured, OneSide};
    use crate::statistics::Median;

    fn run(ratios: &[(&str, f64)]) -> Run {
        let side = || OneSide {
            about: String::new(),
            milliseconds: Median::of(&[1.0]),
            gigaflops: Some(50.0),
            start_milliseconds: 1.0,
            first_milliseconds: 2.0,
            peak_bytes: None,
        };
        let benches = ratios.iter().map(|&(name, ratio)| {
            let ratios: Vec<f64> = (0..21).map(|i| ratio + f64::from(i - 10) / 100.0).collect();
            Measured {
                name: name.to_owned(),
                group: "any".into(),
                cores: 1,
                against: "a peer".into(),
                limit: Some(1.0),
                ratio: Median::of(&ratios),
                ours: side(),
                peer: side(),
                ratios,
            }
        });
        Run {
            processor: "any".into(),
            cores: 2,
            rounds: 21,
            benches: benches.collect(),
            curves: Vec::new(),
        }
    }

    #[test]
    fn only_what_exceeds_the_noise_is_flagged() {
        let before = run(&[("a", 1.0), ("b", 1.0), ("c", 1.0), ("gone", 1.0)]);
        let after = run(&[("a", 1.05), ("b", 1.3), ("c", 0.7), ("new", 1.0)]);
        let (text, slower) = compare(&before, &after);
        assert_eq!(slower, 1);
        assert!(
            text.contains("slower  b: 1.00") && text.contains("faster  c"),
            "{text}"
        );
        assert!(
            text.contains("new     new") && text.contains("gone    gone"),
            "{text}"
        );
        assert!(
            text.contains("1 as before") && !text.contains(" a:"),
            "{text}"
        );
    }

    #[test]
    fn a_table_says_where_a_limit_is_missed() {
        let table = run(&[("fast", 0.8), ("slow", 1.2)]).table();
        let line = |name: &str| table.lines().find(|line| line.contains(name)).unwrap();
        assert!(!line("fast").contains("missed") && line("slow").contains("missed"));
    }
}

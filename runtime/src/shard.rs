//! One of several parts of a long piece of work, each done by a process of its own, perhaps on another machine.

use std::fmt;
use std::num::NonZeroUsize;
use std::str::FromStr;

/// Part `number` of `of`, written `number/of` as in `3/8`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shard {
    /// Counted from 0.
    index: usize,
    of: NonZeroUsize,
}

impl Shard {
    /// Whether this part has the piece of work with this number: every piece has exactly one part, and neighbours have
    /// different ones, so that what is slow is spread.
    pub fn has(self, piece: usize) -> bool {
        piece % self.of == self.index
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index + 1, self.of)
    }
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split_once('/');
        let numbers = parts.and_then(|(number, of)| {
            let number = number.parse::<NonZeroUsize>().ok()?;
            let of = of.parse::<NonZeroUsize>().ok()?;
            (number <= of).then_some((number, of))
        });
        match numbers {
            Some((number, of)) => Ok(Self {
                index: number.get() - 1,
                of,
            }),
            None => Err("it must be a part and how many there are, as in 3/8".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_piece_has_one_part_and_other_numbers_are_none() {
        let parts: Vec<Shard> = (1..=3).map(|n| format!("{n}/3").parse().unwrap()).collect();
        for piece in 0..10 {
            assert_eq!(parts.iter().filter(|part| part.has(piece)).count(), 1);
        }
        assert!(parts[0].has(0) && parts[2].has(5));
        assert_eq!(parts[1].to_string(), "2/3");
        for text in ["0/3", "4/3", "1/0", "1", "a/b", "-1/3"] {
            assert!(text.parse::<Shard>().unwrap_err().contains("3/8"), "{text}");
        }
    }
}

//! How a program takes part in a bench: it gets ready, does its work once, and then as often as it is told to.
//!
//! It writes lines of JSON to its standard output: [`Loaded`] when it is ready, [`Done`] after it has worked once. Then for
//! each line of its standard input, a number, it works so many times and writes [`Done`] again, until the input ends. So two
//! programs can take turns on the same cores, whatever each of them is written in.

use std::io::{self, BufRead, Write};
use std::time::Instant;

use serde::{Deserialize, Serialize};

/// A program is ready.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Loaded {
    /// What it is: name, version, what matters of its settings.
    pub loaded: String,
    /// Products that are added up each time it works, where that is what the work consists of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub multiply_accumulates: Option<u64>,
}

/// A program has worked.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Done {
    /// How long that took.
    pub seconds: f64,
}

/// Takes part in a bench on the standard input and output, `once` being the work.
///
/// # Errors
/// Those of `once`, and of input and output.
pub fn take_part<E: From<io::Error>>(
    loaded: &Loaded,
    once: impl FnMut() -> Result<(), E>,
) -> Result<(), E> {
    serve(loaded, once, io::stdin().lock(), io::stdout().lock())
}

fn serve<E: From<io::Error>>(
    loaded: &Loaded,
    mut once: impl FnMut() -> Result<(), E>,
    input: impl BufRead,
    mut output: impl Write,
) -> Result<(), E> {
    say(&mut output, loaded)?;
    let mut work = |times: u64| -> Result<(), E> {
        let begin = Instant::now();
        for _ in 0..times {
            once()?;
        }
        let seconds = begin.elapsed().as_secs_f64();
        Ok(say(&mut output, &Done { seconds })?)
    };
    work(1)?;
    for line in input.lines() {
        let line = line?;
        work(line.trim().parse().map_err(|_| {
            io::Error::new(
                io::ErrorKind::InvalidData,
                format!("\"{}\" is not how often to work", line.trim()),
            )
        })?)?;
    }
    Ok(())
}

fn say(output: &mut impl Write, what: &impl Serialize) -> io::Result<()> {
    writeln!(output, "{}", serde_json::to_string(what)?)?;
    output.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn loaded() -> Loaded {
        Loaded {
            loaded: "a test".into(),
            multiply_accumulates: Some(7),
        }
    }

    #[test]
    fn it_works_once_and_then_as_often_as_it_is_told_to() {
        let mut worked = 0;
        let mut output = Vec::new();
        let work = || -> io::Result<()> {
            worked += 1;
            Ok(())
        };
        serve(&loaded(), work, &b"3\n20\n"[..], &mut output).unwrap();
        assert_eq!(worked, 24);
        let text = String::from_utf8(output).unwrap();
        let mut lines = text.lines();
        let said: Loaded = serde_json::from_str(lines.next().unwrap()).unwrap();
        assert_eq!(said, loaded());
        let done: Vec<Done> = lines
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!(done.len(), 3);
        assert!(done.iter().all(|done| done.seconds >= 0.0));
    }

    #[test]
    fn what_is_no_number_is_refused() {
        let work = || -> io::Result<()> { Ok(()) };
        let error = serve(&loaded(), work, &b"many\n"[..], Vec::new()).unwrap_err();
        assert!(error.to_string().contains("many"), "{error}");
    }
}

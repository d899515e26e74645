//! Two sides in turns.

use std::thread::sleep;
use std::time::Duration;

use anyhow::Result;
use serde::{Deserialize, Serialize};

use crate::list::Bench;
use crate::side::Side;
use crate::statistics::Median;

/// What was found of one bench.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Measured {
    /// What was done.
    pub name: String,
    /// What it belongs to.
    pub group: String,
    /// Cores that both sides ran on.
    pub cores: usize,
    /// What the peer is.
    pub against: String,
    /// The largest ratio that we are content with; none where the peer does something else.
    pub limit: Option<f64>,
    /// Our time over the peer's, of the same round.
    pub ratio: Median,
    /// Our side.
    pub ours: OneSide,
    /// The peer's side.
    pub peer: OneSide,
    /// The ratio of each round.
    pub ratios: Vec<f64>,
}

/// What was found of one side.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct OneSide {
    /// What it said of itself.
    pub about: String,
    /// Once the work, milliseconds.
    pub milliseconds: Median,
    /// Billions of products and sums in a second, where the work consists of them.
    pub gigaflops: Option<f64>,
    /// From the start of the process until it was ready, milliseconds.
    pub start_milliseconds: f64,
    /// From the start of the process until it had done the work once, milliseconds.
    pub first_milliseconds: f64,
    /// The most memory it had resident, where the system tells.
    pub peak_bytes: Option<u64>,
}

/// How long a round of one side takes, about.
const ROUND: Duration = Duration::from_millis(60);
/// Between two rounds.
const REST: Duration = Duration::from_millis(5);

/// Measures one bench: each side in a process of its own, one after the other in each round, in changing order.
///
/// # Errors
/// When a side cannot be started or fails.
pub fn measure(bench: &Bench, ours: &[String], peer: &[String], rounds: usize) -> Result<Measured> {
    let mut ours = Worker::start("our side", ours, bench.cores)?;
    let mut peer = Worker::start(&bench.against, peer, bench.cores)?;
    let mut times = [Vec::with_capacity(rounds), Vec::with_capacity(rounds)];
    for round in 0..rounds {
        let order = if round % 2 == 0 { [0, 1] } else { [1, 0] };
        for which in order {
            rest();
            let worker = if which == 0 { &mut ours } else { &mut peer };
            times[which].push(worker.round()?);
        }
    }
    let (ours, peer) = (ours.side, peer.side);
    let ratios: Vec<f64> = std::iter::zip(&times[0], &times[1])
        .map(|(ours, peer)| ours / peer)
        .collect();
    let measured = Measured {
        name: bench.name.clone(),
        group: bench.group.clone(),
        cores: bench.cores,
        against: peer.loaded.loaded.clone(),
        limit: bench.limit,
        ratio: Median::of(&ratios),
        ours: one_side(&ours, &times[0]),
        peer: one_side(&peer, &times[1]),
        ratios,
    };
    ours.end()?;
    peer.end()?;
    Ok(measured)
}

/// A side that works for about as long in every round.
pub struct Worker {
    side: Side,
    /// How often it works in a round.
    count: u64,
}

impl Worker {
    /// Starts a side and finds out how often it works in a round, which warms it up.
    ///
    /// # Errors
    /// When it cannot be started or fails.
    pub fn start(name: &str, command: &[String], cores: usize) -> Result<Self> {
        let mut side = Side::start(name, command, cores)?;
        let mut count = 1;
        loop {
            let seconds = side.work(count)?;
            if seconds >= ROUND.as_secs_f64() / 2.0 {
                let fitting = count as f64 * ROUND.as_secs_f64() / seconds;
                count = (fitting.round() as u64).max(1);
                return Ok(Self { side, count });
            }
            count *= 2;
        }
    }

    /// A round; seconds of doing the work once.
    ///
    /// # Errors
    /// When it fails.
    pub fn round(&mut self) -> Result<f64> {
        Ok(self.side.work(self.count)? / self.count as f64)
    }

    /// Tells it that there is no more to do.
    ///
    /// # Errors
    /// When it fails then.
    pub fn end(self) -> Result<()> {
        self.side.end()
    }
}

/// Gives thread pools that wait by spinning the time to fall asleep.
pub fn rest() {
    sleep(REST);
}

fn one_side(side: &Side, seconds: &[f64]) -> OneSide {
    let milliseconds: Vec<f64> = seconds.iter().map(|seconds| seconds * 1e3).collect();
    let milliseconds = Median::of(&milliseconds);
    let operations = side.loaded.multiply_accumulates.map(|count| 2 * count);
    OneSide {
        about: side.loaded.loaded.clone(),
        milliseconds,
        gigaflops: operations.map(|count| count as f64 / milliseconds.value / 1e6),
        start_milliseconds: side.start.as_secs_f64() * 1e3,
        first_milliseconds: side.first.as_secs_f64() * 1e3,
        peak_bytes: side.peak_memory(),
    }
}

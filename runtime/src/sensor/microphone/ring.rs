//! From the callback of the sound system, which must never wait, to the pipeline.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rtrb::{Consumer, Producer, RingBuffer};

use crate::sensor::Intake;
use crate::window::SampleRate;

/// Sound that may wait, seconds.
const SECONDS: usize = 4;
/// Pieces that may wait.
const PIECES: usize = 1024;
/// Older sound is not believed; its stamp is of another clock.
const OLDEST: Duration = Duration::from_secs(1);

/// When a piece of sound was captured, and how long it is.
#[derive(Debug, Clone, Copy)]
struct Piece {
    time: Duration,
    arrival: Duration,
    samples: usize,
}

/// The side of the callback: it neither allocates, nor locks, nor waits.
pub struct Ear {
    samples: Producer<f32>,
    pieces: Producer<Piece>,
    rate: SampleRate,
    overruns: Arc<AtomicU64>,
}

/// The side of the pipeline.
pub struct Heard {
    samples: Consumer<f32>,
    pieces: Consumer<Piece>,
    rate: SampleRate,
}

/// Two ends of a ring for sound of this rate; what does not fit is counted in `overruns`.
pub fn ring(rate: SampleRate, overruns: &Arc<AtomicU64>) -> (Ear, Heard) {
    let (samples_in, samples_out) = RingBuffer::new(SECONDS * rate.hz() as usize);
    let (pieces_in, pieces_out) = RingBuffer::new(PIECES);
    let ear = Ear {
        samples: samples_in,
        pieces: pieces_in,
        rate,
        overruns: Arc::clone(overruns),
    };
    let heard = Heard {
        samples: samples_out,
        pieces: pieces_out,
        rate,
    };
    (ear, heard)
}

impl Ear {
    /// Takes a piece of `count` samples that arrives at `arrival` and is `age` old by the driver's word. `fill` calls
    /// back with each sample. A piece that does not fit is lost as a whole.
    pub fn hear(
        &mut self,
        arrival: Duration,
        age: Option<Duration>,
        count: usize,
        fill: impl FnOnce(&mut dyn FnMut(f32)),
    ) {
        if self.samples.slots() < count || self.pieces.is_full() {
            self.overruns.fetch_add(1, Ordering::Relaxed);
            return;
        }
        let mut left = count;
        fill(&mut |sample| {
            if left > 0 && self.samples.push(sample).is_ok() {
                left -= 1;
            }
        });
        let piece = Piece {
            time: taken(arrival, age, self.rate.duration_of(count)),
            arrival,
            samples: count - left,
        };
        // There is room; it was looked at above.
        let _ = self.pieces.push(piece);
    }
}

/// When the first sample of a piece was taken. It cannot be younger than the piece is long.
fn taken(arrival: Duration, age: Option<Duration>, length: Duration) -> Duration {
    let age = age
        .filter(|age| (length / 2..=OLDEST).contains(age))
        .unwrap_or(length);
    arrival.saturating_sub(age)
}

impl Heard {
    /// Hands over everything that has come in.
    pub fn drain(&mut self, intake: &mut dyn Intake) {
        while let Ok(piece) = self.pieces.pop() {
            let Ok(chunk) = self.samples.read_chunk(piece.samples) else {
                return;
            };
            let (first, second) = chunk.as_slices();
            intake.hear(piece.time, piece.arrival, self.rate, first);
            if !second.is_empty() {
                let time = piece.time + self.rate.duration_of(first.len());
                intake.hear(time, piece.arrival, self.rate, second);
            }
            chunk.commit_all();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::window::Frame;

    #[derive(Default)]
    struct Ears(Vec<f32>, Vec<Duration>);

    impl Intake for Ears {
        fn hear(&mut self, time: Duration, _: Duration, _: SampleRate, samples: &[f32]) {
            self.0.extend_from_slice(samples);
            self.1.push(time);
        }
        fn see(&mut self, _: Frame, _: Duration) {}
        fn spare(&mut self) -> Vec<u8> {
            Vec::new()
        }
    }

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    fn hear(ear: &mut Ear, arrival: u64, first: usize, count: usize) {
        ear.hear(ms(arrival), Some(ms(150)), count, |take| {
            (first..first + count).for_each(|i| take(i as f32));
        });
    }

    #[test]
    fn sound_comes_out_once_and_in_order_also_around_the_end_of_the_ring() {
        let overruns = Arc::default();
        let (mut ear, mut heard) = ring(SampleRate::new(1000).unwrap(), &overruns);
        let mut ears = Ears::default();
        for i in 0..100 {
            hear(&mut ear, 1000 + 170 * i as u64, 170 * i, 170);
            if i % 3 == 0 {
                heard.drain(&mut ears);
            }
        }
        heard.drain(&mut ears);
        assert_eq!(ears.0.len(), 17_000);
        assert!(
            ears.0
                .iter()
                .enumerate()
                .all(|(i, &sample)| sample == i as f32)
        );
        assert_eq!(ears.1[0], ms(850));
        assert!(ears.1.is_sorted());
        assert_eq!(overruns.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn what_does_not_fit_is_counted_and_what_waits_is_kept() {
        let overruns = Arc::default();
        let (mut ear, mut heard) = ring(SampleRate::new(1000).unwrap(), &overruns);
        (0..50).for_each(|i| hear(&mut ear, 100 * i as u64, 100 * i, 100));
        assert_eq!(overruns.load(Ordering::Relaxed), 10);
        let mut ears = Ears::default();
        heard.drain(&mut ears);
        assert_eq!((ears.0.len(), ears.0.last()), (4000, Some(&3999.0)));
        hear(&mut ear, 9000, 0, 100);
        heard.drain(&mut ears);
        assert_eq!(ears.0.len(), 4100);
    }

    #[test]
    fn an_age_that_cannot_be_is_replaced_by_the_length() {
        let back = |age| ms(5000) - taken(ms(5000), age, ms(50));
        assert_eq!(back(Some(ms(70))), ms(70));
        assert_eq!(back(Some(ms(0))), ms(50));
        assert_eq!(back(Some(ms(4000))), ms(50));
        assert_eq!(back(None), ms(50));
    }
}

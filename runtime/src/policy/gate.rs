//! Lets a sensor in or keeps it out, without flapping.

use std::time::Duration;

use super::PolicyConfig;

/// The gate of one sensor.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Gate {
    /// What was decided last; none before the first window.
    state: Option<State>,
}

#[derive(Debug, Clone, Copy)]
struct State {
    /// Whether the sensor is wanted.
    open: bool,
    /// How far the gate has got, 0..1.
    at: f32,
    /// When the last window began.
    time: Duration,
}

impl Gate {
    /// How far it is open for a window that begins at `time`.
    ///
    /// The first window decides at once. A time that runs backwards fades nothing.
    pub fn update(&mut self, config: &PolicyConfig, time: Duration, health: f32) -> f32 {
        let state = match self.state {
            None => {
                let open = health >= config.off;
                let at = if open { 1.0 } else { 0.0 };
                State { open, at, time }
            }
            Some(last) => {
                let open = if last.open {
                    health >= config.off
                } else {
                    health > config.on
                };
                let passed = time.saturating_sub(last.time).as_secs_f32();
                let at = if open {
                    (last.at + step(passed, config.fade_in)).min(1.0)
                } else {
                    (last.at - step(passed, config.fade_out)).max(0.0)
                };
                State { open, at, time }
            }
        };
        self.state = Some(state);
        state.at
    }
}

/// The share of a fade that `seconds` make; all of one that takes no time.
fn step(seconds: f32, fade: f32) -> f32 {
    if fade > 0.0 { seconds / fade } else { 1.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(healths: &[f32]) -> Vec<f32> {
        let config = PolicyConfig {
            off: 0.3,
            on: 0.6,
            fade_out: 0.2,
            fade_in: 0.4,
            ..PolicyConfig::default()
        };
        let mut gate = Gate::default();
        let hop = Duration::from_millis(100);
        (0..)
            .zip(healths)
            .map(|(i, &health)| gate.update(&config, hop * i, health))
            .collect()
    }

    fn close(found: &[f32], expected: &[f32]) {
        let near = found
            .iter()
            .zip(expected)
            .all(|(f, e)| (f - e).abs() < 1e-5);
        assert!(near && found.len() == expected.len(), "{found:?}");
    }

    #[test]
    fn a_sensor_fades_out_quickly_and_back_in_slowly() {
        close(
            &run(&[1.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0, 1.0]),
            &[1.0, 0.5, 0.0, 0.0, 0.25, 0.5, 0.75, 1.0, 1.0],
        );
    }

    #[test]
    fn between_the_two_thresholds_it_stays_as_it_is() {
        close(&run(&[1.0, 0.4, 0.5, 0.35]), &[1.0; 4]);
        close(&run(&[0.1, 0.4, 0.5, 0.55]), &[0.0; 4]);
    }

    #[test]
    fn what_is_sick_from_the_start_is_out_at_once() {
        close(&run(&[0.0]), &[0.0]);
    }
}

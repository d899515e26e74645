//! The answer about one window, and how the answers about several windows become one.

use crate::probability::most_probable;
use crate::window::{Attention, PerSensor, Window};

/// Something that answers about one window: a model, or a stand-in for one in tests.
pub trait Answerer {
    /// # Errors
    /// One sentence, when the window cannot be answered about.
    fn answer(&mut self, window: &Window) -> Result<WindowAnswer, String>;

    /// Forgets what went before: the next window is the first of another clip.
    fn reset(&mut self) {}
}

/// The answer about one window.
#[derive(Debug, Clone, PartialEq)]
pub struct WindowAnswer {
    /// Probability of each label from all sensors together, summing to 1.
    pub probabilities: Vec<f32>,
    /// Probability of each label from one sensor alone; `None` if it is absent.
    pub alone: PerSensor<Option<Vec<f32>>>,
    /// Shares of attention.
    pub attention: Attention,
    /// Which sensors gave something.
    pub present: PerSensor<bool>,
    /// How much each sensor counted, 0..1; 0 for one that is absent or was shut out.
    pub validity: PerSensor<f32>,
}

/// Places of the windows whose answer rests on at least one sensor, given how much each sensor counted
/// in each window. All windows where none does, so that a clip always has an answer.
///
/// Without any sensor a model gives what it gives for no input at all, which says nothing about the
/// clip and must not outvote the windows that do.
pub fn resting_on_a_sensor(windows: impl IntoIterator<Item = PerSensor<f32>>) -> Vec<usize> {
    let rests: Vec<bool> = windows
        .into_iter()
        .map(|validity| validity.into_values().any(|value| value > 0.0))
        .collect();
    let none = !rests.contains(&true);
    (0..rests.len())
        .filter(|&place| none || rests[place])
        .collect()
}

/// One answer out of the answers about the windows of one clip.
#[derive(Debug, Clone, PartialEq)]
pub struct Combined {
    /// Probability of each label.
    pub probabilities: Vec<f32>,
    /// The window that was chosen; `None` if the answer is the mean of all.
    pub chosen: Option<usize>,
}

impl Combined {
    /// The most probable label.
    pub fn label(&self) -> usize {
        most_probable(&self.probabilities)
    }

    /// Its probability.
    pub fn confidence(&self) -> f64 {
        f64::from(self.probabilities[self.label()])
    }
}

/// Combines the probabilities of several windows; `None` without windows.
///
/// A model with a label for "nothing here" names what it recognised in some window: of the windows
/// whose answer is not `nothing`, the most confident one, the first of equals. Otherwise, and where
/// every window says `nothing`, it is the mean of all windows.
pub fn combine(windows: &[&[f32]], nothing: Option<usize>) -> Option<Combined> {
    let first = windows.first()?;
    let confidence = |window: &[f32]| window[most_probable(window)];
    let chosen = match nothing {
        Some(nothing) => (0..windows.len())
            .filter(|&i| most_probable(windows[i]) != nothing)
            .reduce(|best, i| {
                if confidence(windows[i]) > confidence(windows[best]) {
                    i
                } else {
                    best
                }
            }),
        None => None,
    };
    let probabilities = match chosen {
        Some(index) => windows[index].to_vec(),
        None => (0..first.len())
            .map(|label| windows.iter().map(|w| w[label]).sum::<f32>() / windows.len() as f32)
            .collect(),
    };
    Some(Combined {
        probabilities,
        chosen,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn something_recognised_in_one_window_beats_nothing_in_the_others() {
        // Labels a, b, nothing.
        let windows: [&[f32]; 4] = [
            &[0.1, 0.0, 0.9],
            &[0.6, 0.1, 0.3],
            &[0.1, 0.7, 0.2],
            &[0.0, 0.0, 1.0],
        ];
        let combined = combine(&windows, Some(2)).unwrap();
        assert_eq!((combined.label(), combined.chosen), (1, Some(2)));
        assert!((combined.confidence() - 0.7).abs() < 1e-6);
        let silent = combine(&[windows[0], windows[3]], Some(2)).unwrap();
        assert_eq!((silent.label(), silent.chosen), (2, None));
        assert!((silent.confidence() - 0.95).abs() < 1e-6);
    }

    #[test]
    fn windows_in_which_no_sensor_counted_have_no_say_unless_there_are_no_others() {
        let validity = |audio, camera| PerSensor::pair(audio, camera);
        let (shut, open) = (validity(0.0, 0.0), validity(0.0, 0.3));
        assert_eq!(resting_on_a_sensor([shut, open, shut, open]), [1, 3]);
        assert_eq!(resting_on_a_sensor([shut, shut]), [0, 1]);
    }

    #[test]
    fn a_model_without_a_label_for_nothing_takes_the_mean() {
        let combined = combine(&[&[0.6, 0.4], &[0.1, 0.9]], None).unwrap();
        assert_eq!((combined.label(), combined.chosen), (1, None));
        assert!((combined.confidence() - 0.65).abs() < 1e-6);
        assert_eq!(combine(&[], None), None);
    }
}

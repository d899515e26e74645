//! Which sensors are lost where some are, in training.

use evenkeel::window::Modality;
use rand::RngExt;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

/// Puts `sensors` into a random order of which the first part is lost, and says how many these are: of two one, of more one
/// or several but never all. The one to `keep` is the last that would go.
pub(super) fn lose_some(
    sensors: &mut [Modality],
    keep: Option<Modality>,
    rng: &mut ChaCha8Rng,
) -> usize {
    let lost = match sensors.len() {
        2 => {
            if !rng.random_bool(0.5) {
                sensors.reverse();
            }
            1
        }
        count => {
            let lost = rng.random_range(1..count);
            sensors.shuffle(rng);
            lost
        }
    };
    sensors.sort_by_key(|&modality| keep == Some(modality));
    lost
}

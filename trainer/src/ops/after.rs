//! Non-linearities that a layer applies to its sums before it writes them.

/// What happens to a sum.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum After {
    /// Nothing.
    Identity,
    /// max(y, 0).
    Relu,
    /// min(max(y, 0), 6), which 8-bit arithmetic holds well.
    Relu6,
    /// max(y, y/5, −2/5): a leaky rectifier with a floor.
    LeakyFloor,
}

/// Slope of the leaky rectifier below zero.
pub const LEAK: f32 = 0.2;
/// The least that it gives.
pub const FLOOR: f32 = -0.4;

impl After {
    /// In place.
    pub(super) fn apply(self, values: &mut [f32]) {
        match self {
            Self::Identity => {}
            Self::Relu => values.iter_mut().for_each(|y| *y = y.max(0.0)),
            Self::Relu6 => values.iter_mut().for_each(|y| *y = y.clamp(0.0, 6.0)),
            Self::LeakyFloor => values
                .iter_mut()
                .for_each(|y| *y = y.max(LEAK * *y).max(FLOOR)),
        }
    }

    /// The gradient before it, from that behind it and what it gave; `None` where they are the same.
    pub(super) fn backward(self, gradient: &[f32], given: &[f32]) -> Option<Vec<f32>> {
        match self {
            Self::Identity => None,
            Self::Relu => Some(times(gradient, given, |y| f32::from(y > 0.0))),
            Self::Relu6 => Some(times(gradient, given, |y| f32::from(y > 0.0 && y < 6.0))),
            Self::LeakyFloor => Some(times(gradient, given, |y| match y {
                _ if y > 0.0 => 1.0,
                _ if y > FLOOR => LEAK,
                _ => 0.0,
            })),
        }
    }
}

/// The gradient times the slope where `y` was given. A function of its own for each slope, so that no value asks
/// which one it is.
fn times(gradient: &[f32], given: &[f32], slope: impl Fn(f32) -> f32) -> Vec<f32> {
    std::iter::zip(gradient, given)
        .map(|(&g, &y)| g * slope(y))
        .collect()
}

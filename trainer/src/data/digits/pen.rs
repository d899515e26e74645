//! Digits that a simulated pen writes, for tests and demonstrations that need no download.

use std::ops::Range;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use super::ink::{self, Ink, Point, arc};
use super::mnist::Handwriting;
use evenkeel::random;

/// `count` digits in a simulated hand, 0 to 9 in turn; always the same ones.
pub fn handwriting(count: usize) -> Handwriting {
    numbered(0..count)
}

/// `count` others, to train with beside real handwriting.
pub fn further(count: usize) -> Handwriting {
    /// More than [`handwriting`] is ever asked for.
    const FIRST: usize = 1_000_000;
    numbered(FIRST..FIRST + count)
}

fn numbered(numbers: Range<usize>) -> Handwriting {
    let digits: Vec<u8> = numbers.clone().map(|n| (n % 10) as u8).collect();
    let images = numbers
        .into_par_iter()
        .map(|n| write_digit(n % 10, n as u64))
        .collect();
    Handwriting { images, digits }
}

fn write_digit(digit: usize, number: u64) -> Ink {
    let mut rng = random::rng("made handwriting", &[number]);
    let strokes = strokes(digit, &mut rng);
    ink::draw(&strokes, rng.random_range(1.8..3.8))
}

/// The strokes of a digit in a simulated hand, in a square of side 1.
pub(super) fn strokes(digit: usize, rng: &mut ChaCha8Rng) -> Vec<Vec<Point>> {
    let forms = forms(digit);
    let form = &forms[rng.random_range(0..forms.len())];
    ink::by_hand(form, rng)
}

/// The ways to write a digit: strokes in a square of side 1, the digit 0.16..0.84 high.
fn forms(digit: usize) -> Vec<Vec<Vec<Point>>> {
    let join = |parts: &[&[Point]]| parts.concat();
    match digit {
        0 => vec![
            vec![arc([0.5, 0.5], [0.22, 0.34], -0.25, 0.77)],
            vec![arc([0.5, 0.5], [0.28, 0.32], -0.15, 0.83)],
        ],
        1 => vec![
            vec![vec![[0.5, 0.16], [0.5, 0.5], [0.5, 0.84]]],
            vec![vec![[0.36, 0.32], [0.52, 0.16], [0.52, 0.5], [0.52, 0.84]]],
        ],
        2 => {
            let top = arc([0.48, 0.36], [0.22, 0.2], -0.48, 0.08);
            let plain = [[0.28, 0.84], [0.5, 0.83], [0.75, 0.84]];
            let looped = [
                [0.32, 0.8],
                [0.26, 0.72],
                [0.38, 0.7],
                [0.56, 0.84],
                [0.76, 0.8],
            ];
            vec![vec![join(&[&top, &plain])], vec![join(&[&top, &looped])]]
        }
        3 => {
            let upper = arc([0.46, 0.33], [0.2, 0.17], -0.42, 0.22);
            let lower = arc([0.46, 0.67], [0.24, 0.18], -0.22, 0.42);
            let flat = vec![[0.28, 0.17], [0.5, 0.16], [0.7, 0.17], [0.48, 0.44]];
            vec![vec![join(&[&upper, &lower])], vec![join(&[&flat, &lower])]]
        }
        4 => vec![
            vec![
                vec![
                    [0.34, 0.16],
                    [0.3, 0.36],
                    [0.27, 0.54],
                    [0.5, 0.54],
                    [0.76, 0.53],
                ],
                vec![[0.66, 0.2], [0.64, 0.5], [0.62, 0.84]],
            ],
            vec![vec![
                [0.64, 0.84],
                [0.64, 0.5],
                [0.64, 0.16],
                [0.44, 0.4],
                [0.25, 0.6],
                [0.5, 0.6],
                [0.78, 0.6],
            ]],
        ],
        5 => {
            let belly = arc([0.46, 0.63], [0.26, 0.2], -0.3, 0.4);
            let down = [[0.36, 0.17], [0.34, 0.32], [0.32, 0.48]];
            let top = vec![[0.35, 0.17], [0.55, 0.17], [0.73, 0.16]];
            vec![vec![join(&[&down, &belly]), top]]
        }
        6 => {
            let back = arc([0.62, 0.56], [0.34, 0.4], -0.28, -0.5);
            let loop_ = arc([0.5, 0.65], [0.22, 0.18], -0.5, 0.5);
            vec![vec![join(&[&back, &loop_])]]
        }
        7 => {
            let body = vec![
                [0.26, 0.18],
                [0.5, 0.17],
                [0.74, 0.18],
                [0.58, 0.48],
                [0.44, 0.84],
            ];
            vec![
                vec![body.clone()],
                vec![body, vec![[0.4, 0.5], [0.68, 0.5]]],
            ]
        }
        8 => vec![
            vec![
                arc([0.5, 0.33], [0.18, 0.17], 0.25, 1.25),
                arc([0.5, 0.67], [0.23, 0.17], -0.25, 0.75),
            ],
            vec![join(&[
                &[[0.68, 0.24], [0.5, 0.16], [0.34, 0.26], [0.4, 0.42]],
                &[[0.62, 0.58], [0.68, 0.74], [0.5, 0.84], [0.32, 0.74]],
                &[[0.38, 0.58], [0.6, 0.42], [0.68, 0.24]],
            ])],
        ],
        _ => {
            let loop_ = arc([0.48, 0.35], [0.2, 0.18], 0.02, 1.0);
            let straight = [[0.67, 0.5], [0.63, 0.68], [0.58, 0.84]];
            let bent = [[0.68, 0.55], [0.64, 0.76], [0.5, 0.84], [0.34, 0.78]];
            vec![
                vec![join(&[&loop_, &straight])],
                vec![join(&[&loop_, &bent])],
            ]
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_hands_are_alike_and_no_digit_leaves_the_paper() {
        let written = handwriting(400);
        for (n, image) in written.images.iter().enumerate() {
            let ink = image.iter().filter(|&&value| value > 128).count();
            assert!(
                (20..330).contains(&ink),
                "digit {}: {ink} dark pixels",
                written.digits[n]
            );
            let border = (0..28).flat_map(|i| [i, 27 * 28 + i, i * 28, i * 28 + 27]);
            assert!(border.map(|at| u32::from(image[at])).sum::<u32>() < 2000);
            assert!(written.images[..n].iter().all(|other| other != image));
        }
    }
}

//! Things that a camera sees when nobody shows it a digit.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::ink::{self, Ink, Point, arc};

/// What is on the sheet, or `None` if there is no sheet in view at all.
pub fn on_sheet(rng: &mut ChaCha8Rng) -> Option<Ink> {
    let width = rng.random_range(1.5..3.5);
    let strokes = match rng.random_range(0..8) {
        0 | 1 => return None,
        2 => return Some([0; 784]),
        3 => scribble(rng),
        4 => lines(rng),
        5 => shape(rng),
        _ => letters(rng),
    };
    Some(ink::draw(&strokes, width))
}

/// A pen that wanders, seldom crossing itself the way a digit does: long and angular.
fn scribble(rng: &mut ChaCha8Rng) -> Vec<Vec<Point>> {
    let mut at = [rng.random_range(0.2..0.8), rng.random_range(0.2..0.8)];
    let mut heading: f32 = rng.random_range(0.0..std::f32::consts::TAU);
    let mut stroke = vec![at];
    for _ in 0..rng.random_range(25..60) {
        heading += rng.random_range(-1.3..1.3);
        for (c, step) in at.iter_mut().zip([heading.cos(), heading.sin()]) {
            *c += 0.09 * step;
            if !(0.12..0.88).contains(c) {
                *c = c.clamp(0.12, 0.88);
                heading += 2.0;
            }
        }
        stroke.push(at);
    }
    vec![stroke]
}

/// Several lines side by side, flat or crossing: never one upright line, which is a one.
fn lines(rng: &mut ChaCha8Rng) -> Vec<Vec<Point>> {
    let count = rng.random_range(2..5);
    let mut strokes: Vec<Vec<Point>> = (0..count)
        .map(|i| {
            let y = 0.2 + 0.6 * i as f32 / (count - 1) as f32;
            vec![[0.12, y], [0.88, y + rng.random_range(-0.05..0.05)]]
        })
        .collect();
    if rng.random_bool(0.5) {
        let across = strokes.clone();
        strokes.extend(
            across
                .into_iter()
                .map(|s| s.iter().map(|&[x, y]| [y, x]).collect()),
        );
    }
    strokes
}

fn shape(rng: &mut ChaCha8Rng) -> Vec<Vec<Point>> {
    let [low, high] = [rng.random_range(0.12..0.3), rng.random_range(0.7..0.88)];
    let middle = (low + high) / 2.0;
    let strokes = match rng.random_range(0..6) {
        // Triangle, box, cross, star, face, arrow.
        0 => vec![vec![
            [middle, low],
            [high, high],
            [low, high],
            [middle, low],
        ]],
        1 => vec![
            vec![
                [low, low],
                [high, low],
                [high, high],
                [low, high],
                [low, low],
            ],
            vec![[low, low], [high, high]],
        ],
        2 => vec![
            vec![[middle, low], [middle, high]],
            vec![[low, middle], [high, middle]],
        ],
        3 => vec![
            (0..=5)
                .map(|i| {
                    let (sin, cos) = (i as f32 * 0.8 * std::f32::consts::PI).sin_cos();
                    [0.5 + 0.36 * sin, 0.5 - 0.36 * cos]
                })
                .collect(),
        ],
        4 => vec![
            arc([0.5, 0.5], [0.36, 0.36], 0.0, 1.0),
            arc([0.5, 0.5], [0.2, 0.2], 0.08, 0.42),
            vec![[0.4, 0.38], [0.4, 0.42]],
            vec![[0.6, 0.38], [0.6, 0.42]],
        ],
        _ => vec![
            vec![[low, middle], [high, middle]],
            vec![
                [high - 0.2, middle - 0.2],
                [high, middle],
                [high - 0.2, middle + 0.2],
            ],
        ],
    };
    ink::by_hand(&strokes, rng)
}

/// One to three letters that cannot be taken for digits.
fn letters(rng: &mut ChaCha8Rng) -> Vec<Vec<Point>> {
    let count = rng.random_range(1..=3);
    let mut all = Vec::new();
    for place in 0..count {
        let letter = LETTERS[rng.random_range(0..LETTERS.len())];
        let strokes: Vec<Vec<Point>> = letter.iter().map(|stroke| stroke.to_vec()).collect();
        let size = 0.72 / count as f32;
        let left = 0.14 + place as f32 * size;
        for stroke in ink::by_hand(&strokes, rng) {
            let moved = |[x, y]: Point| [left + size * x * 0.95, 0.5 + (y - 0.5) * size.max(0.5)];
            all.push(stroke.into_iter().map(moved).collect());
        }
    }
    all
}

/// Strokes of A E F H K M N W X, in a square of side 1.
const LETTERS: [&[&[Point]]; 9] = [
    &[
        &[[0.1, 0.9], [0.5, 0.1], [0.9, 0.9]],
        &[[0.25, 0.6], [0.75, 0.6]],
    ],
    &[
        &[[0.8, 0.1], [0.2, 0.1], [0.2, 0.9], [0.8, 0.9]],
        &[[0.2, 0.5], [0.7, 0.5]],
    ],
    &[
        &[[0.8, 0.1], [0.2, 0.1], [0.2, 0.9]],
        &[[0.2, 0.5], [0.7, 0.5]],
    ],
    &[
        &[[0.2, 0.1], [0.2, 0.9]],
        &[[0.8, 0.1], [0.8, 0.9]],
        &[[0.2, 0.5], [0.8, 0.5]],
    ],
    &[
        &[[0.2, 0.1], [0.2, 0.9]],
        &[[0.8, 0.1], [0.2, 0.5], [0.8, 0.9]],
    ],
    &[&[[0.1, 0.9], [0.15, 0.1], [0.5, 0.6], [0.85, 0.1], [0.9, 0.9]]],
    &[&[[0.2, 0.9], [0.2, 0.1], [0.8, 0.9], [0.8, 0.1]]],
    &[&[[0.1, 0.1], [0.3, 0.9], [0.5, 0.4], [0.7, 0.9], [0.9, 0.1]]],
    &[&[[0.15, 0.1], [0.85, 0.9]], &[[0.85, 0.1], [0.15, 0.9]]],
];

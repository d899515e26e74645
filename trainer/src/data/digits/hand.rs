//! Other hands than those that wrote: the same digit wider, more slanted, with another pen.

use rand_chacha::ChaCha8Rng;

use super::difficulty::HandDifficulty;
use super::ink::{INK_SIDE, Ink};
use super::scene::uniform;

/// The digit as somebody else might have written it; the same digit where `difficulty` changes nothing.
pub fn vary(ink: &Ink, difficulty: &HandDifficulty, rng: &mut ChaCha8Rng) -> Ink {
    if difficulty.is_none() {
        return *ink;
    }
    let ratio = difficulty.stretch.ln();
    let wider = uniform([-ratio, ratio], rng).exp().sqrt();
    let slant = uniform([-difficulty.slant, difficulty.slant], rng)
        .to_radians()
        .tan();
    let pen = uniform([-difficulty.pen, difficulty.pen], rng);
    press(&lean(ink, wider, slant), pen)
}

/// The ink as many times as wide as `wider` says and that much lower, leaning by `slant` columns a row.
fn lean(ink: &Ink, wider: f32, slant: f32) -> Ink {
    let middle = (INK_SIDE - 1) as f32 / 2.0;
    // Digits that no longer fit are made smaller, not cut.
    let fit = 1.0 / wider.max(1.0 / wider).max(1.0 + slant.abs() / 2.0);
    let mut out = [0; INK_SIDE * INK_SIDE];
    for (place, out) in out.iter_mut().enumerate() {
        let y = (place / INK_SIDE) as f32 - middle;
        let x = (place % INK_SIDE) as f32 - middle;
        let from_y = y * wider / fit;
        let from_x = x / wider / fit + slant * from_y;
        *out = sample(ink, from_x + middle, from_y + middle);
    }
    out
}

/// The ink between pixels; bare paper outside.
fn sample(ink: &Ink, x: f32, y: f32) -> u8 {
    let (left, top) = (x.floor(), y.floor());
    let (right, bottom) = (x - left, y - top);
    let at = |dx: f32, dy: f32| {
        let inside = 0.0..INK_SIDE as f32;
        let (x, y) = (left + dx, top + dy);
        if inside.contains(&x) && inside.contains(&y) {
            f32::from(ink[y as usize * INK_SIDE + x as usize])
        } else {
            0.0
        }
    };
    let upper = at(0.0, 0.0) * (1.0 - right) + at(1.0, 0.0) * right;
    let lower = at(0.0, 1.0) * (1.0 - right) + at(1.0, 1.0) * right;
    (upper * (1.0 - bottom) + lower * bottom).round() as u8
}

/// Strokes thicker by `pen` pixels on either side, or thinner where it is negative: grey dilation and erosion by
/// whole pixels, and for the rest a mixture.
fn press(ink: &Ink, pen: f32) -> Ink {
    let choose = if pen > 0.0 { u8::max } else { u8::min };
    let mut ink = *ink;
    let mut rest = pen.abs();
    while rest > 0.0 {
        let next = neighbours(&ink, choose);
        let share = rest.min(1.0);
        for (old, next) in ink.iter_mut().zip(next) {
            *old = (f32::from(*old) * (1.0 - share) + f32::from(next) * share).round() as u8;
        }
        rest -= 1.0;
    }
    ink
}

/// The darkest, or the lightest, of each pixel and its four neighbours.
fn neighbours(ink: &Ink, choose: fn(u8, u8) -> u8) -> Ink {
    let mut out = *ink;
    for y in 0..INK_SIDE {
        for x in 0..INK_SIDE {
            let mut take = |x: usize, y: usize, from: &Ink, place: usize| {
                out[place] = choose(out[place], from[y * INK_SIDE + x]);
            };
            let place = y * INK_SIDE + x;
            take(x.saturating_sub(1), y, ink, place);
            take((x + 1).min(INK_SIDE - 1), y, ink, place);
            take(x, y.saturating_sub(1), ink, place);
            take(x, (y + 1).min(INK_SIDE - 1), ink, place);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::digits::pen;

    fn weight(ink: &Ink) -> f32 {
        ink.iter().map(|&ink| f32::from(ink)).sum()
    }

    #[test]
    fn a_hand_is_wider_leaning_or_heavier_as_asked() {
        let zero = pen::handwriting(1).images[0];
        let columns = |ink: &Ink| {
            (0..28)
                .filter(|x| (0..28).any(|y| ink[y * 28 + x] > 100))
                .count()
        };
        let rows = |ink: &Ink| {
            ink.chunks(28)
                .filter(|row| row.iter().any(|&i| i > 100))
                .count()
        };
        assert_eq!(lean(&zero, 1.0, 0.0), zero);
        let wide = lean(&zero, 1.3, 0.0);
        assert!(rows(&wide) < rows(&zero) && columns(&wide) >= columns(&zero) - 1);
        let leaning = lean(&zero, 1.0, 0.5);
        let column = |half: &[u8]| {
            let moments = half
                .iter()
                .enumerate()
                .map(|(at, &ink)| (at % 28) as f32 * f32::from(ink));
            moments.sum::<f32>() / half.iter().map(|&ink| f32::from(ink)).sum::<f32>()
        };
        assert!(column(&leaning[..392]) > column(&leaning[392..]) + 2.0);
        assert_eq!(press(&zero, 0.0), zero);
        let [thin, thick] = [-0.5, 1.5].map(|pen| weight(&press(&zero, pen)));
        assert!(thin < 0.9 * weight(&zero) && thick > 1.3 * weight(&zero));
    }
}

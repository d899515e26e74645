//! Strokes of a pen on a small grey square.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

/// Rows and columns of a square of ink, as in MNIST.
pub const INK_SIDE: usize = 28;

/// What a pen left on a 28×28 square: 0 is bare paper, 255 full ink; rows from the top.
pub type Ink = [u8; INK_SIDE * INK_SIDE];

/// A point of a stroke, in shares of the square's side from its top left.
pub type Point = [f32; 2];

/// Draws connected strokes with a round pen `width` pixels wide.
pub fn draw(strokes: &[Vec<Point>], width: f32) -> Ink {
    let mut ink = [0; INK_SIDE * INK_SIDE];
    let side = INK_SIDE as f32;
    for stroke in strokes {
        for pair in stroke.windows(2) {
            let (a, b) = (pair[0].map(|c| c * side), pair[1].map(|c| c * side));
            draw_segment(&mut ink, a, b, width / 2.0);
        }
    }
    ink
}

/// One straight piece; a pixel's ink is how much of it the pen covers, roughly.
fn draw_segment(ink: &mut Ink, a: Point, b: Point, radius: f32) {
    let reach = radius + 1.0;
    let limit = |low: f32, high: f32| {
        let from = (low - reach).floor().max(0.0) as usize;
        let to = (high + reach).ceil().clamp(0.0, INK_SIDE as f32) as usize;
        from..to
    };
    let d = [b[0] - a[0], b[1] - a[1]];
    let length2 = (d[0] * d[0] + d[1] * d[1]).max(1e-6);
    for y in limit(a[1].min(b[1]), a[1].max(b[1])) {
        for x in limit(a[0].min(b[0]), a[0].max(b[0])) {
            let p = [x as f32 + 0.5 - a[0], y as f32 + 0.5 - a[1]];
            let along = ((p[0] * d[0] + p[1] * d[1]) / length2).clamp(0.0, 1.0);
            let (ex, ey) = (p[0] - along * d[0], p[1] - along * d[1]);
            let distance = (ex * ex + ey * ey).sqrt();
            let cover = (radius + 0.5 - distance).clamp(0.0, 1.0);
            let old = &mut ink[y * INK_SIDE + x];
            *old = (*old).max((cover * 255.0) as u8);
        }
    }
}

/// Points of an arc around `centre`, from angle `from` to `to` in turns (0 right, 0.25 down).
pub fn arc(centre: Point, radius: Point, from: f32, to: f32) -> Vec<Point> {
    let steps = ((to - from).abs() * 24.0).ceil().max(2.0) as usize;
    (0..=steps)
        .map(|i| {
            let turn = from + (to - from) * i as f32 / steps as f32;
            let (sin, cos) = (turn * std::f32::consts::TAU).sin_cos();
            [centre[0] + radius[0] * cos, centre[1] + radius[1] * sin]
        })
        .collect()
}

/// Writes strokes the way a hand does: slanted, stretched, turned and a little off, so that no two
/// are the same.
pub fn by_hand(strokes: &[Vec<Point>], rng: &mut ChaCha8Rng) -> Vec<Vec<Point>> {
    let slant = rng.random_range(-0.25..0.25_f32);
    let stretch = [rng.random_range(0.75..1.1_f32), rng.random_range(0.8..1.02)];
    let (sin, cos) = rng.random_range(-0.18..0.18_f32).sin_cos();
    let shift = [
        rng.random_range(-0.05..0.05_f32),
        rng.random_range(-0.05..0.05),
    ];
    // A slow wave bends long strokes; jitter moves each point on its own.
    let wave = [
        rng.random_range(-0.04..0.04_f32),
        rng.random_range(-0.04..0.04),
    ];
    let phase = rng.random_range(0.0..std::f32::consts::TAU);
    let mut place = |[x, y]: Point| {
        let (x, y) = ((x - 0.5) * stretch[0], (y - 0.5) * stretch[1]);
        let x = x - slant * y + wave[0] * (y * 7.0 + phase).sin();
        let y = y + wave[1] * (x * 7.0 + phase).sin();
        let jitter = [
            rng.random_range(-0.012..0.012),
            rng.random_range(-0.012..0.012),
        ];
        [
            0.5 + cos * x - sin * y + shift[0] + jitter[0],
            0.5 + sin * x + cos * y + shift[1] + jitter[1],
        ]
    };
    let mut written = Vec::with_capacity(strokes.len());
    for stroke in strokes {
        written.push(stroke.iter().map(|&point| place(point)).collect());
    }
    written
}

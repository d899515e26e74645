//! What lies around and below the sheet.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::{PIXELS, Planes, Rgb, SCENE_SIDE, colour};

/// Fills a scene; `clutter` is the chance that things lie about.
pub fn paint(clutter: f32, rng: &mut ChaCha8Rng) -> Planes {
    let base = colour(rng.random_range(0.08..0.9), 1.0, rng);
    let other = colour(rng.random_range(0.08..0.9), 1.0, rng);
    // How far each pixel goes from the first colour to the second.
    let share = match rng.random_range(0..4) {
        0 => vec![0.0; PIXELS],
        1 => slope(rng),
        2 => {
            let mut coarse = cloud(rng.random_range(3..7), rng);
            let fine = cloud(rng.random_range(12..30), rng);
            coarse
                .iter_mut()
                .zip(&fine)
                .for_each(|(c, f)| *c = 0.65 * *c + 0.35 * f);
            coarse
        }
        _ => stripes(rng),
    };
    let strength = rng.random_range(0.2..0.9_f32);
    let mut planes = [0, 1, 2].map(|c| {
        let step = (other[c] - base[c]) * strength;
        share
            .iter()
            .map(|s| base[c] + s * step)
            .collect::<Vec<f32>>()
    });
    if rng.random_bool(f64::from(clutter)) {
        for _ in 0..rng.random_range(2..9) {
            Thing::random(rng).paint(&mut planes);
        }
    }
    planes
}

/// Smooth patches, 0..1: `cells`² random heights, interpolated.
pub fn cloud(cells: usize, rng: &mut ChaCha8Rng) -> Vec<f32> {
    let lattice = cells + 1;
    let heights: Vec<f32> = (0..lattice * lattice).map(|_| rng.random()).collect();
    let place = |i: usize| {
        let at = i as f32 * cells as f32 / SCENE_SIDE as f32;
        (at as usize, at - at as usize as f32)
    };
    let columns: [(usize, f32); SCENE_SIDE] = std::array::from_fn(place);
    let mut out = Vec::with_capacity(PIXELS);
    let mut row = vec![0.0; lattice];
    for y in 0..SCENE_SIDE {
        let (top, down) = place(y);
        let (above, below) = heights[top * lattice..].split_at(lattice);
        for ((r, a), b) in row.iter_mut().zip(above).zip(below) {
            *r = a + (b - a) * down;
        }
        out.extend(
            columns
                .iter()
                .map(|&(x, f)| row[x] + (row[x + 1] - row[x]) * f),
        );
    }
    out
}

/// From one side to the other, 0..1.
fn slope(rng: &mut ChaCha8Rng) -> Vec<f32> {
    let (sin, cos) = rng.random_range(0.0..std::f32::consts::TAU).sin_cos();
    let half = SCENE_SIDE as f32 / 2.0;
    over_pixels(|x, y| (0.5 + (cos * (x - half) + sin * (y - half)) / (3.0 * half)).clamp(0.0, 1.0))
}

/// Planks, cloth, blinds: stripes at an angle, a little wavy.
fn stripes(rng: &mut ChaCha8Rng) -> Vec<f32> {
    let (sin, cos) = rng.random_range(0.0..std::f32::consts::PI).sin_cos();
    let pitch = rng.random_range(5.0..28.0_f32);
    let sharp = rng.random_range(1.0..6.0_f32);
    let wave = cloud(4, rng);
    let waviness = rng.random_range(0.0..1.2_f32);
    let mut stripes = over_pixels(|x, y| (cos * x + sin * y) / pitch);
    for (s, w) in stripes.iter_mut().zip(&wave) {
        let phase = *s + w * waviness;
        // Never below −20 (96·√2 pixels over the smallest pitch): made positive, cutting is rounding down.
        let phase = phase + 64.0;
        let triangle = ((phase - phase as i32 as f32) * 2.0 - 1.0).abs();
        *s = ((triangle - 0.5) * sharp + 0.5).clamp(0.0, 1.0);
    }
    stripes
}

fn over_pixels(f: impl Fn(f32, f32) -> f32) -> Vec<f32> {
    let mut out = Vec::with_capacity(PIXELS);
    for y in 0..SCENE_SIDE {
        out.extend((0..SCENE_SIDE).map(|x| f(x as f32, y as f32)));
    }
    out
}

/// A box or a disc of one colour, at any angle: a book, a cup, a cable, a window.
struct Thing {
    centre: [f32; 2],
    half: [f32; 2],
    turn: [f32; 2],
    round: bool,
    colour: Rgb,
}

impl Thing {
    fn random(rng: &mut ChaCha8Rng) -> Self {
        let side = SCENE_SIDE as f32;
        let thin = rng.random_bool(0.35);
        let long = rng.random_range(6.0..40.0_f32);
        let (sin, cos) = rng.random_range(0.0..std::f32::consts::TAU).sin_cos();
        Self {
            centre: [0, 1].map(|_| rng.random_range(0.0..side)),
            half: [
                long,
                if thin {
                    rng.random_range(0.6..2.5)
                } else {
                    rng.random_range(4.0..22.0)
                },
            ],
            turn: [cos, sin],
            round: rng.random_bool(0.4) && !thin,
            colour: colour(rng.random_range(0.03..0.97), 1.0, rng),
        }
    }

    fn paint(&self, planes: &mut Planes) {
        let [cos, sin] = self.turn;
        let reach = [
            (self.half[0] * cos.abs() + self.half[1] * sin.abs()) + 1.0,
            (self.half[0] * sin.abs() + self.half[1] * cos.abs()) + 1.0,
        ];
        let range = |axis: usize| {
            let from = (self.centre[axis] - reach[axis]).max(0.0) as usize;
            let to = (self.centre[axis] + reach[axis])
                .ceil()
                .min(SCENE_SIDE as f32) as usize;
            from..to
        };
        for y in range(1) {
            for x in range(0) {
                let (dx, dy) = (x as f32 - self.centre[0], y as f32 - self.centre[1]);
                let (a, b) = (cos * dx + sin * dy, cos * dy - sin * dx);
                let inside = if self.round {
                    let (ra, rb) = (a / self.half[0], b / self.half[1]);
                    (1.0 - (ra * ra + rb * rb).sqrt()) * self.half[1]
                } else {
                    (self.half[0] - a.abs()).min(self.half[1] - b.abs())
                };
                let cover = (inside + 0.5).clamp(0.0, 1.0);
                let i = y * SCENE_SIDE + x;
                for (plane, c) in planes.iter_mut().zip(self.colour) {
                    plane[i] += (c - plane[i]) * cover;
                }
            }
        }
    }
}

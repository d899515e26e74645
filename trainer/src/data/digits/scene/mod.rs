//! A square of ink as a cheap camera sees it: written on something, somewhere, in some light.

mod background;
mod optics;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::difficulty::SceneDifficulty;
use super::ink::{INK_SIDE, Ink};

/// Rows and columns of a scene.
pub const SCENE_SIDE: usize = 96;
const PIXELS: usize = SCENE_SIDE * SCENE_SIDE;

/// Red, green and blue, 0..1.
type Rgb = [f32; 3];

/// Three planes of [`PIXELS`] values each, about 0..1.
type Planes = [Vec<f32>; 3];

/// What is in view.
#[derive(Debug, Clone, Copy)]
pub enum Subject<'a> {
    /// Ink on a sheet, a board, a wall.
    Sheet(&'a Ink),
    /// Whatever is around, without a sheet.
    Nothing,
}

/// A picture of `subject`: `3 · 96 · 96` bytes RGB, rows from the top.
pub fn film(subject: Subject, difficulty: &SceneDifficulty, rng: &mut ChaCha8Rng) -> Vec<u8> {
    let mut planes = background::paint(difficulty.clutter, rng);
    if let Subject::Sheet(ink) = subject {
        Sheet::place(difficulty, rng).paint(ink, &mut planes, rng);
    }
    optics::light(&mut planes, difficulty.uneven_light, rng);
    optics::blur(&mut planes, difficulty.blur, rng);
    optics::expose(&planes, difficulty.noise, rng)
}

/// Brightness of a colour to the eye (ITU-R BT.601).
fn luma([red, green, blue]: Rgb) -> f32 {
    0.299 * red + 0.587 * green + 0.114 * blue
}

/// A colour of brightness `target`, its hue at random and not stronger than `saturation`.
fn colour(target: f32, saturation: f32, rng: &mut ChaCha8Rng) -> Rgb {
    let tint: Rgb = std::array::from_fn(|_| rng.random_range(-1.0..1.0_f32) * saturation);
    let grey = luma(tint);
    tint.map(|t| (target + (t - grey) * target.min(1.0 - target).max(0.08)).clamp(0.0, 1.0))
}

/// Where a sheet lies and what it is made of.
struct Sheet {
    /// Rows of the projective map from scene to sheet: numerators of u and v, and denominator.
    map: [[f32; 3]; 3],
    /// Edges of the sheet in u and v, where the ink's square is −0.5..0.5.
    left_top: [f32; 2],
    right_bottom: [f32; 2],
    paper: Rgb,
    ink: Rgb,
    /// Ruled lines: how many in one side of the ink's square, how strong, and their colour.
    rules: Option<(f32, f32, Rgb)>,
    /// Darkness of the sheet's shadow on what is below, 0..1.
    shadow: f32,
}

impl Sheet {
    fn place(difficulty: &SceneDifficulty, rng: &mut ChaCha8Rng) -> Self {
        let size = uniform(difficulty.size, rng);
        let angle = uniform([-difficulty.rotation, difficulty.rotation], rng).to_radians();
        let stretch = rng.random_range(0.88..1.12_f32);
        // Handwriting fills the middle 20 of the square's 28 pixels: keep that in view, turned too.
        let half_extent = size * 0.36 * (angle.sin().abs() + angle.cos()) * 1.1;
        let free = (0.5 - half_extent).max(0.0);
        let centre = [0, 1].map(|_| rng.random_range(-free..=free));
        let strongest = difficulty.perspective / size.max(0.2);
        let tilt = [0, 1].map(|_| rng.random_range(-0.5..=0.5_f32) * strongest);
        let (sin, cos) = angle.sin_cos();
        let (a, b) = (
            [cos / size, sin / size],
            [-sin / size * stretch, cos / size * stretch],
        );
        // u = (a·p)/(1 + tilt·p) with p counted from the sheet's centre.
        let row = |r: [f32; 2], one: f32| [r[0], r[1], one - r[0] * centre[0] - r[1] * centre[1]];

        let contrast = uniform(difficulty.contrast, rng);
        let darker = rng.random_range(0.03..=(0.95 - contrast).max(0.03001));
        let lighter = (darker + contrast).min(0.98);
        let ink_is_dark = rng.random_bool(0.65);
        let (ink, paper) = if ink_is_dark {
            (darker, lighter)
        } else {
            (lighter, darker)
        };
        let fills_view = rng.random_bool(0.25);
        let mut margin = || {
            if fills_view {
                9.0
            } else {
                0.40 + rng.random_range(0.0..0.75_f32).powi(2)
            }
        };
        let left_top = [-margin(), -margin()];
        let right_bottom = [margin(), margin()];
        let paper_colour = colour(paper, 0.5, rng);
        let rules = rng.random_bool(0.15).then(|| {
            let strength = rng.random_range(0.08..0.3);
            (
                rng.random_range(3.0..8.0_f32),
                strength,
                colour(ink, 1.0, rng),
            )
        });
        Self {
            map: [row(a, 0.0), row(b, 0.0), row(tilt, 1.0)],
            left_top,
            right_bottom,
            paper: paper_colour,
            ink: colour(ink, 1.0, rng),
            rules,
            shadow: rng.random_range(0.0..0.5),
        }
    }

    fn paint(&self, ink: &Ink, planes: &mut Planes, rng: &mut ChaCha8Rng) {
        let ink = Bordered::new(ink);
        let grain = background::cloud(rng.random_range(5..14), rng);
        let grain_strength = rng.random_range(0.0..0.08_f32);
        let wet = rng.random_range(0.8..1.0_f32);
        let [map_u, map_v, map_w] = self.map;
        // How many pixels one unit of u or v spans: for edges one pixel soft.
        let sharp = SCENE_SIDE as f32 / (map_u[0].hypot(map_u[1])).max(1e-3);
        let at = |pixel: usize| (pixel as f32 + 0.5) / SCENE_SIDE as f32 - 0.5;
        let columns: [f32; SCENE_SIDE] = std::array::from_fn(at);
        let [mut u, mut v, mut cover, mut dim, mut amount, mut line] = [[0.0_f32; SCENE_SIDE]; 6];
        for y in 0..SCENE_SIDE {
            let py = at(y);
            let start = [map_u, map_v, map_w].map(|map| map[1] * py + map[2]);
            for x in 0..SCENE_SIDE {
                let w = 1.0 / (map_w[0] * columns[x] + start[2]).max(0.2);
                u[x] = (map_u[0] * columns[x] + start[0]) * w;
                v[x] = (map_v[0] * columns[x] + start[1]) * w;
                let inside = (u[x] - self.left_top[0])
                    .min(self.right_bottom[0] - u[x])
                    .min(v[x] - self.left_top[1])
                    .min(self.right_bottom[1] - v[x]);
                cover[x] = (inside * sharp + 0.5).clamp(0.0, 1.0);
                dim[x] = 1.0 - self.shadow * (1.0 + inside * 12.0).clamp(0.0, 1.0);
            }
            for x in 0..SCENE_SIDE {
                amount[x] = wet * ink.at(u[x], v[x]);
            }
            let mut rule_colour = self.paper;
            if let Some((count, strength, colour)) = self.rules {
                for x in 0..SCENE_SIDE {
                    // Made positive: no line that is in view is further off.
                    let along = v[x] * count + 1024.0;
                    let phase = along - along as i32 as f32;
                    line[x] = if phase < count * 0.035 { strength } else { 0.0 };
                }
                rule_colour = colour;
            }
            let row = y * SCENE_SIDE..(y + 1) * SCENE_SIDE;
            let grain = &grain[row.clone()];
            for (channel, plane) in planes.iter_mut().enumerate() {
                let (paper, ink) = (self.paper[channel], self.ink[channel]);
                let ruled = rule_colour[channel] - paper;
                for (x, value) in plane[row.clone()].iter_mut().enumerate() {
                    let bare = paper + line[x] * ruled + (grain[x] - 0.5) * grain_strength;
                    let sheet = bare + (ink - paper) * amount[x];
                    let below = *value * dim[x];
                    *value = below + (sheet - below) * cover[x];
                }
            }
        }
    }
}

/// Ink with a border of bare paper, so that it can be looked up between its pixels without checks.
struct Bordered([f32; Bordered::SIDE * Bordered::SIDE]);

impl Bordered {
    const SIDE: usize = INK_SIDE + 3;

    fn new(ink: &Ink) -> Self {
        let mut values = [0.0; Self::SIDE * Self::SIDE];
        for (y, row) in ink.chunks_exact(INK_SIDE).enumerate() {
            for (x, &value) in row.iter().enumerate() {
                values[(y + 1) * Self::SIDE + x + 1] = f32::from(value) / 255.0;
            }
        }
        Self(values)
    }

    /// Ink at a point of the square −0.5..0.5, interpolated; none outside.
    fn at(&self, u: f32, v: f32) -> f32 {
        if u.abs() >= 0.5 || v.abs() >= 0.5 {
            return 0.0;
        }
        let gx = (u + 0.5) * INK_SIDE as f32 + 0.5;
        let gy = (v + 0.5) * INK_SIDE as f32 + 0.5;
        // By way of i32, which processors convert in one instruction.
        let (whole_x, whole_y) = (gx as i32, gy as i32);
        let (fx, fy) = (gx - whole_x as f32, gy - whole_y as f32);
        let (ix, iy) = (whole_x as usize, whole_y as usize);
        let near = |x: usize, y: usize| self.0[y * Self::SIDE + x];
        let top = near(ix, iy) + fx * (near(ix + 1, iy) - near(ix, iy));
        let bottom = near(ix, iy + 1) + fx * (near(ix + 1, iy + 1) - near(ix, iy + 1));
        top + fy * (bottom - top)
    }
}

/// A value between the ends of `range`, which may be equal.
pub(super) fn uniform([low, high]: [f32; 2], rng: &mut ChaCha8Rng) -> f32 {
    low + (high - low) * rng.random::<f32>()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::digits::ink;
    use evenkeel::random;

    #[test]
    fn the_same_seed_films_the_same_scene_and_ink_shows() {
        let bar = ink::draw(&[vec![[0.5, 0.2], [0.5, 0.8]]], 4.0);
        let difficulty = SceneDifficulty::default();
        let shot = |subject, n| film(subject, &difficulty, &mut random::rng("scene", &[n]));
        for n in 0..20 {
            let with = shot(Subject::Sheet(&bar), n);
            assert_eq!(with.len(), 3 * PIXELS);
            assert_eq!(with, shot(Subject::Sheet(&bar), n));
            // Everything but the ink is drawn alike, so what differs is the ink alone.
            let without = shot(Subject::Sheet(&[0; 784]), n);
            let changed = with
                .iter()
                .zip(&without)
                .filter(|(a, b)| a.abs_diff(**b) > 20);
            assert!(changed.count() > 150, "the ink of scene {n} cannot be seen");
        }
        assert_ne!(shot(Subject::Nothing, 1), shot(Subject::Nothing, 2));
    }
}

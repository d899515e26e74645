//! Which of the things that a camera offers to ask for.

use serde::Serialize;

use super::CameraWish;
use super::pixels::PixelFormat;

/// How a camera of V4L2 sends its pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Pixel by pixel.
    Raw(PixelFormat),
    /// Each picture as a JPEG.
    Mjpeg,
}

impl Kind {
    /// From V4L2's name of a format, if it can be read.
    pub fn of_fourcc(fourcc: [u8; 4]) -> Option<Self> {
        match &fourcc {
            b"YUYV" => Some(Kind::Raw(PixelFormat::Yuyv)),
            b"NV12" => Some(Kind::Raw(PixelFormat::Nv12)),
            b"YU12" => Some(Kind::Raw(PixelFormat::Yuv420)),
            b"GREY" => Some(Kind::Raw(PixelFormat::Grey)),
            b"RGB3" => Some(Kind::Raw(PixelFormat::Rgb)),
            b"MJPG" | b"JPEG" => Some(Kind::Mjpeg),
            _ => None,
        }
    }

    /// What a pixel costs: bytes to move for each picture that the camera sends, and nanoseconds or so on a small
    /// board for each that is decoded.
    fn cost(self) -> Cost {
        let (moved, decoded) = match self {
            Kind::Raw(PixelFormat::Grey) => (1.0, 1.0),
            Kind::Raw(PixelFormat::Nv12 | PixelFormat::Yuv420) => (1.5, 2.0),
            Kind::Raw(PixelFormat::Yuyv) => (2.0, 2.0),
            Kind::Raw(PixelFormat::Rgb) => (3.0, 1.5),
            Kind::Mjpeg => (0.2, 15.0),
        };
        Cost { moved, decoded }
    }

    fn has_colour(self) -> bool {
        match self {
            Kind::Raw(format) => format.has_colour(),
            Kind::Mjpeg => true,
        }
    }
}

struct Cost {
    moved: f64,
    decoded: f64,
}

/// Nanoseconds or so to move a byte.
const MOVING: f64 = 0.3;

/// The time from one picture to the next as a fraction of a second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Interval {
    /// Above the line.
    pub numerator: u32,
    /// Below.
    pub denominator: u32,
}

impl Interval {
    /// Pictures per second.
    pub fn rate(self) -> f64 {
        f64::from(self.denominator) / f64::from(self.numerator.max(1))
    }

    /// Near `rate` pictures per second.
    fn of_rate(rate: f64) -> Self {
        Self {
            numerator: 1000,
            denominator: (1000.0 * rate).round().max(1.0) as u32,
        }
    }
}

/// The rates that are offered at one size.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rates {
    /// These.
    Listed(Vec<Interval>),
    /// Any between these; the driver rounds.
    Between(Interval, Interval),
    /// The driver does not tell.
    Unknown,
}

/// Columns and rows.
pub type Size = (u32, u32);

/// The sizes that are offered in one format.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sizes {
    /// These.
    Listed(Vec<Size>),
    /// Any between these, in these steps.
    Between {
        /// Fewest columns and rows.
        least: Size,
        /// Most columns and rows.
        most: Size,
        /// From one to the next.
        step: Size,
    },
}

impl Sizes {
    /// Those worth a look: of a range, the smallest that serves the wish.
    pub fn candidates(&self, wish: &CameraWish) -> Vec<Size> {
        match self {
            Sizes::Listed(sizes) => sizes.clone(),
            Sizes::Between { least, most, step } => {
                let side = |wanted: u32, least: u32, most: u32, step: u32| {
                    let steps = wanted.saturating_sub(least).div_ceil(step.max(1));
                    least.saturating_add(steps.saturating_mul(step)).min(most)
                };
                // Most sensors are 4:3, and a driver that scales would stretch.
                let rows = side(wish.min_side, least.1, most.1, step.1);
                let columns = side(rows.saturating_mul(4).div_ceil(3), least.0, most.0, step.0);
                vec![(columns, rows)]
            }
        }
    }
}

/// What a camera offers at one size in one format.
#[derive(Debug, Clone, PartialEq)]
pub struct Offer {
    /// How pictures are sent.
    pub kind: Kind,
    /// V4L2's name of the format.
    pub fourcc: [u8; 4],
    /// Columns and rows.
    pub size: Size,
    /// How often.
    pub rates: Rates,
}

/// What to ask a camera for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Choice {
    /// V4L2's name of the format.
    pub fourcc: [u8; 4],
    /// Columns and rows.
    pub size: Size,
    /// How often; absent where the driver does not tell what it can do.
    pub interval: Option<Interval>,
}

/// What most cameras do when they do not tell.
const USUAL_RATE: f64 = 30.0;

/// The cheapest that serves the wish; if nothing does, what comes nearest to it. `None` without offers.
///
/// A picture that is not wanted is not decoded, so a rate above the wish costs only the moving.
pub fn cheapest(offers: &[Offer], wish: &CameraWish) -> Option<Choice> {
    let choices = offers.iter().flat_map(|offer| {
        intervals(&offer.rates, wish).into_iter().map(|interval| {
            let choice = Choice {
                fourcc: offer.fourcc,
                size: offer.size,
                interval,
            };
            (
                choice,
                shortfall(offer, interval, wish),
                cost(offer, interval, wish),
            )
        })
    });
    choices
        .min_by(|a, b| a.1.total_cmp(&b.1).then(a.2.total_cmp(&b.2)))
        .map(|(choice, ..)| choice)
}

fn intervals(rates: &Rates, wish: &CameraWish) -> Vec<Option<Interval>> {
    match rates {
        Rates::Listed(intervals) => intervals.iter().copied().map(Some).collect(),
        Rates::Between(one, other) => {
            let (slow, fast) = (one.rate().min(other.rate()), one.rate().max(other.rate()));
            let rate = f64::from(wish.frame_rate).min(fast).max(slow);
            vec![Some(Interval::of_rate(rate))]
        }
        Rates::Unknown => vec![None],
    }
}

fn rate(interval: Option<Interval>) -> f64 {
    interval.map_or(USUAL_RATE, Interval::rate)
}

/// By how much an offer falls short of the wish, 0 if it serves it.
fn shortfall(offer: &Offer, interval: Option<Interval>, wish: &CameraWish) -> f64 {
    let short = |has: f64, wanted: f64| (1.0 - has / wanted.max(1e-3)).max(0.0);
    let side = f64::from(offer.size.0.min(offer.size.1));
    // Cameras round 30 to 29.97.
    let rate_wanted = 0.99 * f64::from(wish.frame_rate);
    let grey = wish.colour && !offer.kind.has_colour();
    short(side, f64::from(wish.min_side))
        + short(rate(interval), rate_wanted)
        + f64::from(u8::from(grey))
}

fn cost(offer: &Offer, interval: Option<Interval>, wish: &CameraWish) -> f64 {
    let pixels = f64::from(offer.size.0) * f64::from(offer.size.1);
    let Cost { moved, decoded } = offer.kind.cost();
    let rate = rate(interval);
    pixels * (MOVING * moved * rate + decoded * rate.min(f64::from(wish.frame_rate)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const WISH: CameraWish = CameraWish {
        min_side: 96,
        max_side: 192,
        frame_rate: 10.0,
        colour: true,
    };

    fn per_second(rates: &[u32]) -> Rates {
        let interval = |&rate| Interval {
            numerator: 1,
            denominator: rate,
        };
        Rates::Listed(rates.iter().map(interval).collect())
    }

    fn offer(fourcc: &[u8; 4], size: Size, rates: Rates) -> Offer {
        Offer {
            kind: Kind::of_fourcc(*fourcc).unwrap(),
            fourcc: *fourcc,
            size,
            rates,
        }
    }

    /// What a common webcam offers.
    fn webcam() -> Vec<Offer> {
        let mut offers = Vec::new();
        for size in [(640, 480), (160, 120), (80, 60), (320, 240), (1280, 720)] {
            let slow = if size.0 > 640 {
                &[10, 5][..]
            } else {
                &[30, 15, 10, 5]
            };
            offers.push(offer(b"YUYV", size, per_second(slow)));
            offers.push(offer(b"MJPG", size, per_second(&[30, 15])));
        }
        offers
    }

    fn choose(offers: &[Offer], wish: &CameraWish) -> (String, Size, Option<f64>) {
        let choice = cheapest(offers, wish).unwrap();
        let fourcc = String::from_utf8(choice.fourcc.to_vec()).unwrap();
        (fourcc, choice.size, choice.interval.map(Interval::rate))
    }

    #[test]
    fn the_smallest_and_slowest_that_serves_is_asked_for() {
        let chosen = choose(&webcam(), &WISH);
        assert_eq!(chosen, ("YUYV".into(), (160, 120), Some(10.0)));
        let fast = CameraWish {
            frame_rate: 16.0,
            min_side: 240,
            ..WISH
        };
        assert_eq!(
            choose(&webcam(), &fast),
            ("YUYV".into(), (320, 240), Some(30.0))
        );
        // Only MJPEG is fast enough there.
        let large = CameraWish {
            frame_rate: 15.0,
            min_side: 700,
            ..WISH
        };
        assert_eq!(
            choose(&webcam(), &large),
            ("MJPG".into(), (1280, 720), Some(15.0))
        );
    }

    #[test]
    fn if_nothing_serves_the_nearest_is_asked_for() {
        let huge = CameraWish {
            min_side: 2000,
            ..WISH
        };
        assert_eq!(choose(&webcam(), &huge).1, (1280, 720));
        let fast = CameraWish {
            frame_rate: 200.0,
            ..WISH
        };
        assert_eq!(
            choose(&webcam(), &fast),
            ("YUYV".into(), (160, 120), Some(30.0))
        );
        assert_eq!(cheapest(&[], &WISH), None);
    }

    #[test]
    fn grey_serves_only_a_model_that_does_not_look_at_colours() {
        let offers = [
            offer(b"GREY", (160, 120), per_second(&[10])),
            offer(b"MJPG", (160, 120), per_second(&[10])),
        ];
        assert_eq!(choose(&offers, &WISH).0, "MJPG");
        let grey = CameraWish {
            colour: false,
            ..WISH
        };
        assert_eq!(choose(&offers, &grey).0, "GREY");
        assert_eq!(choose(&offers[..1], &WISH).0, "GREY");
    }

    #[test]
    fn ranges_of_sizes_and_rates_are_used_where_they_serve() {
        let sizes = Sizes::Between {
            least: (16, 16),
            most: (1920, 1080),
            step: (16, 2),
        };
        assert_eq!(sizes.candidates(&WISH), [(128, 96)]);
        let wish = CameraWish {
            min_side: 5000,
            ..WISH
        };
        assert_eq!(sizes.candidates(&wish), [(1440, 1080)]);
        let rates = Rates::Between(Interval::of_rate(60.0), Interval::of_rate(1.0));
        let offers = [offer(b"NV12", (128, 96), rates)];
        assert_eq!(choose(&offers, &WISH).2, Some(10.0));
        let unknown = [offer(b"NV12", (128, 96), Rates::Unknown)];
        assert_eq!(choose(&unknown, &WISH).2, None);
    }
}

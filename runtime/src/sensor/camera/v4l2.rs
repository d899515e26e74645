//! A camera that the kernel shows as a V4L2 device.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use v4l::buffer::Flags;
use v4l::video::Capture as _;
use v4l::video::capture::Parameters;
use v4l::{Device, FourCC, Fraction};

use super::CameraWish;
use super::choice::{Choice, Interval, Kind, cheapest};
use super::decoder::Coding;
use super::faults::fault;
use super::feed::{self, Feed};
use super::nodes::{self, Node};
use super::offers::{self, Format};
use super::pixels::Layout;
use super::stamps;
use super::stream::Stream;
use crate::panics;
use crate::sensor::closing::while_closing;
use crate::sensor::{Capture, Clock, Sensor, SensorError, Trouble};

/// A camera by its node, number, or part of its name; the first there is if it is not named.
pub struct V4l2Camera {
    spec: Option<String>,
    wish: CameraWish,
    /// What was open last, to find it again under another number.
    last: Mutex<Option<Node>>,
}

/// A picture is waited for so long before it is looked whether the camera is still wanted.
const PATIENCE: Duration = Duration::from_millis(100);

impl V4l2Camera {
    /// Nothing is opened yet.
    pub fn new(spec: Option<&str>, wish: CameraWish) -> Self {
        Self {
            spec: spec.map(str::to_owned),
            wish,
            last: Mutex::new(None),
        }
    }

    fn last(&self) -> MutexGuard<'_, Option<Node>> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn start(&self, clock: &Clock) -> Result<Box<dyn Capture>, SensorError> {
        let before = self.last().clone();
        let (node, device) = nodes::find(self.spec.as_deref(), before.as_ref())?;
        let name = node.shown();
        *self.last() = Some(node);
        let agreed = agree(&device, &name, &self.wish)?;
        let stream = Stream::start(&device).map_err(|error| fault(&name, "starting", &error))?;
        let (clock, camera) = (clock.clone(), name.clone());
        let fed = feed::start(name, agreed.coding, self.wish, move |feed| {
            feed.tell_format(|| agreed.shown);
            read(stream, &camera, feed, &clock)
        })?;
        Ok(Box::new(fed))
    }
}

impl Sensor for V4l2Camera {
    fn name(&self) -> String {
        match (&*self.last(), &self.spec) {
            (Some(node), _) => node.shown(),
            (None, Some(spec)) => spec.clone(),
            (None, None) => "the camera".into(),
        }
    }

    fn open(&self, clock: &Clock) -> Result<Box<dyn Capture>, SensorError> {
        // The library panics where a driver says what the standard does not know.
        panics::catch(|| while_closing(|| self.start(clock))).unwrap_or_else(|panic| {
            let what = format!("opening {} failed unexpectedly ({panic})", self.name());
            Err(SensorError::new(Trouble::Broken, what))
        })
    }
}

/// What the camera will send.
struct Agreed {
    coding: Coding,
    shown: String,
}

/// Asks for the cheapest that serves; the camera has the last word.
fn agree(device: &Device, name: &str, wish: &CameraWish) -> Result<Agreed, SensorError> {
    let formats = offers::formats(device);
    let choice = cheapest(&offers::offers(device, &formats, wish), wish)
        .ok_or_else(|| unfit(name, &formats))?;
    let Choice {
        fourcc,
        size,
        interval,
    } = choice;
    let asked = v4l::Format::new(size.0, size.1, FourCC::new(&fourcc));
    let answer = device
        .set_format(&asked)
        .map_err(|error| fault(name, "setting the format of", &error))?;
    let coding = match Kind::of_fourcc(answer.fourcc.repr) {
        Some(Kind::Mjpeg) => Coding::Jpeg,
        Some(Kind::Raw(format)) => {
            let layout = Layout::packed(format, answer.width, answer.height)
                .map_err(|what| SensorError::new(Trouble::Broken, format!("{name}: {what}")))?;
            Coding::Raw(layout.with_stride(answer.stride))
        }
        None => return Err(unfit(name, &formats)),
    };
    let rate = interval.and_then(|interval| set_interval(device, interval));
    let mut shown = format!(
        "{}×{} {}",
        answer.width,
        answer.height,
        offers::text(answer.fourcc.repr)
    );
    if let Some(rate) = rate {
        shown += &format!(", {} frames/s", (100.0 * rate).round() / 100.0);
    }
    Ok(Agreed { coding, shown })
}

/// The rate that it sends pictures at after it was asked; many cameras cannot be asked, and none need be.
fn set_interval(device: &Device, interval: Interval) -> Option<f64> {
    let fraction = Fraction::new(interval.numerator, interval.denominator);
    let answer = device.set_params(&Parameters::new(fraction)).ok()?.interval;
    let interval = Interval {
        numerator: answer.numerator,
        denominator: answer.denominator,
    };
    (answer.numerator > 0 && answer.denominator > 0).then(|| interval.rate())
}

fn unfit(name: &str, formats: &[Format]) -> SensorError {
    let offered: Vec<String> = formats
        .iter()
        .map(|format| offers::text(format.fourcc))
        .collect();
    let offered = match offered.as_slice() {
        [] => "nothing".to_owned(),
        some => some.join(", "),
    };
    SensorError::new(
        Trouble::Unfit,
        format!(
            "{name} offers {offered}, and none of YUYV, MJPG, NV12, YU12, GREY and RGB3, which can be read; use another \
             camera, or --camera-command with a program that converts"
        ),
    )
}

fn read(mut stream: Stream, name: &str, feed: &mut Feed, clock: &Clock) -> Result<(), SensorError> {
    while !feed.is_stopped() {
        let picture = stream
            .next(PATIENCE)
            .map_err(|error| fault(name, "reading", &error))?;
        let Some((bytes, meta)) = picture else {
            continue;
        };
        if meta.flags.contains(Flags::ERROR) || bytes.is_empty() {
            feed.refuse()?;
            continue;
        }
        let (time, arrival) = stamps::times(meta, clock);
        feed.give(bytes, time, arrival)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_camera_that_is_not_there_does_not_open_and_says_so() {
        let wish = CameraWish {
            min_side: 96,
            max_side: 192,
            frame_rate: 10.0,
            colour: true,
        };
        let camera = V4l2Camera::new(Some("/dev/video4711"), wish);
        assert_eq!(camera.name(), "/dev/video4711");
        let error = camera.open(&Clock::real()).err().unwrap();
        assert_eq!(error.trouble, Trouble::NotFound);
    }

    #[test]
    fn a_camera_without_a_usable_format_is_told_with_what_it_offers() {
        let format = Format {
            fourcc: *b"pRAA",
            description: "10-bit Bayer RGRG/GBGB Packed".into(),
            kind: None,
            sizes: None,
        };
        let error = unfit("/dev/video0 (unicam)", &[format]);
        assert_eq!(error.trouble, Trouble::Unfit);
        assert!(error.message.contains("pRAA") && error.message.contains("--camera-command"));
    }
}

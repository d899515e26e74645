//! Spoiling sensors on purpose while they are live.

use std::str::FromStr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::corruption::{AudioCorruption, CameraCorruption, Corruption, Severity, Sources};
use crate::window::{Modality, PerSensor, Window};

/// One corruption at one severity, always or for some time; read from `camera:fog:3` or
/// `audio:wind:5@3s..8s`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spoiling {
    /// What is done.
    pub corruption: Corruption,
    /// How badly.
    pub severity: Severity,
    /// From when on, on the program's clock.
    pub from: Duration,
    /// Until when; for good if absent.
    pub until: Option<Duration>,
}

impl Spoiling {
    fn is_on(&self, time: Duration) -> bool {
        time >= self.from && self.until.is_none_or(|until| time < until)
    }
}

impl FromStr for Spoiling {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (what, when) = match text.split_once('@') {
            Some((what, when)) => (what, Some(when)),
            None => (text, None),
        };
        let parts: Vec<&str> = what.split(':').collect();
        let [sensor, kind, ref severity @ ..] = parts[..] else {
            return Err(format!(
                "{text:?} must be sensor:corruption:severity, as in camera:fog:3 or audio:wind:5@3s..8s"
            ));
        };
        let corruption = corruption(sensor, kind)?;
        let severity = match severity {
            [] => Severity::WORST,
            [level] => level
                .parse::<u8>()
                .map_err(|_| format!("{level:?} is no severity; it must be 1 to 5"))
                .and_then(Severity::try_from)?,
            _ => {
                return Err(format!(
                    "{text:?} has too many parts; camera:fog:3 has three"
                ));
            }
        };
        let (from, until) = when.map_or(Ok((Duration::ZERO, None)), period)?;
        Ok(Self {
            corruption,
            severity,
            from,
            until,
        })
    }
}

/// By the names of the suite, and by those that people think of first.
fn corruption(sensor: &str, kind: &str) -> Result<Corruption, String> {
    let sensor = match sensor {
        "microphone" | "mic" | "sound" => "audio",
        "video" => "camera",
        other => other,
    };
    match (sensor, kind) {
        ("camera", "black") => Ok(Corruption::Camera(CameraCorruption::Covered)),
        ("camera", "unplugged") => Ok(Corruption::Camera(CameraCorruption::Missing)),
        ("audio", "noise") => Ok(Corruption::Audio(AudioCorruption::GaussianNoise)),
        ("audio", "unplugged") => Ok(Corruption::Audio(AudioCorruption::Missing)),
        _ => format!("{sensor}/{kind}").parse(),
    }
}

/// `3s..8s`, `3s..` or `..8s`; the `s` may be left out.
fn period(text: &str) -> Result<(Duration, Option<Duration>), String> {
    let wrong = || format!("{text:?} must be a time as in 3s..8s, or 3s.. for all that follows");
    let (from, until) = text.split_once("..").ok_or_else(wrong)?;
    let time = |text: &str| -> Result<Option<Duration>, String> {
        let number = text.trim().trim_end_matches('s');
        if number.is_empty() {
            return Ok(None);
        }
        let seconds: f64 = number.parse().map_err(|_| wrong())?;
        Duration::try_from_secs_f64(seconds)
            .map(Some)
            .map_err(|_| wrong())
    };
    let (from, until) = (time(from)?.unwrap_or_default(), time(until)?);
    if until.is_some_and(|until| until <= from) {
        return Err(format!("{text:?} ends before it begins"));
    }
    Ok((from, until))
}

/// One corruption at one severity.
type Spoil = (Corruption, Severity);

/// What is spoiled now: by a schedule, and by whoever holds a clone of this and switches.
#[derive(Debug, Clone, Default)]
pub struct Switchboard {
    schedule: Arc<[Spoiling]>,
    switched: Arc<Mutex<PerSensor<Option<Spoil>>>>,
}

impl Switchboard {
    /// With a schedule.
    pub fn new(schedule: &[Spoiling]) -> Self {
        Self {
            schedule: schedule.into(),
            switched: Arc::default(),
        }
    }

    /// Spoils a sensor from now on, or no longer; in place of what was switched on for it before.
    pub fn switch(&self, sensor: Modality, what: Option<Spoil>) {
        self.switched()[sensor] = what;
    }

    /// What is switched on for each sensor.
    pub fn switched_on(&self) -> PerSensor<Option<Spoil>> {
        *self.switched()
    }

    /// Everything that is on at `time`.
    pub fn on_at(&self, time: Duration) -> Vec<Spoil> {
        let switched = *self.switched();
        let scheduled = self.schedule.iter().filter(|one| one.is_on(time));
        scheduled
            .map(|one| (one.corruption, one.severity))
            .chain(
                Modality::ALL
                    .into_iter()
                    .filter_map(|sensor| switched[sensor]),
            )
            .collect()
    }

    fn switched(&self) -> MutexGuard<'_, PerSensor<Option<Spoil>>> {
        self.switched.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Spoils `window` in all these ways.
pub fn spoil(window: &mut Window, length: Duration, index: u64, what: &[Spoil], sources: &Sources) {
    for &(corruption, severity) in what {
        corruption.apply(window, length, severity, index, sources);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schedules_are_read_and_apply_in_their_time() {
        let one: Spoiling = "camera:black:5@3s..8s".parse().unwrap();
        assert_eq!(one.corruption.to_string(), "camera/covered");
        let board = Switchboard::new(&[one, "mic:wind:2@6..".parse().unwrap()]);
        let on = |seconds| {
            let on = board.on_at(Duration::from_secs(seconds));
            on.iter()
                .map(|(what, how)| format!("{what} {how}"))
                .collect::<Vec<_>>()
        };
        assert_eq!(on(2), [""; 0]);
        assert_eq!(on(3), ["camera/covered 5"]);
        assert_eq!(on(7), ["camera/covered 5", "audio/wind 2"]);
        board.switch(
            Modality::Camera,
            Some(("camera/fog".parse().unwrap(), Severity::WORST)),
        );
        assert_eq!(on(8), ["audio/wind 2", "camera/fog 5"]);
        board.clone().switch(Modality::Camera, None);
        assert_eq!(on(8), ["audio/wind 2"]);
    }

    #[test]
    fn mistakes_are_named() {
        let error = |text: &str| text.parse::<Spoiling>().unwrap_err();
        assert!(error("fog").contains("camera:fog:3"));
        assert!(error("camera:gremlins:3").contains("gremlins"));
        assert!(error("camera:fog:9").contains("1 to 5"));
        assert!(error("camera:fog:3@8s..3s").contains("before"));
        assert!(error("camera:fog:3@soon").contains("soon"));
        assert!(error("camera:fog:3:4").contains("too many"));
    }
}

//! What sound can be captured from, and which of it is meant.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use cpal::traits::{DeviceTrait, HostTrait};
use cpal::{Device, DeviceId, Host};

use super::faults::{fault, refused};
use crate::sensor::{SensorError, Trouble};

/// Something that sound can be captured from.
pub struct Source {
    /// ALSA's name of it.
    pub id: String,
    /// What it calls itself.
    pub name: String,
    /// The ways to open it, the best first.
    pub devices: Vec<Device>,
}

impl Source {
    /// As a user knows it.
    pub fn shown(&self) -> String {
        if self.name == self.id {
            self.id.clone()
        } else {
            format!("{} ({})", self.name, self.id)
        }
    }
}

/// What hands on sound from whatever the user has chosen on the desktop.
const SERVERS: [&str; 2] = ["pipewire", "pulse"];
/// ALSA's choice.
const DEFAULT: &str = "default";
/// A device without conversions, whose samples are taken as they are; and the same with conversions.
const DIRECT: &str = "hw";
const CONVERTED: &str = "plughw";

/// All, beginning with the default. ALSA names each device in many ways; one of them is enough.
///
/// # Errors
/// When there are none, or this user may not use them.
pub fn sources(host: &Host) -> Result<Vec<Source>, SensorError> {
    let known = host
        .input_devices()
        .map_err(|error| fault("list", &error))?;
    let mut order = Vec::new();
    let mut devices = HashMap::new();
    for device in known {
        let Ok(id) = device.id() else { continue };
        order.push(id.id().to_owned());
        devices.insert(id.id().to_owned(), device);
    }
    let card_name = |number: &str| {
        let name = fs::read_to_string(format!("/proc/asound/card{number}/id")).ok()?;
        Some(name.trim().to_owned())
    };
    let mut sources: Vec<Source> = sift(&order, card_name)
        .into_iter()
        .map(|ways| {
            let devices: Vec<Device> = ways.iter().map(|id| devices[id].clone()).collect();
            Source {
                name: name_of(&devices[0]).unwrap_or_else(|| ways[0].clone()),
                id: ways.into_iter().next().unwrap_or_default(),
                devices,
            }
        })
        .collect();
    if sources.is_empty() {
        return Err(refused(Path::new("/dev/snd")).unwrap_or_else(none));
    }
    if let Some(default) = host.default_input_device() {
        let default = Source {
            id: DEFAULT.into(),
            name: DEFAULT.into(),
            devices: vec![default],
        };
        sources.insert(0, default);
    }
    Ok(sources)
}

fn name_of(device: &Device) -> Option<String> {
    Some(device.description().ok()?.name().to_owned())
}

fn none() -> SensorError {
    let what = "there is no microphone; connect one, and inside a container pass /dev/snd in";
    SensorError::new(Trouble::NotFound, what)
}

/// Of ALSA's names of input devices, those of hardware and of sound servers, each with the other ways to open it.
fn sift(ids: &[String], card_name: impl Fn(&str) -> Option<String>) -> Vec<Vec<String>> {
    let known = |id: &String| ids.contains(id);
    let hardware = ids.iter().filter_map(|id| {
        // Those with a number surely capture; others may only play.
        let (number, device) = id
            .strip_prefix(DIRECT)?
            .strip_prefix(":CARD=")?
            .split_once(",DEV=")?;
        number.parse::<u32>().ok()?;
        // A name stays when the card gets another number.
        let stable = card_name(number).unwrap_or_default();
        let ways: Vec<String> = [DIRECT, CONVERTED]
            .into_iter()
            .flat_map(|prefix| {
                let of = |card: &str| format!("{prefix}:CARD={card},DEV={device}");
                [of(&stable), of(number)].into_iter().find(known)
            })
            .collect();
        (!ways.is_empty()).then_some(ways)
    });
    let servers = ids
        .iter()
        .filter(|id| SERVERS.contains(&id.as_str()))
        .map(|id| vec![id.clone()]);
    hardware.chain(servers).collect()
}

/// Those that `spec` may mean, the likeliest first. What was open before is looked for first, because it may have
/// another place now.
pub fn meant(
    host: &Host,
    spec: Option<&str>,
    before: Option<&str>,
) -> Result<Vec<Source>, SensorError> {
    let mut sources = sources(host)?;
    let names: Vec<(&str, &str)> = sources
        .iter()
        .map(|source| (source.id.as_str(), source.name.as_str()))
        .collect();
    let places = places(spec, &names, before);
    if places.is_empty()
        && let Some(gone) = before
        && spec.is_none()
    {
        let what = format!("the microphone {gone} is not there any more; connect it again");
        return Err(SensorError::new(Trouble::NotFound, what));
    }
    if places.is_empty()
        && let Some(spec) = spec
    {
        return match host.device_by_id(&DeviceId::new(host.id(), spec)) {
            Some(device) => Ok(vec![Source {
                id: spec.to_owned(),
                name: name_of(&device).unwrap_or_else(|| spec.to_owned()),
                devices: vec![device],
            }]),
            None => Err(nothing_called(spec, &sources)),
        };
    }
    let mut taken: Vec<Option<Source>> = sources.drain(..).map(Some).collect();
    let meant = places.into_iter().filter_map(|place| taken[place].take());
    Ok(meant.collect())
}

/// The places of the sources that are meant; each is an ALSA name and a name.
///
/// Without a name, what was open before is waited for: another source may well open and be silent for ever.
fn places(spec: Option<&str>, sources: &[(&str, &str)], before: Option<&str>) -> Vec<usize> {
    let all = 0..sources.len();
    let same = all.clone().find(|&i| before == Some(sources[i].0));
    let named: Vec<usize> = match spec.map(|spec| (spec, spec.parse::<usize>())) {
        None if before.is_some() => Vec::new(),
        None => all.collect(),
        Some((_, Ok(place))) => all.filter(|&i| i == place).collect(),
        Some((spec, Err(_))) => {
            let part = spec.to_lowercase();
            let has = |text: &str| text.to_lowercase().contains(&part);
            let exact = all.clone().find(|&i| sources[i].0 == spec);
            match exact {
                Some(exact) => vec![exact],
                None => all
                    .filter(|&i| has(sources[i].0) || has(sources[i].1))
                    .collect(),
            }
        }
    };
    let others = named.into_iter().filter(|&i| Some(i) != same);
    same.into_iter().chain(others).collect()
}

fn nothing_called(spec: &str, sources: &[Source]) -> SensorError {
    let known: Vec<String> = sources.iter().map(Source::shown).collect();
    let what = format!(
        "no microphone is called {spec:?}; there is {}",
        known.join(", ")
    );
    SensorError::new(Trouble::NotFound, what)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_device_is_listed_once_by_the_name_that_stays() {
        let ids = [
            "null",
            "pipewire",
            "sysdefault:CARD=Device",
            "front:CARD=Device,DEV=0",
            "hw:CARD=Device,DEV=0",
            "plughw:CARD=Device,DEV=0",
            "hw:CARD=PCH,DEV=3",
            "hw:CARD=1,DEV=0",
            "plughw:CARD=1,DEV=0",
            "hw:CARD=2,DEV=1",
            "plughw:CARD=2,DEV=1",
        ]
        .map(str::to_owned);
        let name = |number: &str| (number == "1").then(|| "Device".to_owned());
        let found = sift(&ids, name);
        assert_eq!(
            found[0],
            ["hw:CARD=Device,DEV=0", "plughw:CARD=Device,DEV=0"]
        );
        assert_eq!(found[1], ["hw:CARD=2,DEV=1", "plughw:CARD=2,DEV=1"]);
        assert_eq!(found[2], ["pipewire"]);
        assert_eq!(found.len(), 3);
    }

    #[test]
    fn a_microphone_is_meant_by_place_id_or_part_of_a_name_and_found_again() {
        let sources = [
            ("default", "default"),
            ("hw:CARD=Loopback,DEV=0", "Loopback, Loopback PCM"),
            ("hw:CARD=Loopback,DEV=1", "Loopback, Loopback PCM"),
            ("hw:CARD=C920,DEV=0", "HD Pro Webcam C920, USB Audio"),
        ];
        let of = |spec, before| places(spec, &sources, before);
        assert_eq!(of(None, None), [0, 1, 2, 3]);
        assert_eq!(of(Some("3"), None), [3]);
        assert_eq!(of(Some("9"), None), [] as [usize; 0]);
        assert_eq!(of(Some("hw:CARD=Loopback,DEV=1"), None), [2]);
        assert_eq!(of(Some("webcam"), None), [3]);
        assert_eq!(of(Some("loopback"), None), [1, 2]);
        assert_eq!(of(None, Some("hw:CARD=C920,DEV=0")), [3]);
        assert_eq!(of(None, Some("hw:CARD=Gone,DEV=0")), [] as [usize; 0]);
        assert_eq!(of(Some("2"), Some("hw:CARD=C920,DEV=0")), [3, 2]);
        assert_eq!(of(Some("C920"), Some("hw:CARD=Gone,DEV=0")), [3]);
    }
}

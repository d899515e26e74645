//! The microphones that are there, and what they offer.

use std::collections::BTreeSet;

use cpal::traits::DeviceTrait;

use super::choice::loss;
use super::faults::fault;
use super::sources::{Source, sources};
use crate::panics;
use crate::sensor::list::{Found, MicrophoneInfo};
use crate::sensor::{SensorError, Trouble};

/// All microphones, or why there are none.
pub fn list() -> Found<MicrophoneInfo> {
    let listed = panics::catch(|| {
        let sources = sources(&cpal::default_host())?;
        Ok(sources.iter().enumerate().map(describe).collect())
    });
    let listed = listed.unwrap_or_else(|panic| {
        let what = format!("the sound system failed unexpectedly ({panic}); restart it");
        Err(SensorError::new(Trouble::Broken, what))
    });
    match listed {
        Ok(devices) => Found {
            devices,
            problems: Vec::new(),
        },
        Err(error) => Found {
            devices: Vec::new(),
            problems: vec![error],
        },
    }
}

fn describe((index, source): (usize, &Source)) -> MicrophoneInfo {
    let mut info = MicrophoneInfo {
        index,
        name: source.name.clone(),
        id: source.id.clone(),
        rates: Vec::new(),
        channels: Vec::new(),
        problem: None,
    };
    match source.devices[0].supported_input_configs() {
        Ok(configs) => {
            let (mut rates, mut channels) = (BTreeSet::new(), BTreeSet::new());
            for config in configs.filter(|config| loss(config.sample_format()).is_some()) {
                rates.insert((config.min_sample_rate(), config.max_sample_rate()));
                channels.insert(config.channels());
            }
            info.rates = rates.into_iter().collect();
            info.channels = channels.into_iter().collect();
        }
        Err(error) => info.problem = Some(fault(&source.shown(), &error).message),
    }
    info
}

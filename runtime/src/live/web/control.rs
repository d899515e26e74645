//! Spoiling a sensor from the page.

use serde::{Deserialize, Serialize};

use crate::corruption::{AudioCorruption, CameraCorruption, Corruption, Severity};
use crate::live::Switchboard;
use crate::window::Modality;

/// A button of the page.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Button {
    corruption: Corruption,
    label: &'static str,
}

const fn camera(kind: CameraCorruption, label: &'static str) -> Button {
    Button {
        corruption: Corruption::Camera(kind),
        label,
    }
}

const fn audio(kind: AudioCorruption, label: &'static str) -> Button {
    Button {
        corruption: Corruption::Audio(kind),
        label,
    }
}

/// What a visitor can do, in the words of somebody who does it: of all corruptions those that differ most.
pub const BUTTONS: [Button; 12] = [
    camera(CameraCorruption::Covered, "Cover the lens"),
    camera(CameraCorruption::Fog, "Fog"),
    camera(CameraCorruption::MotionBlur, "Shake"),
    camera(CameraCorruption::GaussianNoise, "Noise"),
    camera(CameraCorruption::Stuck, "Freeze"),
    camera(CameraCorruption::Missing, "Unplug"),
    audio(AudioCorruption::GaussianNoise, "Hiss"),
    audio(AudioCorruption::Wind, "Wind"),
    audio(AudioCorruption::Crowd, "Crowd"),
    audio(AudioCorruption::Clipping, "Overload"),
    audio(AudioCorruption::Silence, "Mute"),
    audio(AudioCorruption::Missing, "Unplug"),
];

/// What `POST /control` is sent: `{"sensor": "camera", "corruption": "camera/fog", "severity": 3}`;
/// without a corruption, what was switched on for the sensor is switched off.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    sensor: Modality,
    corruption: Option<Corruption>,
    #[serde(default = "worst")]
    severity: Severity,
}

fn worst() -> Severity {
    Severity::WORST
}

impl Request {
    /// Does it.
    ///
    /// # Errors
    /// One sentence, when the body is no such request.
    pub fn carry_out(body: &[u8], switchboard: &Switchboard) -> Result<(), String> {
        let request: Self = serde_json::from_slice(body).map_err(|error| {
            format!(
                "this must be JSON like {{\"sensor\": \"camera\", \"corruption\": \"camera/fog\", \"severity\": 3}} \
                 ({error})"
            )
        })?;
        if let Some(corruption) = request.corruption
            && corruption.sensor() != Some(request.sensor)
        {
            return Err(format!("{corruption} does not spoil {}", request.sensor));
        }
        let what = request
            .corruption
            .map(|corruption| (corruption, request.severity));
        switchboard.switch(request.sensor, what);
        Ok(())
    }
}

//! Where a model is trained.

use std::fmt;

use anyhow::{Context, Result};
use candle_core::Device;
use serde::{Deserialize, Serialize};

/// A device for weights and gradients: `cpu`, or `cuda:0` for the first GPU of NVIDIA's, and so on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum TrainingDevice {
    /// The processor.
    #[default]
    Cpu,
    /// A GPU by its number.
    Cuda(usize),
}

impl TrainingDevice {
    /// Whether it is the processor.
    pub fn is_cpu(&self) -> bool {
        *self == Self::Cpu
    }

    /// # Errors
    /// When there is no such GPU, or the program was built without the feature `cuda`.
    pub fn open(self) -> Result<Device> {
        match self {
            Self::Cpu => Ok(Device::Cpu),
            Self::Cuda(number) => Device::new_cuda(number).with_context(|| {
                let hint = match cfg!(feature = "cuda") {
                    true => "see that the driver finds the GPU",
                    false => "build evenkeel-train with `--features cuda` for that",
                };
                format!(
                    "training.device is {self}, which cannot be used; {hint}, or train on the cpu"
                )
            }),
        }
    }
}

impl fmt::Display for TrainingDevice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cpu => f.write_str("cpu"),
            Self::Cuda(number) => write!(f, "cuda:{number}"),
        }
    }
}

impl TryFrom<String> for TrainingDevice {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let number = text.strip_prefix("cuda:").map(str::parse);
        match (text.as_str(), number) {
            ("cpu", _) => Ok(Self::Cpu),
            (_, Some(Ok(number))) => Ok(Self::Cuda(number)),
            _ => Err(format!("device is {text:?}; say cpu or cuda:0")),
        }
    }
}

impl From<TrainingDevice> for String {
    fn from(device: TrainingDevice) -> Self {
        device.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_are_written_as_they_are_read() {
        for (text, device) in [
            ("cpu", TrainingDevice::Cpu),
            ("cuda:3", TrainingDevice::Cuda(3)),
        ] {
            assert_eq!(TrainingDevice::try_from(text.to_owned()), Ok(device));
            assert_eq!(device.to_string(), text);
        }
        for bad in ["gpu", "cuda", "cuda:x"] {
            let error = TrainingDevice::try_from(bad.to_owned()).unwrap_err();
            assert!(error.contains(bad), "{error}");
        }
    }

    #[cfg(not(feature = "cuda"))]
    #[test]
    fn a_gpu_is_refused_with_how_to_get_it() {
        let error = format!("{:#}", TrainingDevice::Cuda(0).open().unwrap_err());
        assert!(error.contains("--features cuda"), "{error}");
    }
}

//! A training run that takes seconds: made data, a model of a few thousand parameters.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::program;

/// Epochs of the run.
pub const EPOCHS: usize = 6;

/// The digits that the project makes itself, few of them.
const DIGITS: &str = r#"
[data]
seed = 3

[data.digits]
source = "made"
windows_per_epoch = 96
"#;

/// Everything else that `fit` needs, small. β = 0 makes it rotate at the first chance.
const REST: &str = r#"
[model]
width = 16
depth = 1
heads = 2
mlp_ratio = 2
activation = "relu"
audio = { kernel = [40, 6], stride = [40, 6] }
camera = { kernel = [12, 12], stride = [12, 12] }
fusion = "rollingq"

[audio]
sample_rate = 8000
window_samples = 10240
frame_samples = 200
hop_samples = 80
fft_size = 256
mel_bands = 40
min_hz = 60.0
max_hz = 3800.0
log_floor = 1e-6
mean = -8.0
std = 4.0

[camera]
width = 48
height = 48
colour = "rgb"
frames = 1
window_seconds = 1.28
mean = [0.5, 0.5, 0.5]
std = [0.25, 0.25, 0.25]

[training]
seed = 3
epochs = 6
batch = 16
shards = 2
optimiser = "adamw"
learning_rate = 5e-3
weight_decay = 0.05
warmup_epochs = 1.0
max_gradient_norm = 1.0
sensor_dropout = 0.2

[quality]
share = 0.4
elsewhere = 0.1

[quality.kinds]
"camera/covered" = 1
"camera/torn" = 2
"audio/rain" = 1
"audio/speaker" = 0.5

[rollingq]
beta = 0.0
sigma = 1.0
max_rotations = 1
"#;

/// Writes the configuration file into `folder` and gives its path.
pub fn write_config(folder: &Path) -> PathBuf {
    write(folder, DIGITS, REST)
}

/// The same over the clips at `clips`, a path as somebody would write it into the file.
pub fn write_clips_config(folder: &Path, clips: &str) -> PathBuf {
    write_config_of(
        folder,
        &format!("[data.clips]\npath = {clips:?}\nwindow_seconds = 1.28\nsample_rate = 8000\n"),
    )
}

/// The same over clips that the section `data` names.
pub fn write_config_of(folder: &Path, data: &str) -> PathBuf {
    let data = format!("[data]\nseed = 3\n\n{data}");
    // Clips cannot make windows in which there is nothing.
    write(folder, &data, &REST.replace("elsewhere = 0.1\n", ""))
}

/// What a third sensor adds to the data, and to the rest.
const PEN: [&str; 2] = [
    "\n[data.digits.accelerometer]\n",
    r#"
[model.signal]
kernel = [1, 16]
stride = [1, 16]

[signal]
name = "accelerometer"
rate_hz = 100.0
channels = 3
window_seconds = 1.28
mean = [0.0, 0.0, 8.0]
std = [3.5, 3.5, 3.0]
"#,
];

/// The same with a third sensor, the accelerometer in a pen.
pub fn write_three_sensors(folder: &Path) -> PathBuf {
    let [data, rest] = PEN;
    write(
        folder,
        &format!("{DIGITS}{data}"),
        &format!("{REST}{rest}").replace(
            "\"audio/rain\" = 1",
            "\"audio/rain\" = 1\n\"signal/noise\" = 1\n\"signal/frozen\" = 1",
        ),
    )
}

fn write(folder: &Path, data: &str, rest: &str) -> PathBuf {
    let path = folder.join("miniature.toml");
    fs::write(&path, format!("{data}{rest}")).expect("the configuration can be written");
    path
}

/// `evenkeel-train fit` of the digits, writing `folder/run`.
pub fn fit(folder: &Path) -> Command {
    fit_config(folder, &write_config(folder))
}

/// `evenkeel-train fit` with the configuration file `config`, writing `folder/run`.
pub fn fit_config(folder: &Path, config: &Path) -> Command {
    let mut command = program("evenkeel-train");
    command
        .args(["fit", "--config"])
        .arg(config)
        .arg("--out")
        .arg(folder.join("run"));
    command
}

/// `evenkeel-train export` of `folder/run` to `folder/model`.
pub fn export(folder: &Path) -> Command {
    let mut command = program("evenkeel-train");
    command
        .arg("export")
        .arg(folder.join("run"))
        .args(["--name", "miniature", "--license", "CC0-1.0", "--out"])
        .arg(folder.join("model"));
    command
}

//! `evenkeel doctor`: whether this machine is fit, and what to do where it is not.

use std::fmt::Write;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use evenkeel::engine::{EngineError, GoldenCheck, Recogniser, check_golden};
use evenkeel::package::Package;
use serde::Serialize;

use super::{print, print_json};

/// Looks at processor, memory, programs, cameras and microphones, and says what to do about problems.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  evenkeel doctor
  evenkeel doctor models/digits
  evenkeel doctor --json

Exit codes: 0 nothing stands in the way, 1 something does. What is only missing for some uses (a
camera, ffmpeg) is advice and no failure.")]
pub struct Args {
    /// Folder of a model package to try on this machine
    package: Option<PathBuf>,
    /// Print the findings as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum State {
    Fine,
    Advice,
    Problem,
}

#[derive(Debug, Serialize)]
struct Finding {
    what: &'static str,
    state: State,
    found: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    advice: Option<String>,
}

impl Finding {
    fn fine(what: &'static str, found: impl Into<String>) -> Self {
        Self {
            what,
            state: State::Fine,
            found: found.into(),
            advice: None,
        }
    }

    fn advice(what: &'static str, found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self {
            what,
            state: State::Advice,
            found: found.into(),
            advice: Some(advice.into()),
        }
    }

    fn problem(what: &'static str, found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self {
            state: State::Problem,
            ..Self::advice(what, found, advice)
        }
    }
}

/// Runs the command.
///
/// # Errors
/// When the findings cannot be printed.
pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    let mut findings = vec![processor(), memory(), ffmpeg()];
    findings.push(device_files(
        "camera files",
        Path::new("/dev"),
        "video",
        "video",
    ));
    findings.push(device_files(
        "sound files",
        Path::new("/dev/snd"),
        "controlC",
        "audio",
    ));
    #[cfg(feature = "sensors")]
    findings.extend([sensors::cameras(), sensors::microphones()]);
    #[cfg(not(feature = "sensors"))]
    findings.push(Finding::advice(
        "sensors",
        "this program was built without live camera and microphone",
        "build it with the feature `sensors` where they are needed",
    ));
    findings.extend(args.package.as_deref().map(package));

    if args.json {
        print_json(&findings)?;
    } else {
        print(&text(&findings))?;
    }
    let sick = findings
        .iter()
        .any(|finding| finding.state == State::Problem);
    Ok(if sick {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

/// Instruction sets that decide how fast the engine is.
const FEATURES: &[&str] = &[
    "sse4_2",
    "avx",
    "avx2",
    "fma",
    "f16c",
    "avx512f",
    "avx512_vnni",
    "amx_tile",
    "neon",
    "asimd",
    "asimdhp",
    "asimddp",
    "i8mm",
    "bf16",
    "sve",
];

fn processor() -> Finding {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let field = |names: &[&str]| {
        info.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            names.contains(&name.trim()).then(|| value.trim())
        })
    };
    let name = field(&["model name", "Model", "Hardware"]).unwrap_or(std::env::consts::ARCH);
    let flags = field(&["flags", "Features"]).unwrap_or_default();
    let known: Vec<&str> = flags
        .split_whitespace()
        .filter(|flag| FEATURES.contains(flag))
        .collect();
    let found = format!("{name}, {cores} core(s), {}", known.join(" "));
    let vectors = known.is_empty()
        || known
            .iter()
            .any(|flag| ["fma", "neon", "asimd"].contains(flag));
    if vectors {
        Finding::fine("processor", found)
    } else {
        Finding::advice(
            "processor",
            found,
            "it has no fused multiply-add, so models run several times slower; measure with `evenkeel bench`",
        )
    }
}

fn memory() -> Finding {
    let info = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let mebibytes = |name: &str| -> Option<u64> {
        let value = info.lines().find_map(|line| line.strip_prefix(name))?;
        let kibibytes: u64 = value
            .trim_start_matches(':')
            .trim()
            .strip_suffix("kB")?
            .trim()
            .parse()
            .ok()?;
        Some(kibibytes / 1024)
    };
    match (mebibytes("MemTotal"), mebibytes("MemAvailable")) {
        (Some(total), Some(free)) if free < 64 => Finding::advice(
            "memory",
            format!("{free} MiB free of {total} MiB"),
            "stop other programs; a small model needs about 64 MiB",
        ),
        (Some(total), Some(free)) => {
            Finding::fine("memory", format!("{free} MiB free of {total} MiB"))
        }
        _ => Finding::fine("memory", "this system does not tell"),
    }
}

fn ffmpeg() -> Finding {
    let output = Command::new("ffmpeg")
        .arg("-version")
        .stdin(Stdio::null())
        .output();
    match output {
        Ok(output) if output.status.success() => {
            let text = String::from_utf8_lossy(&output.stdout);
            let version = text.lines().next().unwrap_or_default();
            let end = version.find(" Copyright").unwrap_or(version.len());
            Finding::fine("ffmpeg", &version[..end])
        }
        _ => Finding::advice(
            "ffmpeg",
            "not found",
            "install it (Debian: `apt install ffmpeg`) to evaluate clips other than WAV, PNG and JPEG",
        ),
    }
}

/// Whether the device files that begin with `prefix` can be opened.
fn device_files(what: &'static str, folder: &Path, prefix: &str, group: &str) -> Finding {
    let mut names: Vec<PathBuf> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| {
            path.file_name()
                .is_some_and(|name| name.to_string_lossy().starts_with(prefix))
        })
        .collect();
    names.sort();
    if names.is_empty() {
        return Finding::advice(
            what,
            format!("no {}/{prefix}*", folder.display()),
            "connect a device; inside a container, pass the device files in",
        );
    }
    let denied: Vec<String> = names
        .iter()
        .filter(|path| {
            File::open(path).is_err_and(|error| error.kind() == io::ErrorKind::PermissionDenied)
        })
        .map(|path| path.display().to_string())
        .collect();
    if denied.is_empty() {
        let names: Vec<String> = names
            .iter()
            .map(|path| path.display().to_string())
            .collect();
        return Finding::fine(what, names.join(", "));
    }
    Finding::problem(
        what,
        format!("no permission to open {}", denied.join(", ")),
        format!("run `sudo usermod -aG {group} $USER`, then log out and in again"),
    )
}

#[cfg(feature = "sensors")]
mod sensors {
    use cpal::traits::{DeviceTrait, HostTrait};
    use nokhwa::utils::ApiBackend;

    use super::Finding;

    pub fn cameras() -> Finding {
        let names: Vec<String> = match nokhwa::query(ApiBackend::Auto) {
            Ok(cameras) => cameras
                .iter()
                .map(|camera| format!("{} ({})", camera.human_name(), camera.index()))
                .collect(),
            Err(error) => {
                return Finding::advice(
                    "cameras",
                    format!("cannot be listed ({error})"),
                    "look at the camera files above",
                );
            }
        };
        if names.is_empty() {
            Finding::advice("cameras", "none", "connect a camera to use a model live")
        } else {
            Finding::fine("cameras", names.join(", "))
        }
    }

    pub fn microphones() -> Finding {
        let devices = match cpal::default_host().input_devices() {
            Ok(devices) => devices,
            Err(error) => {
                return Finding::advice(
                    "microphones",
                    format!("cannot be listed ({error})"),
                    "look at the sound files above",
                );
            }
        };
        let names: Vec<String> = devices
            .filter_map(|device| Some(device.description().ok()?.name().to_owned()))
            // ALSA always lists its null device, which only ever hears silence.
            .filter(|name| !name.starts_with("Discard all samples"))
            .collect();
        if names.is_empty() {
            Finding::advice(
                "microphones",
                "none",
                "connect a microphone to use a model live",
            )
        } else {
            Finding::fine("microphones", names.join(", "))
        }
    }
}

fn package(folder: &Path) -> Finding {
    let check = || -> Result<GoldenCheck, EngineError> {
        let package = Package::open(folder)?;
        let mut recogniser = Recogniser::new(&package)?;
        check_golden(&package, &mut recogniser)
    };
    match check() {
        Ok(golden) if golden.matches => Finding::fine(
            "package",
            format!(
                "{} golden window(s) answered as where it was made, within {:.1e}",
                golden.windows, golden.largest_difference
            ),
        ),
        Ok(golden) => Finding::problem(
            "package",
            format!(
                "{} golden window(s) answered differently, by {:.1e}",
                golden.windows, golden.largest_difference
            ),
            "get a fresh copy of the package, and if that does not help report this processor",
        ),
        Err(error) => Finding::problem(
            "package",
            error.to_string(),
            "get a fresh copy of the package",
        ),
    }
}

fn text(findings: &[Finding]) -> String {
    let mut text = String::new();
    for finding in findings {
        let mark = match finding.state {
            State::Fine => "ok     ",
            State::Advice => "advice ",
            State::Problem => "PROBLEM",
        };
        let _ = writeln!(text, "{mark} {:<13} {}", finding.what, finding.found);
        if let Some(advice) = &finding.advice {
            let _ = writeln!(text, "{:>21} → {advice}", "");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_without_devices_gives_advice_and_one_with_them_lists_them() {
        let folder = tempfile::tempdir().unwrap();
        let look = || device_files("camera files", folder.path(), "video", "video");
        assert_eq!(look().state, State::Advice);
        fs::write(folder.path().join("video0"), b"").unwrap();
        let finding = look();
        assert_eq!(finding.state, State::Fine);
        assert!(finding.found.ends_with("video0"), "{}", finding.found);
    }

    #[test]
    fn a_missing_package_is_a_problem_with_advice() {
        let finding = package(Path::new("no-such-package"));
        assert_eq!(finding.state, State::Problem);
        assert!(text(&[finding]).contains("no-such-package"));
    }
}

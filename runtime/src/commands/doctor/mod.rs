//! `evenkeel doctor`: whether this machine is fit, and what to do where it is not.

mod sensors;

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use evenkeel::engine::{EngineError, GoldenCheck, Recogniser, check_golden};
use evenkeel::machine::{self, cpu_field, cpuinfo};
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
    let mut findings = vec![processor(), memory()];
    findings.extend(["ffmpeg", "ffprobe"].map(program));
    findings.extend(sensors::findings());
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
    let info = cpuinfo();
    let flags = cpu_field(&info, &["flags", "Features"]).unwrap_or_default();
    let known: Vec<&str> = flags
        .split_whitespace()
        .filter(|flag| FEATURES.contains(flag))
        .collect();
    let found = format!(
        "{}, {cores} core(s), {}",
        machine::processor(&info),
        known.join(" ")
    );
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

/// Whether one of the two programs of ffmpeg that read clips is there.
fn program(name: &'static str) -> Finding {
    let output = Command::new(name)
        .arg("-version")
        .stdin(Stdio::null())
        .output();
    match output {
        Ok(output) if output.status.success() => {
            let text = String::from_utf8_lossy(&output.stdout);
            let version = text.lines().next().unwrap_or_default();
            let end = version.find(" Copyright").unwrap_or(version.len());
            Finding::fine(name, &version[..end])
        }
        _ => Finding::advice(
            name,
            "not found",
            "install it (Debian: `apt install ffmpeg`) to evaluate clips other than WAV, PNG and JPEG",
        ),
    }
}

fn package(folder: &Path) -> Finding {
    let check = || -> Result<GoldenCheck, EngineError> {
        let package = Package::open(folder)?;
        let mut recogniser = Recogniser::new(&package)?;
        check_golden(&package, &mut recogniser)
    };
    match check() {
        Ok(golden) => golden_finding(&golden),
        Err(error) => Finding::problem(
            "package",
            error.to_string(),
            "get a fresh copy of the package",
        ),
    }
}

fn golden_finding(golden: &GoldenCheck) -> Finding {
    let GoldenCheck {
        windows,
        largest_difference,
        matches,
        ..
    } = *golden;
    if windows == 0 {
        return Finding::problem(
            "package",
            "it has no golden windows, so nothing proves that it works here",
            "export it again",
        );
    }
    if matches {
        return Finding::fine(
            "package",
            format!(
                "{windows} golden window(s) answered as where it was made, within \
                 {largest_difference:.1e}"
            ),
        );
    }
    Finding::problem(
        "package",
        format!("{windows} golden window(s) answered differently, by {largest_difference:.1e}"),
        "get a fresh copy of the package, and if that does not help report this processor",
    )
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
    fn a_missing_package_is_a_problem_with_advice() {
        let finding = package(Path::new("no-such-package"));
        assert_eq!(finding.state, State::Problem);
        assert!(text(&[finding]).contains("no-such-package"));
    }
    #[test]
    fn a_package_without_golden_windows_is_said_to_have_none() {
        let finding = golden_finding(&GoldenCheck {
            windows: 0,
            largest_difference: 0.0,
            allowed: 0.0,
            matches: false,
        });
        assert_eq!(finding.state, State::Problem);
        assert!(finding.found.contains("no golden windows"));
    }
}

//! `evenkeel devices`: which cameras and microphones are there.

use std::fmt::Write;
use std::process::ExitCode;

use evenkeel::sensor::SensorError;
use evenkeel::sensor::list::{self, CameraFormat, CameraInfo, CameraSize, Found, MicrophoneInfo};
use serde::Serialize;

use super::{print, print_json};

/// Lists cameras and microphones: what they offer, and how to name each for `evenkeel live`.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  evenkeel devices
  evenkeel devices --json
  evenkeel live models/digits --camera /dev/video0 --microphone 1

Cameras that Linux does not show as such (on the ribbon cable of a Raspberry Pi or Jetson) are used through a
program that writes their pictures to its standard output:
  evenkeel live models/digits --camera-command 'rpicam-vid -n -t 0 --codec mjpeg -o -'

Exit codes: 0 also if there are none; 1 if this user may not use one that is there.")]
pub struct Args {
    /// Print everything as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Devices {
    cameras: Listed<CameraInfo>,
    microphones: Listed<MicrophoneInfo>,
}

#[derive(Serialize)]
struct Listed<T> {
    devices: Vec<T>,
    problems: Vec<Problem>,
}

#[derive(Serialize)]
struct Problem {
    trouble: evenkeel::sensor::Trouble,
    message: String,
}

impl<T> From<Found<T>> for Listed<T> {
    fn from(found: Found<T>) -> Self {
        let problem = |SensorError { trouble, message }| Problem { trouble, message };
        Self {
            devices: found.devices,
            problems: found.problems.into_iter().map(problem).collect(),
        }
    }
}

/// Runs the command.
///
/// # Errors
/// When the list cannot be printed.
pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    let devices = Devices {
        cameras: list::cameras().into(),
        microphones: list::microphones().into(),
    };
    if args.json {
        print_json(&devices)?;
    } else {
        print(&text(&devices))?;
    }
    let problems = [&devices.cameras.problems, &devices.microphones.problems];
    let is_denied = |problem: &Problem| problem.trouble == evenkeel::sensor::Trouble::Denied;
    Ok(if problems.into_iter().flatten().any(is_denied) {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

fn text(devices: &Devices) -> String {
    let mut text = String::new();
    section(&mut text, "Cameras", &devices.cameras, camera);
    if devices.cameras.devices.is_empty() {
        text.push_str(
            "  One that only a program shows can be used with --camera-command; see `evenkeel devices --help`.\n",
        );
    }
    text.push('\n');
    section(&mut text, "Microphones", &devices.microphones, microphone);
    text
}

fn section<T>(
    text: &mut String,
    title: &str,
    listed: &Listed<T>,
    describe: impl Fn(&mut String, &T),
) {
    let _ = writeln!(text, "{title}");
    for device in &listed.devices {
        describe(text, device);
    }
    for problem in &listed.problems {
        let _ = writeln!(text, "  → {}", problem.message);
    }
    if listed.devices.is_empty() && listed.problems.is_empty() {
        let _ = writeln!(
            text,
            "  none; connect one, and inside a container pass its device files in"
        );
    }
}

fn camera(text: &mut String, camera: &CameraInfo) {
    let _ = writeln!(text, "  {}  {}", camera.node, camera.name);
    let (usable, others): (Vec<_>, Vec<_>) =
        camera.formats.iter().partition(|format| format.usable);
    for format in usable {
        let _ = writeln!(text, "    {}", format_line(format));
    }
    if !others.is_empty() {
        let others: Vec<&str> = others.iter().map(|format| format.format.as_str()).collect();
        let _ = writeln!(text, "    and {}, which cannot be read", others.join(", "));
    }
    let mut names = vec![format!("--camera {}", camera.node)];
    if camera.name != camera.node {
        names.push(format!("--camera {:?}", camera.name));
    }
    if let Some(link) = &camera.link {
        names.push(format!("--camera {link}"));
    }
    let _ = writeln!(text, "    name it {}", names.join(" or "));
}

fn format_line(format: &CameraFormat) -> String {
    let sizes: Vec<String> = format.sizes.iter().map(size).collect();
    let sizes = match (format.any_between, sizes.as_slice()) {
        (_, []) => "any size".to_owned(),
        (true, [least, most]) => format!("any from {least} to {most}"),
        _ => sizes.join(", "),
    };
    format!("{}: {sizes}", format.format)
}

fn size(size: &CameraSize) -> String {
    let fastest = match size.rates.first() {
        Some(rate) => format!(" at up to {rate} frames/s"),
        None => String::new(),
    };
    format!("{}×{}{fastest}", size.width, size.height)
}

fn microphone(text: &mut String, microphone: &MicrophoneInfo) {
    let MicrophoneInfo {
        index,
        name,
        id,
        rates,
        channels,
        problem,
    } = microphone;
    let _ = writeln!(text, "  {index}  {name}");
    if let Some(problem) = problem {
        let _ = writeln!(text, "    → {problem}");
    }
    if !rates.is_empty() {
        let rates: Vec<String> = rates.iter().copied().map(rate).collect();
        let _ = writeln!(
            text,
            "    {} Hz; {} channel(s)",
            rates.join(", "),
            several(channels)
        );
    }
    let _ = writeln!(
        text,
        "    name it --microphone {index} or --microphone {id}"
    );
}

fn rate((least, most): (u32, u32)) -> String {
    match (least, most) {
        _ if least == most => least.to_string(),
        // The library knows no limit.
        (_, u32::MAX) => format!("{least} and more"),
        _ => format!("{least} to {most}"),
    }
}

fn several(channels: &[u16]) -> String {
    match channels {
        [first, .., last] if usize::from(last - first) + 1 == channels.len() => {
            format!("{first} to {last}")
        }
        _ => {
            let channels: Vec<String> = channels.iter().map(u16::to_string).collect();
            channels.join(", ")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use evenkeel::sensor::Trouble;

    #[test]
    fn what_is_there_is_listed_with_how_to_name_it() {
        let found = Found {
            devices: vec![CameraInfo {
                node: "/dev/video0".into(),
                name: "HD Webcam".into(),
                link: Some("/dev/v4l/by-id/usb-HD".into()),
                formats: vec![
                    CameraFormat {
                        format: "YUYV".into(),
                        description: "YUYV 4:2:2".into(),
                        usable: true,
                        sizes: vec![CameraSize {
                            width: 640,
                            height: 480,
                            rates: vec![30.0, 15.0],
                        }],
                        any_between: false,
                    },
                    CameraFormat {
                        format: "H264".into(),
                        description: "H.264".into(),
                        usable: false,
                        sizes: Vec::new(),
                        any_between: false,
                    },
                ],
            }],
            problems: vec![SensorError::new(Trouble::Denied, "no permission; do this")],
        };
        let microphone = MicrophoneInfo {
            index: 1,
            name: "USB Audio".into(),
            id: "hw:CARD=Device,DEV=0".into(),
            rates: vec![(44_100, 44_100), (48_000, 48_000)],
            channels: vec![1, 2],
            problem: None,
        };
        let devices = Devices {
            cameras: found.into(),
            microphones: Found {
                devices: vec![microphone],
                problems: Vec::new(),
            }
            .into(),
        };
        let text = text(&devices);
        for part in [
            "640×480 at up to 30 frames/s",
            "--camera \"HD Webcam\"",
            "--camera /dev/v4l/by-id/usb-HD",
            "and H264, which cannot be read",
            "do this",
            "44100, 48000 Hz; 1 to 2 channel(s)",
            "--microphone 1 or --microphone hw:CARD=Device,DEV=0",
        ] {
            assert!(text.contains(part), "{part}\n{text}");
        }
    }

    #[test]
    fn nothing_is_said_to_be_nothing() {
        let devices = Devices {
            cameras: Found::default().into(),
            microphones: Found::default().into(),
        };
        let text = text(&devices);
        assert_eq!(text.matches("none; connect one").count(), 2, "{text}");
        assert!(text.contains("--camera-command"));
    }
}

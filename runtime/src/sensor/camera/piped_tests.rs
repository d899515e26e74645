use std::thread;
use std::time::Instant;

use super::*;
use crate::window::{Frame, SampleRate};

#[derive(Default)]
struct Seen(Vec<Frame>);

impl Intake for Seen {
    fn hear(&mut self, _: Duration, _: Duration, _: SampleRate, _: &[f32]) {}
    fn see(&mut self, frame: Frame, arrival: Duration) {
        assert!(frame.time <= arrival);
        self.0.push(frame);
    }
    fn spare(&mut self) -> Vec<u8> {
        Vec::new()
    }
}

const WISH: CameraWish = CameraWish {
    min_side: 48,
    max_side: 96,
    frame_rate: 240.0,
    colour: true,
};

/// Looks at a command until it ends or has shown so many pictures.
fn watch(command: &str, raw: Option<&str>, pictures: usize) -> (Vec<Frame>, String, SensorError) {
    let raw = raw.map(|raw| raw.parse().unwrap());
    let camera = PipedCamera::new(command, raw, WISH);
    let clock = Clock::real();
    let mut capture = camera.open(&clock).unwrap();
    let mut seen = Seen::default();
    let since = Instant::now();
    loop {
        let polled = capture.poll(clock.now(), &mut seen);
        let enough = seen.0.len() >= pictures;
        if let Err(error) = polled {
            return (seen.0, capture.format(), error);
        }
        assert!(since.elapsed() < Duration::from_secs(20), "{command}");
        if enough {
            let none = SensorError::new(Trouble::Ended, "enough");
            return (seen.0, capture.format(), none);
        }
        thread::sleep(Duration::from_millis(2));
    }
}

/// ffmpeg, showing a green, a red and a blue third.
fn ffmpeg(output: &str) -> String {
    let picture = "color=red:s=64x128,pad=192:128:64:0:lime,drawbox=128:0:64:128:blue:fill";
    format!("ffmpeg -v error -f lavfi -i {picture} -frames:v 3 {output} -")
}

fn is_like(frame: &Frame, column: u32, wanted: [u8; 3]) -> bool {
    let at = 3 * (frame.height / 2 * frame.width + column) as usize;
    (0..3).all(|c| frame.rgb[at + c].abs_diff(wanted[c]) < 30)
}

#[test]
fn pictures_of_a_command_arrive_in_every_format_and_its_end_is_told() {
    let formats = [
        ("-f mjpeg -q:v 2", None),
        ("-f rawvideo -pix_fmt yuv420p", Some("yuv420:192x128")),
        ("-f rawvideo -pix_fmt nv12", Some("nv12:192x128")),
        ("-f rawvideo -pix_fmt yuyv422", Some("yuyv:192x128")),
        ("-f rawvideo -pix_fmt rgb24", Some("rgb24:192x128")),
    ];
    for (output, raw) in formats {
        let (frames, format, end) = watch(&ffmpeg(output), raw, 9);
        assert_eq!(end.trouble, Trouble::Gone, "{}", end.message);
        assert!(end.message.contains("ended by itself"), "{}", end.message);
        let last = frames.last().expect(output);
        assert_eq!((last.width, last.height), (96, 64), "{output}");
        assert!(is_like(last, 80, [0, 0, 255]), "{output}");
        assert!(is_like(last, 16, [0, 255, 0]), "{output}");
        assert!(format.contains("piped"), "{format}");
    }
}

#[test]
fn a_command_that_fails_or_is_not_there_is_told_with_its_last_words() {
    let (_, _, end) = watch("echo first >&2; echo no camera >&2; exit 3", None, 1);
    assert_eq!(end.trouble, Trouble::Gone);
    assert!(
        end.message.contains("exit code 3") && end.message.contains("\"no camera\""),
        "{}",
        end.message
    );
    let (_, _, end) = watch("no-such-camera-program --all", None, 1);
    assert_eq!(end.trouble, Trouble::NotFound);
    assert!(
        end.message.contains("no-such-camera-program"),
        "{}",
        end.message
    );
}

#[test]
fn dropping_it_ends_everything_that_the_command_started() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pids");
    let command = format!(
        "(echo $$; sh -c 'echo $$; exec sleep 60' & cat; wait) >> {}",
        file.display()
    );
    let camera = PipedCamera::new(command, None, WISH);
    let capture = camera.open(&Clock::real()).unwrap();
    let pids = || -> Vec<String> {
        let text = std::fs::read_to_string(&file).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    };
    let until = |what: &dyn Fn() -> bool| {
        let since = Instant::now();
        while !what() {
            assert!(since.elapsed() < Duration::from_secs(10));
            thread::sleep(Duration::from_millis(2));
        }
    };
    until(&|| pids().len() == 2);
    let dropping = Instant::now();
    drop(capture);
    assert!(dropping.elapsed() < Duration::from_millis(100));
    // A process that has ended but was not waited for is a zombie.
    let runs = |pid: &String| {
        std::fs::read_to_string(format!("/proc/{pid}/stat"))
            .is_ok_and(|stat| !stat.contains(") Z "))
    };
    until(&|| !pids().iter().any(runs));
}

#[test]
fn raw_formats_are_read_and_mistakes_are_named() {
    let raw: RawFormat = "yuv420:640x480".parse().unwrap();
    assert_eq!(raw.0.bytes(), 640 * 480 * 3 / 2);
    let error = |text: &str| text.parse::<RawFormat>().unwrap_err();
    assert!(error("640x480").contains("yuv420:640x480"));
    assert!(error("hevc:640x480").contains("formats are"));
    assert!(error("nv12:641x480").contains("even"));
    assert!(error("grey:0x480").contains("no size"));
}

//! These tests make their clips with the same program that they test the reading with; a machine
//! without ffmpeg fails them.

use std::fs;
use std::path::PathBuf;

use super::*;
use crate::clip::{Clip, ClipEntry, ClipSource, read_clip};

/// Makes `name` in a fresh folder with ffmpeg from these arguments.
fn make(name: &str, arguments: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    let mut url = std::ffi::OsString::from("file:");
    url.push(&path);
    let output = Command::new("ffmpeg")
        .args(["-hide_banner", "-loglevel", "error", "-nostdin", "-y"])
        .args(arguments.split_whitespace())
        .arg(url)
        .output()
        .expect("these tests need ffmpeg: sudo apt-get install ffmpeg");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    (folder, path)
}

fn entry(path: &Path) -> ClipEntry {
    ClipEntry {
        further: Default::default(),
        name: "clip".into(),
        source: ClipSource::Container(path.to_owned()),
        line: None,
        label: None,
        split: None,
        group: None,
        speaker: None,
        start: None,
        end: None,
    }
}

fn read(path: &Path) -> Clip {
    read_clip(&entry(path), &ReadOptions::default()).unwrap()
}

fn error_of(path: &Path) -> String {
    read_clip(&entry(path), &ReadOptions::default())
        .unwrap_err()
        .to_string()
}

/// A white flash of one frame and a beep, both beginning at one second of two, AAC in MP4.
const FLASH_AND_BEEP: &str = "\
    -f lavfi -i color=black:s=96x64:r=25:d=2,drawbox=c=white:t=fill:enable='between(n,25,27)' \
    -f lavfi -i aevalsrc=if(between(t\\,1\\,1.2)\\,0.8*sin(2*PI*1000*t)\\,0):s=44100:d=2 \
    -c:v libx264 -preset ultrafast -pix_fmt yuv420p -c:a aac -b:a 128k";

fn flash(clip: &Clip) -> f64 {
    clip.frames
        .iter()
        .find(|frame| frame.rgb[0] > 128)
        .unwrap()
        .time
        .as_secs_f64()
}

fn beep(clip: &Clip) -> f64 {
    let sound = clip.sound.as_ref().unwrap();
    let first = sound
        .samples
        .iter()
        .position(|sample| sample.abs() > 0.3)
        .unwrap();
    (sound.start + sound.rate.duration_of(first)).as_secs_f64()
}

#[test]
fn sound_and_picture_stay_together_in_an_mp4_with_edit_list() {
    let (_folder, path) = make("flash.mp4", FLASH_AND_BEEP);
    let clip = read(&path);
    assert_eq!(clip.frames.len(), 50);
    assert!(
        (flash(&clip) - 1.0).abs() < 1e-6,
        "flash at {}",
        flash(&clip)
    );
    // 1,024 samples of encoder delay would be 23 ms.
    assert!((beep(&clip) - 1.0).abs() < 0.003, "beep at {}", beep(&clip));
    assert!((clip.duration.as_secs_f64() - 2.0).abs() < 0.05);
}

#[test]
fn a_stretch_begins_at_zero_with_both_still_together() {
    for name in ["flash.mp4", "flash.mkv", "flash.ts"] {
        let (_folder, path) = make(name, FLASH_AND_BEEP);
        let whole = read(&path);
        let apart = flash(&whole) - beep(&whole);
        assert!(apart.abs() < 0.003, "{name}: {apart} s apart");
        let mut entry = entry(&path);
        entry.start = Some(Duration::from_millis(700));
        entry.end = Some(Duration::from_millis(1300));
        let clip = read_clip(&entry, &ReadOptions::default()).unwrap();
        let (flash, beep) = (flash(&clip), beep(&clip));
        // A transport stream begins with the encoder's delay, 23 ms before the first frame.
        assert!((flash - 0.31).abs() < 0.02, "{name}: flash at {flash}");
        assert!((flash - beep).abs() < 0.003, "{name}: beep at {beep}");
        assert_eq!(clip.frames.len(), 15, "{name}");
        assert!(clip.duration < Duration::from_millis(650), "{name}");
    }
}

#[test]
fn a_stretch_behind_the_end_is_refused() {
    let (_folder, path) = make("flash.mp4", FLASH_AND_BEEP);
    let mut entry = entry(&path);
    entry.start = Some(Duration::from_secs(5));
    let message = read_clip(&entry, &ReadOptions::default())
        .unwrap_err()
        .to_string();
    assert!(
        message.contains("to start at 5 s, but the file ends at 2.0"),
        "{message}"
    );
}

#[test]
fn sound_that_begins_after_the_picture_stays_in_its_place() {
    // The container's clock begins at 1.4 s (MPEG-TS), the sound half a second after the picture.
    let (_folder, path) = make(
        "late.ts",
        "-f lavfi -i color=black:s=96x64:r=25:d=2 \
         -itsoffset 0.5 -f lavfi -i sine=1000:d=1:r=48000 -c:v libx264 -preset ultrafast -c:a mp2",
    );
    let clip = read(&path);
    assert!(
        clip.frames[0].time < Duration::from_millis(50),
        "{:?}",
        clip.frames[0].time
    );
    let sound = clip.sound.unwrap();
    let first = sound
        .samples
        .iter()
        .position(|sample| sample.abs() > 0.05)
        .unwrap();
    let begins = first as f64 / 48_000.0;
    assert!((begins - 0.5).abs() < 0.04, "the sound begins at {begins}");
}

#[test]
fn frame_times_come_from_the_stream() {
    // Every third frame is left out, so that the time between frames varies.
    let (_folder, path) = make(
        "uneven.mkv",
        "-f lavfi -i testsrc=s=64x48:r=30:d=1 -vf select='mod(n\\,3)' -fps_mode vfr -c:v ffv1",
    );
    let clip = read(&path);
    let times: Vec<_> = clip.frames.iter().map(|f| f.time.as_secs_f64()).collect();
    assert_eq!(times.len(), 20);
    // The container's clock begins with the first frame that was kept, the second.
    for (time, n) in times.iter().zip([0.0, 1.0, 3.0, 4.0, 6.0, 7.0]) {
        assert!((time - n / 30.0).abs() < 0.002, "{times:?}");
    }
}

#[test]
fn a_missing_track_is_no_error_and_stereo_is_mixed_down() {
    let (_folder, silent) = make(
        "silent.mp4",
        "-f lavfi -i testsrc=s=64x48:r=25:d=0.4 -c:v libx264",
    );
    let clip = read(&silent);
    assert!(clip.sound.is_none());
    assert_eq!(clip.frames.len(), 10);
    let (_folder, blind) = make(
        "blind.flac",
        "-f lavfi -i aevalsrc=0.5|0.25:s=16000:d=0.5 -c:a flac",
    );
    let clip = read(&blind);
    assert!(clip.frames.is_empty());
    let sound = clip.sound.unwrap();
    assert_eq!((sound.rate.hz(), sound.samples.len()), (16_000, 8_000));
    assert!(
        sound
            .samples
            .iter()
            .all(|sample| (sample - 0.375).abs() < 1e-3)
    );
}

#[test]
fn frames_can_be_fewer_and_smaller() {
    let (_folder, path) = make(
        "large.mkv",
        "-f lavfi -i testsrc=s=320x240:r=30:d=1 -c:v ffv1",
    );
    let options = ReadOptions {
        max_side: Some(80),
        frame_rate: Some(10.0),
    };
    let clip = read_clip(&entry(&path), &options).unwrap();
    // The last frame is kept for the sake of videos of one.
    assert!((10..=11).contains(&clip.frames.len()));
    assert!(
        clip.frames
            .iter()
            .all(|frame| (frame.width, frame.height) == (80, 60))
    );
    let gap = clip.frames[1].time - clip.frames[0].time;
    assert!(gap.abs_diff(Duration::from_millis(100)) < Duration::from_millis(1));
}

#[test]
fn names_that_look_like_options_protocols_or_patterns_are_safe() {
    for name in ["-i.mkv", "http:a%03d b.mkv", "*[x]'é.mkv"] {
        let (_folder, path) = make(name, "-f lavfi -i testsrc=s=64x48:r=25:d=0.2 -c:v ffv1");
        assert_eq!(read(&path).frames.len(), 5, "{name}");
    }
}

#[test]
fn wav_files_of_rare_kinds_are_read_too() {
    let (_folder, path) = make(
        "law.wav",
        "-f lavfi -i sine=440:d=0.5:r=8000 -c:a pcm_mulaw",
    );
    assert_eq!(read(&path).sound.unwrap().samples.len(), 4_000);
}

#[test]
fn broken_files_get_one_sentence() {
    let (_folder, path) = make("flash.mp4", FLASH_AND_BEEP);
    let whole = fs::read(&path).unwrap();
    // The index of this MP4 is at its end.
    fs::write(&path, &whole[..whole.len() / 2]).unwrap();
    let message = error_of(&path);
    assert!(
        message.contains("ffmpeg cannot read it (moov atom not found)"),
        "{message}"
    );
    fs::write(&path, "not a film").unwrap();
    let message = error_of(&path);
    assert!(message.contains("ffmpeg cannot read it ("), "{message}");
    assert!(message.starts_with(&path.display().to_string()) && !message.contains('\n'));
    fs::write(&path, "").unwrap();
    assert!(error_of(&path).ends_with("the file is empty; copy or record it again"));
    fs::remove_file(&path).unwrap();
    assert!(error_of(&path).contains("No such file"));
    fs::create_dir(&path).unwrap();
    assert!(error_of(&path).contains("it is not a file"));
}

#[test]
fn an_mp4_with_its_index_in_front_that_is_cut_short_is_refused() {
    let (_folder, path) = make(
        "flash.mp4",
        &format!("{FLASH_AND_BEEP} -movflags +faststart"),
    );
    let whole = fs::read(&path).unwrap();
    fs::write(&path, &whole[..whole.len() / 2]).unwrap();
    assert!(
        error_of(&path).contains("the file is cut short"),
        "{}",
        error_of(&path)
    );
}

#[test]
fn matroska_and_webm_that_are_cut_short_are_refused() {
    let vp8 = FLASH_AND_BEEP
        .replace("libx264 -preset ultrafast", "libvpx -deadline realtime")
        .replace("-c:a aac -b:a 128k", "-c:a libvorbis");
    for (name, arguments) in [("flash.mkv", FLASH_AND_BEEP), ("flash.webm", &vp8)] {
        let (_folder, path) = make(name, arguments);
        let whole = fs::read(&path).unwrap();
        assert_eq!(read(&path).frames.len(), 50, "{name}");
        for length in [whole.len() / 2, whole.len() * 3 / 4] {
            fs::write(&path, &whole[..length]).unwrap();
            assert!(
                error_of(&path).contains("the file is cut short"),
                "{name} cut at {length}: {}",
                error_of(&path)
            );
        }
    }
}

#[test]
fn a_video_of_one_short_frame_keeps_it_whatever_the_rate() {
    let (_folder, path) = make(
        "one.mkv",
        "-f lavfi -i testsrc=s=64x48:r=25:d=0.04 -c:v ffv1",
    );
    let options = ReadOptions {
        max_side: None,
        frame_rate: Some(10.0),
    };
    assert_eq!(read_clip(&entry(&path), &options).unwrap().frames.len(), 1);
}

#[test]
fn a_missing_ffmpeg_is_named_with_how_to_install_it() {
    let error = probe("evenkeel-no-such-program", Path::new("film.mp4"))
        .unwrap_err()
        .to_string();
    assert!(
        error.starts_with("film.mp4: ") && error.contains("apt-get install ffmpeg"),
        "{error}"
    );
}

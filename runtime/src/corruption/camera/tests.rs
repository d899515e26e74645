use super::*;
use crate::random;
use crate::window::Frame;

const SECOND: Duration = Duration::from_secs(1);

/// A picture with shapes of all sizes and colours, and neither black nor white.
fn picture(width: u32, height: u32) -> Frame {
    let value = |x: u32, y: u32, c: u32| {
        let edge = u32::from((x * 7 / width + y * 5 / height).is_multiple_of(2));
        (40 + 110 * edge + (x * 50 / width) + 12 * ((x + y) % 3) + 20 * c * (1 - edge)) as u8
    };
    let pixels = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
    Frame {
        time: Duration::from_secs(7),
        width,
        height,
        rgb: pixels
            .flat_map(|(x, y)| [0, 1, 2].map(|c| value(x, y, c)))
            .collect(),
    }
}

fn still(width: u32, height: u32) -> Window {
    Window {
        start: Duration::from_secs(7),
        sound: None,
        frames: vec![picture(width, height)],
        ..Window::default()
    }
}

/// A second of the picture, eight frames that do not differ.
fn standing_sequence() -> Window {
    let mut window = still(64, 48);
    let first = window.frames[0].clone();
    window.frames = (0..8)
        .map(|i| Frame {
            time: window.start + SECOND / 8 * i,
            ..first.clone()
        })
        .collect();
    window
}

/// A grey picture of another size in a window after one without frames.
fn others() -> Sources {
    let mut old = picture(10, 10);
    old.rgb.fill(99);
    let filmed = Window {
        frames: vec![old],
        ..Window::default()
    };
    Sources {
        others: vec![Window::default(), filmed],
        ..Sources::default()
    }
}

fn spoilt(
    kind: CameraCorruption,
    window: &Window,
    severity: Severity,
    seed: u64,
    sources: &Sources,
) -> Window {
    let mut window = window.clone();
    let mut rng = random::rng("test of corruptions", &[seed]);
    kind.apply(&mut window, SECOND, severity, &mut rng, sources);
    window
}

/// Mean difference of the values of two pictures of one size.
fn difference(a: &Frame, b: &Frame) -> f64 {
    assert_eq!((a.width, a.height), (b.width, b.height));
    let sum: u64 = a
        .rgb
        .iter()
        .zip(&b.rgb)
        .map(|(a, b)| u64::from(a.abs_diff(*b)))
        .sum();
    sum as f64 / a.rgb.len() as f64
}

/// Whether a kind draws anything at random for a still picture.
fn has_dice(kind: CameraCorruption, severity: Severity) -> bool {
    use CameraCorruption as C;
    match kind {
        C::DefocusBlur | C::ZoomBlur | C::Brightness | C::Contrast | C::Pixelate | C::Jpeg => false,
        C::OverExposed | C::Missing => false,
        // Half a turn is the same either way.
        C::Rolled => severity != Severity::WORST,
        _ => true,
    }
}

#[test]
fn equal_seeds_give_equal_frames_and_other_seeds_others() {
    let window = still(96, 96);
    for kind in CameraCorruption::ALL {
        for severity in Severity::ALL {
            let draw = |seed| spoilt(kind, &window, severity, seed, &Sources::default());
            assert_eq!(draw(1), draw(1), "{kind:?}");
            // Two seeds may well draw the same of three colours.
            let differs = (2..20).any(|seed| draw(seed) != draw(1));
            assert_eq!(differs, has_dice(kind, severity), "{kind:?} {severity}");
        }
    }
}

#[test]
fn every_kind_changes_pictures_of_all_usual_sizes_and_takes_tiny_ones() {
    for (width, height) in [(96, 96), (200, 150), (3, 2), (1, 1), (1, 9)] {
        let window = still(width, height);
        for kind in CameraCorruption::ALL {
            for severity in Severity::ALL {
                for sources in [Sources::default(), others()] {
                    let spoilt = spoilt(kind, &window, severity, 3, &sources);
                    let whole = spoilt.frames.iter().all(picture::is_whole);
                    assert!(whole, "{kind:?} {severity} {width}×{height}");
                    let large = width > 90;
                    assert!(!large || spoilt != window, "{kind:?} {severity} {width}");
                }
            }
        }
    }
}

#[test]
fn the_worse_it_is_the_more_differs() {
    use CameraCorruption as C;
    let window = still(96, 96);
    for kind in [
        C::GaussianNoise,
        C::ShotNoise,
        C::ImpulseNoise,
        C::DefocusBlur,
        C::GlassBlur,
        C::MotionBlur,
        C::ZoomBlur,
        C::Brightness,
        C::Contrast,
        C::Jpeg,
        C::Pixelate,
        C::Covered,
        C::Finger,
        C::OverExposed,
        C::WhiteBalance,
        C::DeadChannel,
        C::Torn,
    ] {
        let differences = Severity::ALL.map(|severity| {
            let draws = 0..12;
            let differ = |seed| {
                let spoilt = spoilt(kind, &window, severity, seed, &others());
                difference(&spoilt.frames[0], &window.frames[0])
            };
            draws.map(differ).sum::<f64>()
        });
        assert!(
            differences.is_sorted_by(|a, b| a < b),
            "{kind:?} {differences:?}"
        );
    }
}

#[test]
fn a_camera_that_is_not_there_stays_away() {
    let window = Window::default();
    for kind in CameraCorruption::ALL {
        let spoilt = spoilt(kind, &window, Severity::WORST, 0, &others());
        assert_eq!(spoilt, window, "{kind:?}");
    }
    let missing = CameraCorruption::Missing;
    let spoilt = spoilt(missing, &still(4, 4), Severity::WORST, 0, &others());
    assert!(spoilt.frames.is_empty());
}

#[test]
fn broken_frames_are_left_for_others_to_refuse() {
    let mut window = still(20, 20);
    window.frames[0].rgb.pop();
    for kind in CameraCorruption::ALL {
        assert_eq!(spoilt(kind, &window, Severity::WORST, 0, &others()), window);
    }
}

#[test]
fn what_stands_still_is_the_same_in_all_frames_and_noise_is_not() {
    use CameraCorruption as C;
    let window = standing_sequence();
    let frames = |kind| spoilt(kind, &window, Severity::WORST, 5, &Sources::default()).frames;
    for kind in [
        C::Finger,
        C::Frost,
        C::Fog,
        C::Rolled,
        C::WhiteBalance,
        C::GlassBlur,
        C::Elastic,
    ] {
        let frames = frames(kind);
        assert!(
            frames.iter().all(|frame| frame.rgb == frames[0].rgb),
            "{kind:?}"
        );
    }
    for kind in [
        C::GaussianNoise,
        C::ShotNoise,
        C::ImpulseNoise,
        C::Covered,
        C::Snow,
    ] {
        let frames = frames(kind);
        assert!(
            frames.windows(2).all(|pair| pair[0].rgb != pair[1].rgb),
            "{kind:?}"
        );
    }
}

#[test]
fn a_stuck_camera_repeats_an_old_picture_exactly_and_a_live_one_never() {
    let window = still(96, 96);
    for severity in Severity::ALL {
        let frames = spoilt(CameraCorruption::Stuck, &window, severity, 8, &others()).frames;
        assert_eq!(frames.len(), 10);
        let (live, stuck) = frames.split_at(10 - 2 * usize::from(severity.level()));
        assert!(
            stuck
                .iter()
                .all(|frame| frame.rgb.iter().all(|&value| value == 99))
        );
        for (i, frame) in live.iter().enumerate() {
            assert!(live[..i].iter().all(|before| before.rgb != frame.rgb));
            let far = frame
                .rgb
                .iter()
                .zip(&window.frames[0].rgb)
                .map(|(a, b)| a.abs_diff(*b));
            assert_eq!(far.max(), Some(1));
        }
        assert!(
            frames
                .iter()
                .all(|frame| (7.0..8.0).contains(&frame.time.as_secs_f64()))
        );
        assert!(frames.is_sorted_by(|a, b| a.time < b.time));
    }
    let alone = spoilt(
        CameraCorruption::Stuck,
        &window,
        Severity::WORST,
        8,
        &Sources::default(),
    );
    assert!(
        alone
            .frames
            .iter()
            .all(|frame| frame.rgb == alone.frames[0].rgb)
    );
}

#[test]
fn dropped_frames_are_missing_and_the_others_untouched() {
    let window = standing_sequence();
    let kind = CameraCorruption::DroppedFrames;
    let counts = Severity::ALL.map(|severity| {
        let spoilt = spoilt(kind, &window, severity, 2, &Sources::default());
        assert!(
            spoilt
                .frames
                .iter()
                .all(|frame| window.frames.contains(frame))
        );
        assert!(spoilt.frames.is_sorted_by(|a, b| a.time < b.time));
        spoilt.frames.len()
    });
    assert_eq!(counts, [5, 4, 2, 1, 1]);
    let filmed = Severity::ALL.map(|severity| {
        spoilt(kind, &still(9, 9), severity, 2, &Sources::default())
            .frames
            .len()
    });
    assert_eq!(filmed[0], 6);
    assert_eq!(filmed[4], 1);
}

#[test]
fn the_upper_part_of_a_torn_picture_is_new_and_the_lower_old() {
    let window = still(40, 100);
    for (sources, severity) in [(Sources::default(), 3), (others(), 5)] {
        let severity = Severity::try_from(severity).unwrap();
        let spoilt = spoilt(CameraCorruption::Torn, &window, severity, 4, &sources);
        let rows = |frame: &Frame| {
            frame
                .rgb
                .chunks(120)
                .map(<[u8]>::to_vec)
                .collect::<Vec<_>>()
        };
        let (new, torn) = (rows(&window.frames[0]), rows(&spoilt.frames[0]));
        let line = severity.pick([85, 75, 65, 55, 45]);
        assert_eq!(new[..line], torn[..line]);
        assert!(
            new[line..]
                .iter()
                .zip(&torn[line..])
                .all(|(new, torn)| new != torn)
        );
    }
}

#[test]
fn a_camera_upside_down_turns_the_picture_half_round() {
    let window = still(31, 20);
    let spoilt = spoilt(
        CameraCorruption::Rolled,
        &window,
        Severity::WORST,
        0,
        &others(),
    );
    let turned = spoilt.frames[0].rgb.as_chunks::<3>().0.iter().rev();
    assert!(turned.eq(window.frames[0].rgb.as_chunks::<3>().0));
}

#[test]
fn a_finger_covers_the_share_of_the_picture_that_it_should() {
    let window = still(120, 80);
    for severity in Severity::ALL {
        let wanted = severity.pick([0.15, 0.3, 0.45, 0.6, 0.75]);
        let spoilt = spoilt(CameraCorruption::Finger, &window, severity, 6, &others());
        let pairs = spoilt.frames[0].rgb.iter().zip(&window.frames[0].rgb);
        let covered = pairs.filter(|(a, b)| a.abs_diff(**b) > 2).count();
        let share = covered as f64 / window.frames[0].rgb.len() as f64;
        assert!((share - wanted).abs() < 0.15, "{share} instead of {wanted}");
    }
}

#[test]
fn most_pixels_of_an_overexposed_picture_are_at_their_limit() {
    let spoilt = spoilt(
        CameraCorruption::OverExposed,
        &still(96, 96),
        Severity::WORST,
        0,
        &others(),
    );
    let rgb = &spoilt.frames[0].rgb;
    let at_limit = rgb.iter().filter(|&&value| value == 255).count();
    assert!(at_limit * 10 > rgb.len() * 8, "{at_limit}");
}

#[test]
fn noise_is_as_strong_as_published() {
    let mut window = still(96, 96);
    window.frames[0].rgb.fill(128);
    let deviation = |kind| {
        let spoilt = spoilt(kind, &window, Severity::ALL[0], 1, &Sources::default());
        let squares = spoilt.frames[0]
            .rgb
            .iter()
            .map(|&v| (f64::from(v) - 128.0).powi(2));
        (squares.sum::<f64>() / window.frames[0].rgb.len() as f64).sqrt() / 255.0
    };
    let gaussian = deviation(CameraCorruption::GaussianNoise);
    assert!((gaussian - 0.08).abs() < 0.003, "{gaussian}");
    // A count of 60 · 128/255 photons has the square root of it as its deviation.
    let shot = deviation(CameraCorruption::ShotNoise);
    assert!(
        (shot - (128.0_f64 / 255.0 / 60.0).sqrt()).abs() < 0.004,
        "{shot}"
    );
}

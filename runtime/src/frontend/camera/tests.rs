//! What the encoder sees of a picture.

use super::*;

fn config(width: u32, height: u32, colour: Colour) -> CameraConfig {
    CameraConfig {
        width,
        height,
        colour,
        frames: 1,
        window_seconds: 1.0,
        crop: None,
        mean: vec![0.0; colour.channels()],
        std: vec![1.0; colour.channels()],
        even_contrast: false,
    }
}

fn frame(width: u32, height: u32, colour: impl Fn(u32, u32) -> [u8; 3]) -> Frame {
    Frame {
        time: Duration::ZERO,
        width,
        height,
        rgb: (0..height)
            .flat_map(|y| (0..width).map(move |x| (x, y)))
            .flat_map(|(x, y)| colour(x, y))
            .collect(),
    }
}

fn picture(config: &CameraConfig, frames: &[Frame]) -> Vec<f32> {
    CameraFrontend::new(config)
        .unwrap()
        .picture(Duration::ZERO, frames)
        .unwrap()
}

#[test]
fn a_fine_checkerboard_becomes_grey() {
    let board = frame(480, 480, |x, y| [if (x + y) % 2 == 0 { 255 } else { 0 }; 3]);
    let seen = picture(&config(48, 48, Colour::Rgb), &[board]);
    assert_eq!(seen.len(), 3 * 48 * 48);
    assert!(seen.iter().all(|x| (x - 0.5).abs() < 0.02));
}

#[test]
fn channels_are_planes_and_each_is_normalised_by_its_own_numbers() {
    let mut config = config(2, 2, Colour::Rgb);
    config.mean = vec![0.5, 0.25, 0.0];
    config.std = vec![0.5, 0.25, 0.1];
    let seen = picture(&config, &[frame(8, 8, |_, _| [255, 0, 51])]);
    let expected = [
        1.0, 1.0, 1.0, 1.0, -1.0, -1.0, -1.0, -1.0, 2.0, 2.0, 2.0, 2.0,
    ];
    for (a, b) in seen.iter().zip(expected) {
        assert!((a - b).abs() < 1e-5, "{a} is not {b}");
    }
}

#[test]
fn grey_is_the_luma_of_bt_601() {
    let luma = |rgb| picture(&config(1, 1, Colour::Grey), &[frame(3, 3, |_, _| rgb)])[0];
    assert!((luma([255, 0, 0]) - 0.299).abs() < 1e-5);
    assert!((luma([0, 255, 0]) - 0.587).abs() < 1e-5);
    assert!((luma([0, 0, 255]) - 0.114).abs() < 1e-5);
}

#[test]
fn the_centre_of_a_wide_picture_is_seen_undistorted() {
    // 300×100: the centred square is columns 100..200.
    let wide = frame(300, 100, |x, _| {
        if (100..200).contains(&x) {
            [0, 255, 0]
        } else {
            [255, 0, 0]
        }
    });
    let seen = picture(&config(10, 10, Colour::Rgb), &[wide]);
    let (red, green) = (seen[55], seen[155]);
    assert!(red < 0.01 && green > 0.99, "red {red}, green {green}");
}

#[test]
fn a_crop_shows_that_part_and_nothing_else() {
    let quarters = frame(200, 100, |x, y| {
        [
            if x >= 100 { 255 } else { 0 },
            if y >= 50 { 255 } else { 0 },
            0,
        ]
    });
    let mut config = config(4, 4, Colour::Rgb);
    config.crop = Some(Crop {
        x: 0.55,
        y: 0.05,
        width: 0.45,
        height: 0.4,
    });
    let seen = picture(&config, &[quarters]);
    assert!(seen[..16].iter().all(|&red| red > 0.99), "right half");
    assert!(seen[16..32].iter().all(|&green| green < 0.01), "upper half");
}

#[test]
fn any_size_of_frame_down_to_one_pixel_will_do() {
    for (width, height) in [(1, 1), (1, 7), (641, 3), (5, 479), (47, 49)] {
        for crop in [
            None,
            Some(Crop {
                x: 0.9,
                y: 0.3,
                width: 0.1,
                height: 0.01,
            }),
        ] {
            let mut config = config(48, 32, Colour::Rgb);
            config.crop = crop;
            let seen = picture(&config, &[frame(width, height, |_, _| [51, 102, 204])]);
            for (plane, expected) in seen.chunks(48 * 32).zip([0.2, 0.4, 0.8]) {
                assert!(
                    plane.iter().all(|x| (x - expected).abs() < 0.01),
                    "{width}×{height}"
                );
            }
        }
    }
}

#[test]
fn each_instant_takes_the_frame_nearest_in_time() {
    let frames: Vec<Frame> = [
        (900, 10),
        (1_150, 20),
        (1_500, 30),
        (1_600, 40),
        (2_500, 50),
    ]
    .map(|(time, value)| Frame {
        time: Duration::from_millis(time),
        ..frame(4, 4, |_, _| [value; 3])
    })
    .into();
    let mut config = config(1, 1, Colour::Grey);
    config.frames = 4;
    // Instants 1.125, 1.375, 1.625 and 1.875 s.
    let seen = CameraFrontend::new(&config)
        .unwrap()
        .picture(Duration::from_secs(1), &frames)
        .unwrap();
    let values: Vec<u32> = seen.iter().map(|x| (x * 255.0).round() as u32).collect();
    assert_eq!(values, [20, 30, 40, 40]);
}

#[test]
fn broken_frames_are_errors() {
    let mut frontend = CameraFrontend::new(&config(4, 4, Colour::Rgb)).unwrap();
    let mut short = frame(5, 3, |_, _| [0; 3]);
    short.rgb.pop();
    let error = frontend.picture(Duration::ZERO, &[short]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "a frame of 5×3 must have 45 bytes, not 44"
    );
    let empty = frame(0, 3, |_, _| [0; 3]);
    assert_eq!(
        frontend.picture(Duration::ZERO, &[empty]),
        Err(FrontendError::EmptyFrame {
            width: 0,
            height: 3
        })
    );
    assert_eq!(
        frontend.picture(Duration::ZERO, &[]),
        Err(FrontendError::NoFrames)
    );
}

/// Makes one value wrong.
type Spoil = fn(&mut CameraConfig);

#[test]
fn contradicting_parameters_are_named() {
    let cases: [(Spoil, &str); 6] = [
        (|c| c.width = 0, "width"),
        (|c| c.frames = usize::MAX, "frames"),
        (|c| c.window_seconds = f32::NAN, "window_seconds"),
        (|c| c.mean = vec![0.0], "mean"),
        (|c| c.std[1] = 0.0, "std"),
        (
            |c| {
                c.crop = Some(Crop {
                    x: 0.5,
                    y: 0.0,
                    width: 0.6,
                    height: 1.0,
                })
            },
            "crop",
        ),
    ];
    for (spoil, named) in cases {
        let mut config = config(4, 4, Colour::Rgb);
        spoil(&mut config);
        let error = CameraFrontend::new(&config).err().unwrap().to_string();
        assert!(error.contains(named), "{error}");
    }
}

/// One without size would show what the window before showed.
#[test]
fn a_crop_must_have_a_size_and_lie_inside() {
    let check = |x, width| {
        let mut config = config(4, 4, Colour::Rgb);
        config.crop = Some(Crop {
            x,
            y: 0.0,
            width,
            height: 1.0,
        });
        config.check()
    };
    for (x, width) in [
        (0.5, 0.0),
        (0.5, f32::MIN_POSITIVE),
        (0.5, 0.009),
        (1.0, 0.01),
        (-0.1, 0.5),
        (f32::NAN, 0.5),
        (0.5, f32::NAN),
    ] {
        let error = check(x, width).unwrap_err().to_string();
        assert!(error.contains("crop"), "{error}");
    }
    for (x, width) in [(0.0, 1.0), (0.99, 0.01), (0.7, 0.3), (0.64, 0.36)] {
        assert_eq!(check(x, width), Ok(()), "{x} and {width}");
    }
}

#[test]
fn with_even_contrast_a_dim_picture_looks_like_a_bright_one_and_a_covered_lens_stays_flat() {
    let mut config = config(16, 16, Colour::Grey);
    config.even_contrast = true;
    let stripes = |dark: u8, bright: u8| {
        let value = move |x: u32| {
            if (x / 4).is_multiple_of(2) {
                dark
            } else {
                bright
            }
        };
        picture(&config, &[frame(16, 16, |x, _| [value(x); 3])])
    };
    let (bright, dim) = (stripes(55, 255), stripes(25, 125));
    let mean = bright.iter().sum::<f32>() / bright.len() as f32;
    assert!(mean.abs() < 1e-5);
    for (a, b) in std::iter::zip(&bright, &dim) {
        assert!((a - b).abs() < 0.15, "{a} and {b}");
        assert!((0.8..1.0).contains(&a.abs()), "{a}");
    }
    assert!(stripes(3, 4).iter().all(|x| x.abs() < 0.1));
}

//! What goes wrong with pictures.

use super::*;

/// Every fresh picture is sick after `spoil`, and for the reason that is shown as `words`.
fn assert_camera(words: &str, spoil: impl Fn(&mut Frame)) {
    for (i, mut window) in fresh().enumerate() {
        spoil(&mut window.frames[0]);
        let health = first_look(&window).camera;
        let reason = health.reason.map(|reason| reason.to_string());
        assert_eq!(reason.as_deref(), Some(words), "picture {i}: {health:?}");
        assert!(!health.is_well());
    }
}

#[test]
fn each_fault_of_the_picture_is_named() {
    let all = |pixel: [u8; 3]| {
        move |frame: &mut Frame| {
            frame
                .rgb
                .chunks_exact_mut(3)
                .for_each(|p| p.copy_from_slice(&pixel));
        }
    };
    assert_camera("dark", all([0, 0, 0]));
    assert_camera("over-exposed", all([255, 255, 255]));
    assert_camera("no contrast", all([120, 120, 120]));
    assert_camera("dark", |frame| frame.rgb.iter_mut().for_each(|v| *v /= 8));
    assert_camera("over-exposed", |frame| {
        frame.rgb.iter_mut().for_each(|v| *v = v.saturating_mul(3));
    });
    for channel in 0..3 {
        assert_camera("wrong colours", |frame| {
            frame.rgb.chunks_exact_mut(3).for_each(|p| p[channel] = 0);
        });
    }
    assert_camera("noisy", |frame| {
        let noise = noise::white(frame.rgb.len(), &mut rng("health test noise", &[]));
        for (value, noise) in frame.rgb.iter_mut().zip(noise) {
            *value = (f32::from(*value) + 40.0 * noise) as u8;
        }
    });
    assert_camera("blurred", |frame| {
        for _ in 0..12 {
            blur(frame);
        }
    });
    assert_camera("torn", |frame| {
        let below = 3 * SIDE * 40..3 * SIDE * SIDE;
        frame.rgb[below]
            .chunks_exact_mut(3 * SIDE)
            .for_each(|row| row.rotate_left(3 * 37));
    });
    assert_camera("blocky", |frame| {
        let whole = frame.rgb.clone();
        for (i, value) in frame.rgb.iter_mut().enumerate() {
            let (pixel, channel) = (i / 3, i % 3);
            let (x, y) = (pixel % SIDE / 6 * 6, pixel / SIDE / 6 * 6);
            *value = whole[3 * (y * SIDE + x) + channel];
        }
    });
}

/// The mean with the neighbours to the right and below.
fn blur(frame: &mut Frame) {
    for by in [3, 3 * SIDE] {
        for i in 0..frame.rgb.len() - by {
            frame.rgb[i] = ((u16::from(frame.rgb[i]) + u16::from(frame.rgb[i + by])) / 2) as u8;
        }
    }
}

//! The data set over small material.

use std::collections::HashSet;

use super::fixture::material;
use super::*;

fn digits(seed: u64) -> Digits {
    let config = DigitsConfig {
        windows_per_epoch: 200,
        ..DigitsConfig::default()
    };
    Digits::from_material(&config, seed, material()).unwrap()
}

#[test]
fn each_seed_holds_out_its_own_speakers_everywhere() {
    for seed in 0..7 {
        let data = digits(seed);
        let names = ["ann", "bob", "cas", "dee", "eve", "fay"];
        assert_eq!(data.speaker(Split::Test), Some(names[seed as usize % 6]));
        assert_eq!(
            data.speaker(Split::Validation),
            Some(names[(seed as usize + 1) % 6])
        );
        let speakers = |list: &[usize]| -> HashSet<&str> {
            list.iter()
                .map(|&at| data.material.words[at].speaker.as_str())
                .collect()
        };
        let [train, validation, test] = data.words.each_ref().map(|list| speakers(list));
        assert_eq!((train.len(), validation.len(), test.len()), (4, 1, 1));
        assert!(train.is_disjoint(&validation) && train.is_disjoint(&test));
        for others in &data.others {
            assert!(speakers(others).is_subset(&train));
        }
        assert!(data.others[0].iter().all(|at| !data.others[1].contains(at)));
    }
}

#[test]
fn examples_repeat_and_only_training_changes_with_the_epoch() {
    let data = digits(3);
    let same = |split, a: (u32, usize), b: (u32, usize)| {
        data.example(split, a.0, a.1).unwrap().window
            == data.example(split, b.0, b.1).unwrap().window
    };
    for split in [Split::Train, Split::Validation, Split::Test] {
        assert!(same(split, (2, 5), (2, 5)));
        assert!(!same(split, (2, 5), (2, 6)));
    }
    assert!(!same(Split::Train, (0, 5), (1, 5)));
    assert!(same(Split::Test, (0, 5), (1, 5)));
    assert!(data.example(Split::Test, 0, 66).is_err());
}

#[test]
fn held_out_splits_have_every_recording_once_and_a_tenth_of_nothing() {
    let data = digits(0);
    assert_eq!(data.len(Split::Test), 66);
    let mut counts = [0; 11];
    for index in 0..66 {
        counts[data.example(Split::Test, 0, index).unwrap().label] += 1;
    }
    assert_eq!(counts, [6; 11]);
    let nothing = (0..200).filter(|&i| data.example(Split::Train, 0, i).unwrap().label == 10);
    assert!((5..40).contains(&nothing.count()));
}

#[test]
fn a_window_is_whole() {
    let window = digits(0).example(Split::Train, 0, 0).unwrap().window;
    let sound = window.sound.unwrap();
    assert_eq!((sound.samples.len(), sound.rate.hz()), (10240, 8000));
    assert!(sound.samples.iter().all(|s| s.abs() <= 1.0));
    assert_eq!(
        (window.frames.len(), window.frames[0].rgb.len()),
        (1, 3 * 96 * 96)
    );
}

/// Of the training windows only: what is measured stays what it is.
#[test]
fn another_hand_changes_training_pictures_and_no_others() {
    let mut varied = DigitsConfig::default();
    varied.difficulty.hand.stretch = 1.5;
    let of = |config: &DigitsConfig| Digits::from_material(config, 0, fixture::material()).unwrap();
    let (plain, varied) = (of(&DigitsConfig::default()), of(&varied));
    let same = |split, index| {
        let [one, other] =
            [&plain, &varied].map(|digits| digits.example(split, 1, index).unwrap().window);
        one.frames == other.frames
    };
    assert!((0..10).any(|index| !same(Split::Train, index)));
    assert!((0..10).all(|index| same(Split::Test, index)));
}

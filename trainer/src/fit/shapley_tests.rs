//! Shapley values of a model's sensors, against the accuracies that they are made of.

use evenkeel::probability::most_probable;
use evenkeel::window::Modality;

use super::balance_tests::{CLASSES, config, model, samples};
use super::evaluate::{Prepared, Workers};
use super::shard::Sample;
use crate::model::Frozen;

#[test]
fn shapley_values_come_from_the_accuracy_without_each_sensor() {
    let config = config(&["model.fusion=attention"]);
    let model = model(&config);
    let mut workers = Workers::new(&config, &Frozen::default()).unwrap();
    // Labels that this model gives with all sensors, with the microphone or with the camera, so that the
    // accuracies differ.
    let mut prepared = Prepared {
        samples: samples(&config)
            .into_iter()
            .map(|(s, _)| s)
            .skip(2)
            .collect(),
    };
    let labels = |workers: &mut Workers, lost: Option<Modality>, prepared: &Prepared| {
        let mut samples = prepared.samples.clone();
        if let Some(lost) = lost {
            samples.iter_mut().for_each(|s| s.features[lost] = None);
        }
        let answers = workers.answer(&model, &Prepared { samples }).unwrap();
        let labels = answers.outcomes.iter();
        labels
            .map(|o| most_probable(&o.logits) as u32)
            .collect::<Vec<_>>()
    };
    let all = labels(&mut workers, None, &prepared);
    let heard = labels(&mut workers, Some(Modality::Camera), &prepared);
    let seen = labels(&mut workers, Some(Modality::Audio), &prepared);
    for (i, sample) in prepared.samples.iter_mut().enumerate() {
        sample.label = if i < 4 { all[i] } else { heard[i] };
    }
    let right = |answers: &[u32]| {
        let right = std::iter::zip(answers, &prepared.samples).filter(|(a, s)| **a == s.label);
        right.count() as f64 / 7.0
    };
    let most = (0..CLASSES as u32)
        .map(|label| prepared.samples.iter().filter(|s| s.label == label).count())
        .max()
        .unwrap() as f64
        / 7.0;
    let (both, audio, camera) = (right(&all), right(&heard), right(&seen));
    assert_ne!(audio, camera, "the test shows nothing");
    let summary = workers.answer(&model, &prepared).unwrap().summary();
    let found = workers.shapley(&model, &prepared, &summary).unwrap();
    assert!((found.nothing - most).abs() < 1e-12);
    let expected = ((audio - most) + (both - camera)) / 2.0;
    assert!((found.value.audio - expected).abs() < 1e-12, "{found:?}");
    let total = found.value.audio + found.value.camera;
    assert!((total - (both - most)).abs() < 1e-12, "{found:?}");
}

#[test]
fn a_sensor_that_the_model_lacks_contributes_nothing() {
    let config = config(&["model.fusion=camera"]);
    let model = model(&config);
    let mut workers = Workers::new(&config, &Frozen::default()).unwrap();
    let mut samples: Vec<Sample> = samples(&config)
        .into_iter()
        .map(|(s, _)| s)
        .skip(2)
        .collect();
    samples.iter_mut().for_each(|s| s.features.audio = None);
    let prepared = Prepared { samples };
    let summary = workers.answer(&model, &prepared).unwrap().summary();
    let found = workers.shapley(&model, &prepared, &summary).unwrap();
    assert_eq!(found.value.audio, 0.0);
    assert!((found.value.camera - (summary.accuracy - found.nothing)).abs() < 1e-12);
}

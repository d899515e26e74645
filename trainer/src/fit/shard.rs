//! One thread's part of the work: examples to features, features to gradients or answers.

use anyhow::{Result, ensure};
use candle_core::Tensor;
use evenkeel::frontend::{Features, Frontend, SensorConfigs};
use evenkeel::window::{Attention, Modality, PerSensor};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::lost::lose_some;
use super::metrics;
use super::optimiser::Gradients;
use super::quality::Spoiler;
use super::step::Part;
use crate::balance::Balance;
use crate::data::{Dataset, Example, Split};
use crate::model::{Forward, Frozen, Model, cross_entropy};
use crate::rollingq::KeyStatistics;

/// A thread's frontends, kept from step to step.
pub struct Shard {
    frontend: Frontend,
    frozen: Frozen,
}

/// An example as the encoders take it.
#[derive(Debug, Clone)]
pub struct Sample {
    /// Features of the sensors that gave something, behind the model's frozen networks.
    pub features: Features,
    /// Index of its label.
    pub label: u32,
}

impl Sample {
    /// Which sensors gave something.
    fn present(&self) -> PerSensor<bool> {
        PerSensor::from_fn(|m| self.features[m].is_some())
    }

    /// Whether every sensor of a model with several gave something.
    fn is_whole(&self, sensors: PerSensor<bool>) -> bool {
        sensors.count() > 1 && sensors.sensors().all(|m| self.features[m].is_some())
    }
}

/// What the model says of one sample.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// Index of its label.
    pub label: u32,
    /// Fused logits, `[classes]`.
    pub logits: Vec<f32>,
    /// Logits of the probe heads, for the sensors that gave something.
    pub probes: PerSensor<Option<Vec<f32>>>,
    /// Shares of attention.
    pub attention: Attention,
}

impl Shard {
    /// # Errors
    /// When a frontend cannot be built from its configuration.
    pub fn new(configs: &SensorConfigs, frozen: Frozen) -> Result<Self> {
        Ok(Self {
            frontend: Frontend::new(configs)?,
            frozen,
        })
    }

    /// Features of one training example, of mixed quality if there is a `spoiler`; and the sensor that
    /// must not be dropped, because it alone says what the label is.
    ///
    /// # Errors
    /// When the data set cannot give the example.
    pub fn training_sample(
        &mut self,
        data: &dyn Dataset,
        spoiler: Option<&Spoiler>,
        epoch: u32,
        index: usize,
    ) -> Result<(Sample, Option<Modality>)> {
        let mut example = data.example(Split::Train, epoch, index)?;
        let knows = spoiler.and_then(|spoiler| {
            spoiler.spoil(&mut example.window, data, Split::Train, epoch, index)
        });
        Ok((self.features(&example)?, knows))
    }

    /// Features of an example in memory.
    ///
    /// # Errors
    /// When its window is broken.
    pub fn features(&mut self, example: &Example) -> Result<Sample> {
        Ok(Sample {
            features: self
                .frozen
                .embed(self.frontend.features(&example.window)?)?,
            label: example.label as u32,
        })
    }

    /// Gradient of the mean loss over a batch of `batch` examples, as far as these are part of it, with what a
    /// method of balance needs besides; for `probe_gradient` see [`Model::forward`].
    ///
    /// # Errors
    /// When an example cannot be had, or Candle fails.
    pub fn gradients(
        &mut self,
        model: &Model,
        samples: &[(Sample, PerSensor<f32>)],
        batch: usize,
        probe_gradient: f64,
        balance: Option<&Balance>,
    ) -> Result<Part> {
        let inputs: Vec<_> = samples
            .iter()
            .map(|(s, validity)| (&s.features, *validity))
            .collect();
        let labels: Vec<u32> = samples.iter().map(|(s, _)| s.label).collect();
        let out = model.forward(&model.batch(&inputs)?, probe_gradient)?;

        let share = 1.0 / batch as f32;
        let fused = cross_entropy(&out.logits, &labels, &vec![share; labels.len()])?;
        let mut losses = vec![fused];
        for modality in Modality::ALL {
            if let Some(probe) = &out.probes[modality] {
                // A sensor that gave nothing teaches its probe nothing.
                let weights: Vec<f32> = samples
                    .iter()
                    .map(|(s, _)| {
                        if s.features[modality].is_some() {
                            share
                        } else {
                            0.0
                        }
                    })
                    .collect();
                losses.push(cross_entropy(probe, &labels, &weights)?);
            }
        }
        let mut part = Part::default();
        match balance {
            // One pass back more: no probe's loss reaches another sensor's encoder, so all go together.
            Some(Balance::Mmpareto(_)) => {
                [part.gradients, part.probes] =
                    gradients_of(model, [sum(&losses[..1])?, sum(&losses[1..])?])?;
            }
            _ => [part.gradients] = gradients_of(model, [sum(&losses)?])?,
        }
        if let Some(Balance::OgmGe(_)) = balance {
            part.scores = scores(model, &out, samples)?;
        }
        let samples = samples.iter().map(|(s, _)| s);
        part.sums
            .add_outcomes(&outcomes(model, &out, samples.clone())?);
        if let Some(keys) = key_statistics(model, &out, samples)? {
            part.sums.keys = keys;
        }
        Ok(part)
    }

    /// What the model says of samples, with a validity of each sensor, 0..1, for each.
    ///
    /// # Errors
    /// Any error of Candle.
    pub fn answers(
        model: &Model,
        samples: &[(&Sample, PerSensor<f32>)],
    ) -> Result<(Vec<Outcome>, Option<KeyStatistics>)> {
        let inputs: Vec<_> = samples
            .iter()
            .map(|(sample, validity)| (&sample.features, *validity))
            .collect();
        let out = model.forward(&model.batch(&inputs)?, 0.0)?;
        let samples = samples.iter().map(|(sample, _)| *sample);
        let keys = key_statistics(model, &out, samples.clone())?;
        Ok((outcomes(model, &out, samples)?, keys))
    }
}

/// Which sensors of a training example count: with probability `dropout` one of them, at random but
/// not the one to `keep`, does not, if it has two; if it has more, at random one or several but not all. A
/// pure function of the run's seed, the epoch and the example.
pub fn drop_sensor(
    sample: &Sample,
    keep: Option<Modality>,
    seed: u64,
    epoch: u32,
    index: usize,
    dropout: f64,
) -> PerSensor<f32> {
    let mut validity = PerSensor::from_fn(|_| 1.0);
    let mut rng = ChaCha8Rng::seed_from_u64(seed ^ 0x5e45_0d0f);
    rng.set_stream((u64::from(epoch) << 32) | index as u64);
    let mut present: Vec<Modality> = sample.present().sensors().collect();
    if present.len() < 2 || !rng.random_bool(dropout) {
        return validity;
    }
    let lost = lose_some(&mut present, keep, &mut rng);
    for &modality in &present[..lost] {
        validity[modality] = 0.0;
    }
    validity
}

fn sum(losses: &[Tensor]) -> candle_core::Result<Tensor> {
    let (first, others) = losses.split_first().expect("there is a loss");
    others
        .iter()
        .try_fold(first.clone(), |sum, loss| sum + loss)
}

/// Gradients of losses that together reach every variable; 0 where one alone does not.
fn gradients_of<const N: usize>(model: &Model, losses: [Tensor; N]) -> Result<[Gradients; N]> {
    let stores = losses
        .iter()
        .map(Tensor::backward)
        .collect::<candle_core::Result<Vec<_>>>()?;
    let mut found: [Gradients; N] = std::array::from_fn(|_| Gradients::new());
    let names = model.parameters.names().iter();
    for (name, var) in names.zip(model.parameters.vars()) {
        // A variable outside all graphs would silently never learn.
        ensure!(
            stores.iter().any(|store| store.get(var).is_some()),
            "{name} has no gradient"
        );
        for (gradients, store) in std::iter::zip(&mut found, &stores) {
            gradients.push(match store.get(var) {
                Some(gradient) => gradient.flatten_all()?.to_vec1()?,
                None => vec![0.0; var.elem_count()],
            });
        }
    }
    Ok(found)
}

/// Σ of the probability that each sensor alone gives to the right class. Over the samples in which all sensors
/// count: those that only one sensor has would make it seem ahead.
fn scores(
    model: &Model,
    out: &Forward,
    samples: &[(Sample, PerSensor<f32>)],
) -> Result<PerSensor<f64>> {
    let alone = model.alone(out)?;
    let sensors = model.sensors();
    let mut scores = PerSensor::default();
    for modality in Modality::ALL {
        let Some(logits) = &alone[modality] else {
            continue;
        };
        for (logits, (sample, validity)) in logits.to_vec2::<f32>()?.iter().zip(samples) {
            if sample.is_whole(sensors) && sensors.sensors().all(|m| validity[m] > 0.0) {
                let loss = metrics::cross_entropy(logits, sample.label as usize, 1.0);
                scores[modality] += (-loss).exp();
            }
        }
    }
    Ok(scores)
}

fn outcomes<'a>(
    model: &Model,
    out: &Forward,
    samples: impl Iterator<Item = &'a Sample>,
) -> Result<Vec<Outcome>> {
    let logits = out.logits.to_vec2::<f32>()?;
    let attention = out.attention.to_vec2::<f32>()?;
    let mut probes: PerSensor<Option<Vec<Vec<f32>>>> = PerSensor::default();
    for modality in Modality::ALL {
        if let Some(probe) = &out.probes[modality] {
            probes[modality] = Some(probe.to_vec2::<f32>()?);
        }
    }
    Ok(samples
        .zip(logits)
        .enumerate()
        .map(|(i, (sample, logits))| Outcome {
            label: sample.label,
            logits,
            probes: PerSensor::from_fn(|m| {
                let given = sample.features[m].is_some();
                probes[m]
                    .as_ref()
                    .filter(|_| given)
                    .map(|rows| rows[i].clone())
            }),
            attention: model.attention(&attention[i]),
        })
        .collect())
}

/// Sums for AIR over the samples that have all sensors: without one there is nothing to prefer.
fn key_statistics<'a>(
    model: &Model,
    out: &Forward,
    samples: impl Iterator<Item = &'a Sample>,
) -> Result<Option<KeyStatistics>> {
    let Some(state) = &out.state else {
        return Ok(None);
    };
    let sensors = model.sensors();
    let whole: Vec<bool> = samples.map(|s| s.is_whole(sensors)).collect();
    let rows = |keys: &Tensor| -> Result<Vec<Vec<f32>>> {
        let rows = keys.to_vec2::<f32>()?.into_iter().zip(&whole);
        Ok(rows
            .filter(|(_, whole)| **whole)
            .map(|(row, _)| row)
            .collect())
    };
    let keys = PerSensor::try_from_fn(|m| state.mean_keys[m].as_ref().map(rows).transpose())?;
    let mut statistics = KeyStatistics::default();
    statistics.add(&state.query, &keys);
    Ok(Some(statistics))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(audio: bool, camera: bool) -> Sample {
        let given = |is: bool| is.then(|| vec![0.0]);
        let (audio, camera) = (given(audio), given(camera));
        Sample {
            features: PerSensor::pair(audio, camera),
            label: 0,
        }
    }

    /// Validity of the microphone and of the camera in a thousand examples.
    fn validities(sample: &Sample, epoch: u32, dropout: f64) -> Vec<[f32; 2]> {
        let one = |index| drop_sensor(sample, None, 7, epoch, index, dropout);
        (0..1000).map(one).map(|v| [v.audio, v.camera]).collect()
    }

    #[test]
    fn the_only_sensor_of_a_sample_is_never_dropped() {
        for (audio, camera) in [(true, false), (false, true), (false, false)] {
            let all = validities(&sample(audio, camera), 0, 1.0);
            assert!(all.iter().all(|v| *v == [1.0, 1.0]));
        }
    }

    #[test]
    fn of_three_sensors_one_or_two_are_dropped_but_never_the_one_to_keep() {
        let mut three = sample(true, true);
        three.features[Modality::Signal] = Some(vec![0.0]);
        let sensors = [Modality::Audio, Modality::Camera, Modality::Signal];
        let mut lost = PerSensor::<u32>::default();
        let mut counts = [0; 3];
        for index in 0..1000 {
            let validity = drop_sensor(&three, Some(Modality::Camera), 7, 0, index, 1.0);
            assert_eq!(validity.camera, 1.0);
            let validity = drop_sensor(&three, None, 7, 0, index, 1.0);
            let gone = sensors.into_iter().filter(|&m| validity[m] == 0.0);
            counts[gone.clone().count()] += 1;
            gone.for_each(|m| lost[m] += 1);
        }
        assert_eq!(counts[0], 0);
        assert!((430..570).contains(&counts[1]), "{counts:?}");
        for sensor in sensors {
            assert!((430..570).contains(&lost[sensor]), "{lost:?}");
        }
    }

    #[test]
    fn one_of_two_sensors_is_dropped_as_often_as_asked_for() {
        let both = sample(true, true);
        assert!(validities(&both, 0, 0.0).iter().all(|v| *v == [1.0, 1.0]));
        let all = validities(&both, 0, 0.3);
        let count = |kind: [f32; 2]| all.iter().filter(|v| **v == kind).count();
        let (neither, audio, camera) = (count([1.0, 1.0]), count([0.0, 1.0]), count([1.0, 0.0]));
        assert_eq!(neither + audio + camera, 1000);
        assert!((640..760).contains(&neither), "{neither}");
        assert!(
            (100..200).contains(&audio) && (100..200).contains(&camera),
            "{audio} {camera}"
        );
        assert_eq!(validities(&both, 0, 0.3), all);
        assert_ne!(validities(&both, 1, 0.3), all);
        for keep in Modality::ALL {
            let kept = |index| drop_sensor(&both, Some(keep), 7, 0, index, 0.3)[keep];
            assert!((0..1000).map(kept).all(|validity| validity == 1.0));
        }
    }
}

//! From the tokens of all sensors to one answer.

use candle_core::{D, DType, Result, Tensor};
use evenkeel::window::{Modality, PerSensor};

use super::{Fusion, ModelSpec, Parameters, ROTATION, dense};
use crate::ops::After;

type Affine = (Tensor, Tensor);

/// The tokens of one sensor in a batch.
pub struct Pooled {
    /// `[samples · count, d]`.
    pub tokens: Tensor,
    /// Tokens per sample.
    pub count: usize,
    /// 0..1 for each sample, `[samples, 1]`.
    pub validity: Tensor,
}

impl Pooled {
    /// Σᵢ wᵢ zᵢ in each sample, for weights `[samples, count]`: `[samples, d]`.
    fn weighted_sum(&self, weights: &Tensor) -> Result<Tensor> {
        let (samples, count) = weights.dims2()?;
        let tokens = self.tokens.reshape((samples, count, ()))?;
        weights.unsqueeze(1)?.matmul(&tokens)?.squeeze(1)
    }

    /// What is added to the scores of a sample's tokens so that their weights are multiplied by its
    /// validity, `[samples, 1]`; a sensor of validity 0 gets a weight of exactly 0.
    fn log_validity(&self) -> Result<Tensor> {
        let invisible = Tensor::full(-1e9f32, self.validity.shape(), self.validity.device())?;
        let valid = self.validity.gt(0f32)?;
        valid.where_cond(
            &self.validity.maximum(f32::MIN_POSITIVE)?.log()?,
            &invisible,
        )
    }

    /// The mean token of each sample, `[samples, d]`.
    pub fn mean(&self) -> Result<Tensor> {
        let samples = self.tokens.dim(0)? / self.count;
        let weight = 1.0 / self.count as f32;
        self.weighted_sum(&Tensor::full(
            weight,
            (samples, self.count),
            self.tokens.device(),
        )?)
    }
}

/// What AIR and the rotation are computed from; outside the graph of gradients.
pub struct AttentionState {
    /// The query after rotation, R·q, `[d]`.
    pub query: Vec<f32>,
    /// Mean key of each sensor in each sample, `[samples, d]`; `None` for a sensor that the model lacks.
    pub mean_keys: PerSensor<Option<Tensor>>,
}

/// A fusion: its weights, and the order in which it gives shares of attention.
pub struct FusionHead {
    head: Head,
    /// Audio and camera, then the further sensors of the model.
    places: Vec<Modality>,
}

/// The weights of a fusion.
enum Head {
    /// One attention head over `[CLS, Z_audio, Z_camera, …]`, read at CLS.
    Attention(Box<Attention>),
    /// A linear layer on the mean tokens, side by side.
    Concat(Affine),
    /// A linear layer on the sum of the mean tokens, or on the one that there is.
    Sum(Affine),
}

struct Attention {
    cls: Tensor,
    rotation: Tensor,
    query: Affine,
    key: Affine,
    value: Affine,
    out: Affine,
    head: Affine,
}

impl FusionHead {
    /// Over the sensors that the model `has`.
    pub fn new(
        parameters: &mut Parameters,
        spec: &ModelSpec,
        has: PerSensor<bool>,
        classes: usize,
    ) -> Result<Self> {
        let d = spec.width;
        let further = Modality::FURTHER.into_iter().filter(|&m| has[m]);
        let places = Modality::LIVE.into_iter().chain(further).collect();
        let head = match spec.fusion {
            Fusion::Rollingq | Fusion::Attention => {
                let rotation = Tensor::eye(d, DType::F32, parameters.device())?;
                parameters.buffer(ROTATION, rotation.clone());
                Head::Attention(Box::new(Attention {
                    cls: parameters.uniform("fusion.cls", 0.05, &[d])?,
                    rotation,
                    query: parameters.linear("fusion.query", d, d)?,
                    key: parameters.linear("fusion.key", d, d)?,
                    value: parameters.linear("fusion.value", d, d)?,
                    out: parameters.linear("fusion.out", d, d)?,
                    head: parameters.linear("fusion.head", d, classes)?,
                }))
            }
            Fusion::Concat => {
                let inputs = spec.fusion.head_inputs(has.count(), d);
                Head::Concat(parameters.linear("fusion.head", inputs, classes)?)
            }
            Fusion::Sum | Fusion::Audio | Fusion::Camera | Fusion::Signal => {
                Head::Sum(parameters.linear("fusion.head", d, classes)?)
            }
        };
        Ok(Self { head, places })
    }

    /// Logits `[samples, classes]`, attention `[samples, 1 + places]` and, with a query, its state.
    pub fn forward(
        &self,
        samples: usize,
        sensors: &PerSensor<Option<Pooled>>,
    ) -> Result<(Tensor, Tensor, Option<AttentionState>)> {
        let head = match &self.head {
            Head::Attention(attention) => {
                return attention.forward(&self.places, samples, sensors);
            }
            Head::Concat(head) | Head::Sum(head) => head,
        };
        let means = Modality::ALL
            .iter()
            .filter_map(|&m| sensors[m].as_ref())
            .map(|sensor| sensor.mean()?.broadcast_mul(&sensor.validity))
            .collect::<Result<Vec<_>>>()?;
        let joined = match self.head {
            Head::Concat(_) => Tensor::cat(&means, 1)?,
            _ => means[1..]
                .iter()
                .try_fold(means[0].clone(), |sum, mean| sum + mean)?,
        };
        let logits = dense(&joined, &head.0, &head.1, After::Identity)?;
        Ok((logits, share_of_validity(&self.places, sensors)?, None))
    }
}

impl FusionHead {
    /// The logits that each sensor gives by itself, which add up to the fused ones where all count in full:
    /// its share of the weights on its mean token `[samples, d]`, and an even share of the bias (Peng et al.
    /// 2022). `None` for attention, whose logits are no such sum.
    pub fn parts(
        &self,
        means: &PerSensor<Option<Tensor>>,
    ) -> Result<Option<PerSensor<Option<Tensor>>>> {
        let (weight, bias) = match &self.head {
            Head::Attention(_) => return Ok(None),
            Head::Concat((weight, bias)) | Head::Sum((weight, bias)) => (weight.detach(), bias),
        };
        let present: Vec<Modality> = Modality::ALL
            .into_iter()
            .filter(|&m| means[m].is_some())
            .collect();
        let bias = (bias.detach() / present.len().max(1) as f64)?;
        let mut parts = PerSensor::default();
        for (place, &modality) in present.iter().enumerate() {
            let Some(mean) = &means[modality] else {
                continue;
            };
            let d = mean.dim(1)?;
            let weight = match self.head {
                Head::Concat(_) => weight.narrow(1, place * d, d)?.contiguous()?,
                _ => weight.clone(),
            };
            parts[modality] = Some(dense(mean, &weight, &bias, After::Identity)?);
        }
        Ok(Some(parts))
    }
}

/// A fusion without attention gives every valid sensor its share of the validity.
fn share_of_validity(places: &[Modality], sensors: &PerSensor<Option<Pooled>>) -> Result<Tensor> {
    let zero = match places.iter().find_map(|&m| sensors[m].as_ref()) {
        Some(sensor) => sensor.validity.zeros_like()?,
        None => candle_core::bail!("a fusion needs a sensor"),
    };
    let validity = places
        .iter()
        .map(|&m| sensors[m].as_ref().map_or(&zero, |s| &s.validity));
    let sum = validity
        .clone()
        .try_fold(zero.clone(), |sum, validity| sum + validity)?;
    // Where no sensor is valid the shares are 0, not 0/0.
    let total = sum.maximum(f32::MIN_POSITIVE)?;
    let mut shares = vec![zero.clone()];
    for validity in validity {
        shares.push(validity.div(&total)?);
    }
    Tensor::cat(&shares, 1)
}

/// The scores of a sensor's tokens, and then their weights before they are divided by all.
struct Weighed<'a> {
    modality: Modality,
    sensor: &'a Pooled,
    values: Tensor,
}

impl Attention {
    /// q enters the score of token z as (Rq)·(W_k z + b_k)/√d = u·z + c, and Σ wᵢ (W_v zᵢ + b_v) =
    /// W_v (Σ wᵢ zᵢ) + b_v because the weights sum to one. So no key and no value of a token is ever
    /// computed, in training or on the device; the weights keep their separate matrices, and their
    /// gradients are those of the textbook form.
    fn forward(
        &self,
        places: &[Modality],
        samples: usize,
        sensors: &PerSensor<Option<Pooled>>,
    ) -> Result<(Tensor, Tensor, Option<AttentionState>)> {
        let d = self.cls.dim(0)?;
        let cls = self.cls.unsqueeze(0)?;
        let query = dense(&cls, &self.query.0, &self.query.1, After::Identity)?;
        let rotated = query.matmul(&self.rotation.t()?)?;
        let scaled = (&rotated / (d as f64).sqrt())?;
        let u = scaled.matmul(&self.key.0)?.t()?;
        let c = scaled.matmul(&self.key.1.unsqueeze(1)?)?;

        let mut weighed = Vec::with_capacity(places.len());
        for &modality in places {
            if let Some(sensor) = &sensors[modality] {
                let scores = sensor.tokens.matmul(&u)?.reshape((samples, sensor.count))?;
                let values = scores
                    .broadcast_add(&c)?
                    .broadcast_add(&sensor.log_validity()?)?;
                weighed.push(Weighed {
                    modality,
                    sensor,
                    values,
                });
            }
        }
        if weighed.len() < 2 {
            candle_core::bail!("attention fusion needs two sensors or more");
        }
        let cls_score = (cls.matmul(&u)? + &c)?.broadcast_as((samples, 1))?;
        let largest = weighed
            .iter()
            .try_fold(cls_score.clone(), |largest, one| {
                largest.maximum(&one.values.max_keepdim(D::Minus1)?)
            })?
            .detach();
        let weigh = |scores: &Tensor| scores.broadcast_sub(&largest)?.exp();
        let cls_weight = weigh(&cls_score)?;
        for one in &mut weighed {
            one.values = weigh(&one.values)?;
        }
        let sums = PerSensor::try_from_fn(|modality| {
            let one = weighed.iter().find(|one| one.modality == modality);
            one.map(|one| one.values.sum_keepdim(D::Minus1)).transpose()
        })?;
        let total = weighed
            .iter()
            .filter_map(|one| sums[one.modality].as_ref())
            .try_fold(cls_weight.clone(), |total, sum| total + sum)?;

        let pooled = weighed
            .iter()
            .try_fold(cls_weight.matmul(&cls)?, |pooled, one| {
                pooled + one.sensor.weighted_sum(&one.values)?
            })?
            .broadcast_div(&total)?;
        let h = dense(&pooled, &self.value.0, &self.value.1, After::Identity)?;
        let h = dense(&h, &self.out.0, &self.out.1, After::Identity)?;
        let logits = dense(&h, &self.head.0, &self.head.1, After::Identity)?;

        let zero = cls_weight.zeros_like()?;
        let mut shares = vec![&cls_weight];
        shares.extend(places.iter().map(|&m| sums[m].as_ref().unwrap_or(&zero)));
        let attention = Tensor::cat(&shares, 1)?
            .detach()
            .broadcast_div(&total.detach())?;
        let mean_key = |sensor: &Pooled| -> Result<Tensor> {
            let mean = sensor.mean()?.detach();
            dense(
                &mean,
                &self.key.0.detach(),
                &self.key.1.detach(),
                After::Identity,
            )
        };
        let state = AttentionState {
            query: rotated.detach().flatten_all()?.to_vec1()?,
            mean_keys: PerSensor::try_from_fn(|m| sensors[m].as_ref().map(mean_key).transpose())?,
        };
        Ok((logits, attention, Some(state)))
    }
}

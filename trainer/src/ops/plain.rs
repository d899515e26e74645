//! The same operations out of Candle's own, for devices on which those written by hand do not run. There many
//! temporary tensors cost less than on a CPU, and Candle knows how to go back through all of them.

use candle_core::{D, Result, Tensor};

use super::after::{FLOOR, LEAK};
use super::{After, LAYER_NORM_EPSILON, Patches};

/// See [`super::linear`].
pub(super) fn linear(x: &Tensor, weight: &Tensor, bias: &Tensor, after: After) -> Result<Tensor> {
    let y = x.matmul(&weight.t()?)?;
    let (n, output) = y.dims2()?;
    let period = bias.dim(0)?;
    let y = y
        .reshape((n / period, period, output))?
        .broadcast_add(&bias.unsqueeze(0)?)?
        .reshape((n, output))?;
    follow(y, after)
}

/// What comes after a sum.
fn follow(y: Tensor, after: After) -> Result<Tensor> {
    match after {
        After::Identity => Ok(y),
        After::Relu => y.relu(),
        After::Relu6 => y.clamp(0f32, 6f32),
        After::LeakyFloor => y.maximum(&(&y * f64::from(LEAK))?)?.maximum(FLOOR),
    }
}

/// See [`super::layer_norm`].
pub(super) fn layer_norm(x: &Tensor, weight: &Tensor, bias: &Tensor) -> Result<Tensor> {
    let centred = x.broadcast_sub(&x.mean_keepdim(D::Minus1)?)?;
    let variance = centred.sqr()?.mean_keepdim(D::Minus1)?;
    let deviation = (variance + f64::from(LAYER_NORM_EPSILON))?.sqrt()?;
    centred
        .broadcast_div(&deviation)?
        .broadcast_mul(weight)?
        .broadcast_add(bias)
}

/// See [`super::self_attention`].
pub(super) fn self_attention(qkv: &Tensor, tokens: usize, heads: usize) -> Result<Tensor> {
    let (rows, width) = qkv.dims2()?;
    let (samples, d) = (rows / tokens, width / 3);
    let size = d / heads;
    let parts = qkv
        .reshape((samples, tokens, 3, heads, size))?
        .permute((2, 0, 3, 1, 4))?;
    let part = |which: usize| parts.get(which)?.contiguous();
    let (query, key, value) = (part(0)?, part(1)?, part(2)?);
    let scores = (query.matmul(&key.t()?)? / (size as f64).sqrt())?;
    let largest = scores.max_keepdim(D::Minus1)?.detach();
    let weights = scores.broadcast_sub(&largest)?.exp()?;
    weights
        .broadcast_div(&weights.sum_keepdim(D::Minus1)?)?
        .matmul(&value)?
        .transpose(1, 2)?
        .contiguous()?
        .reshape((rows, d))
}

/// See [`super::unfold`].
pub(super) fn unfold(x: &Tensor, patches: Patches) -> Result<Tensor> {
    let pixels = under(x, patches, 0.0)?;
    let (count, kernel, channels) = pixels.dims3()?;
    pixels.reshape((count, kernel * channels))
}

/// See [`super::depthwise`].
pub(super) fn depthwise(
    x: &Tensor,
    weight: &Tensor,
    bias: &Tensor,
    patches: Patches,
    after: After,
) -> Result<Tensor> {
    let y = under(x, patches, 0.0)?
        .broadcast_mul(&weight.unsqueeze(0)?)?
        .sum(1)?
        .broadcast_add(bias)?;
    follow(y, after)
}

/// See [`super::max_pool`].
pub(super) fn max_pool(x: &Tensor, patches: Patches) -> Result<Tensor> {
    under(x, patches, f32::MIN)?.max(1)
}

/// The pixels under each patch, `[pictures · patches, kernel rows · kernel columns, channels]`, where what lies
/// outside the picture has the value `outside`.
fn under(x: &Tensor, patches: Patches, outside: f32) -> Result<Tensor> {
    let (pixels, channels) = x.dims2()?;
    let width = patches.kernel[1];
    // One more row, for what lies outside.
    let none = pixels as u32;
    let mut places: Vec<u32> = Vec::new();
    for line in patches.lines(patches.pictures(pixels)) {
        let end = places.len() + width;
        places.resize(places.len() + line.skipped, none);
        places.extend((line.start..line.start + line.count).map(|pixel| pixel as u32));
        places.resize(end, none);
    }
    let kernel = patches.kernel[0] * width;
    let count = places.len() / kernel;
    let places = Tensor::from_vec(places, count * kernel, x.device())?;
    let outside = Tensor::full(outside, (1, channels), x.device())?;
    Tensor::cat(&[x, &outside], 0)?
        .index_select(&places, 0)?
        .reshape((count, kernel, channels))
}

#[cfg(test)]
mod tests {
    use candle_core::Var;

    use super::super::check::random;
    use super::*;

    /// Asserts that both forms give the same values, and the same gradients of all inputs.
    fn agree(
        shapes: &[&[usize]],
        by_hand: impl Fn(&[Tensor]) -> Result<Tensor>,
        plain: impl Fn(&[Tensor]) -> Result<Tensor>,
    ) {
        let inputs = shapes
            .iter()
            .zip(1..)
            .map(|(shape, seed)| random(seed, shape));
        let vars: Vec<Var> = inputs.map(|x| Var::from_tensor(&x).unwrap()).collect();
        let tensors: Vec<Tensor> = vars.iter().map(|var| var.as_tensor().clone()).collect();
        let flat = |x: &Tensor| x.flatten_all().unwrap().to_vec1::<f32>().unwrap();
        let of = |form: &dyn Fn(&[Tensor]) -> Result<Tensor>| {
            let out = form(&tensors).unwrap();
            let weighed = (&out * random(99, out.dims())).unwrap();
            let gradients = weighed.sum_all().unwrap().backward().unwrap();
            let mut all = vec![flat(&out)];
            all.extend(vars.iter().map(|var| flat(gradients.get(var).unwrap())));
            all
        };
        let (found, expected) = (of(&plain), of(&by_hand));
        for (which, (found, expected)) in found.iter().zip(&expected).enumerate() {
            assert_eq!(found.len(), expected.len());
            for (x, y) in found.iter().zip(expected) {
                let difference = (x - y).abs() / y.abs().max(1.0);
                assert!(difference < 1e-5, "{which}: {x} instead of {y}");
            }
        }
    }

    const ALL: [After; 4] = [
        After::Identity,
        After::Relu,
        After::Relu6,
        After::LeakyFloor,
    ];

    fn padded() -> Patches {
        Patches {
            before: [1, 0],
            behind: [1, 1],
            ..Patches::inside([3, 4], [2, 2], [1, 2])
        }
    }

    #[test]
    fn linear_agrees_with_the_one_by_hand() {
        for after in ALL {
            agree(
                &[&[6, 5], &[4, 5], &[3, 4]],
                |t| super::super::linear(&t[0], &t[1], &t[2], after),
                |t| linear(&t[0], &t[1], &t[2], after),
            );
        }
    }

    #[test]
    fn layer_norm_agrees_with_the_one_by_hand() {
        agree(
            &[&[5, 8], &[8], &[8]],
            |t| super::super::layer_norm(&t[0], &t[1], &t[2]),
            |t| layer_norm(&t[0], &t[1], &t[2]),
        );
    }

    #[test]
    fn attention_agrees_with_the_one_by_hand() {
        agree(
            &[&[6, 24]],
            |t| super::super::self_attention(&t[0], 3, 2),
            |t| self_attention(&t[0], 3, 2),
        );
    }

    #[test]
    fn patches_agree_with_those_by_hand() {
        for patches in [Patches::inside([3, 4], [2, 3], [1, 1]), padded()] {
            agree(
                &[&[24, 2]],
                |t| super::super::unfold(&t[0], patches),
                |t| unfold(&t[0], patches),
            );
            agree(
                &[&[24, 2]],
                |t| super::super::max_pool(&t[0], patches),
                |t| max_pool(&t[0], patches),
            );
            let pixels = patches.kernel[0] * patches.kernel[1];
            for after in ALL {
                agree(
                    &[&[24, 2], &[pixels, 2], &[2]],
                    |t| super::super::depthwise(&t[0], &t[1], &t[2], patches, after),
                    |t| depthwise(&t[0], &t[1], &t[2], patches, after),
                );
            }
        }
    }
}

//! A small ViT with made weights, computed once more as its library does, class token and all.

use std::collections::BTreeMap;

use candle_core::{D, Device, Tensor};
use evenkeel::frontend::{CameraConfig, Colour, SensorConfig};
use evenkeel::window::PerSensor;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::*;

const WIDTH: usize = 8;
const HEADS: usize = 2;
const SIDE: usize = 12;
const PATCH: usize = 4;

/// Weights by timm's names, of three blocks.
fn made(positions: usize) -> BTreeMap<String, Tensor> {
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    let mut shapes = vec![
        ("cls_token".to_owned(), vec![1, 1, WIDTH]),
        ("pos_embed".to_owned(), vec![1, positions, WIDTH]),
        (
            "patch_embed.proj.weight".to_owned(),
            vec![WIDTH, 3, PATCH, PATCH],
        ),
        ("patch_embed.proj.bias".to_owned(), vec![WIDTH]),
        ("norm.weight".to_owned(), vec![WIDTH]),
        ("norm.bias".to_owned(), vec![WIDTH]),
    ];
    for block in 0..3 {
        for (name, out, inputs) in [
            ("attn.qkv", 3 * WIDTH, WIDTH),
            ("attn.proj", WIDTH, WIDTH),
            ("mlp.fc1", 4 * WIDTH, WIDTH),
            ("mlp.fc2", WIDTH, 4 * WIDTH),
        ] {
            shapes.push((format!("blocks.{block}.{name}.weight"), vec![out, inputs]));
            shapes.push((format!("blocks.{block}.{name}.bias"), vec![out]));
        }
        for norm in ["norm1", "norm2"] {
            shapes.push((format!("blocks.{block}.{norm}.weight"), vec![WIDTH]));
            shapes.push((format!("blocks.{block}.{norm}.bias"), vec![WIDTH]));
        }
    }
    shapes
        .into_iter()
        .map(|(name, shape)| {
            let count = shape.iter().product();
            let values: Vec<f32> = (0..count).map(|_| rng.random_range(-0.8..0.8)).collect();
            (name, Tensor::from_vec(values, shape, &Device::Cpu).unwrap())
        })
        .collect()
}

fn camera() -> CameraConfig {
    CameraConfig {
        width: SIDE as u32,
        height: SIDE as u32,
        colour: Colour::Rgb,
        frames: 1,
        window_seconds: 1.0,
        crop: None,
        mean: vec![0.5; 3],
        std: vec![0.5; 3],
        even_contrast: false,
    }
}

fn seeing(camera: &CameraConfig) -> SensorConfigs<'_> {
    PerSensor::pair(None, Some(SensorConfig::Camera(camera)))
}

fn spec(path: &std::path::Path) -> ModelSpec {
    let stem = |vit| Stem {
        backbone: None,
        vit,
        convolutions: Vec::new(),
        kernel: [PATCH, PATCH],
        stride: [PATCH, PATCH],
    };
    ModelSpec {
        width: WIDTH,
        depth: 2,
        heads: HEADS,
        mlp_ratio: 4,
        activation: Activation::Gelu,
        audio: stem(None),
        camera: stem(Some(path.to_owned())),
        signal: None,
        audio2: None,
        camera2: None,
        signal2: None,
        signal3: None,
        signal4: None,
        tubelet: 1,
        fusion: Fusion::Camera,
    }
}

/// The first two blocks and the last norm over the patches alone, head by head.
fn plainly(weights: &BTreeMap<String, Tensor>, picture: &Tensor) -> Result<Tensor> {
    let get = |name: &str| weights[name].clone();
    let linear = |x: &Tensor, name: &str| -> Result<Tensor> {
        x.matmul(&get(&format!("{name}.weight")).t()?)?
            .broadcast_add(&get(&format!("{name}.bias")))
    };
    let norm = |x: &Tensor, name: &str| -> Result<Tensor> {
        let centred = x.broadcast_sub(&x.mean_keepdim(D::Minus1)?)?;
        let variance = centred.sqr()?.mean_keepdim(D::Minus1)?;
        centred
            .broadcast_div(&(variance + 1e-5)?.sqrt()?)?
            .broadcast_mul(&get(&format!("{name}.weight")))?
            .broadcast_add(&get(&format!("{name}.bias")))
    };
    let kernel = get("patch_embed.proj.weight");
    let grid = picture.conv2d(&kernel, 0, PATCH, 1, 1)?;
    let mut x = grid.flatten(2, 3)?.squeeze(0)?.t()?.contiguous()?;
    x = x.broadcast_add(&get("patch_embed.proj.bias"))?;
    x = (x + get("pos_embed").squeeze(0)?.narrow(0, 1, 9)?)?;
    for block in ["blocks.0", "blocks.1"] {
        let qkv = linear(
            &norm(&x, &format!("{block}.norm1"))?,
            &format!("{block}.attn.qkv"),
        )?;
        let width = WIDTH / HEADS;
        let mut heads = Vec::new();
        for head in 0..HEADS {
            let part = |which: usize| {
                qkv.narrow(1, which * WIDTH + head * width, width)?
                    .contiguous()
            };
            let scores = (part(0)?.matmul(&part(1)?.t()?)? / (width as f64).sqrt())?.exp()?;
            let shares = scores.broadcast_div(&scores.sum_keepdim(D::Minus1)?)?;
            heads.push(shares.matmul(&part(2)?)?);
        }
        x = (x + linear(&Tensor::cat(&heads, 1)?, &format!("{block}.attn.proj"))?)?;
        let hidden = linear(
            &norm(&x, &format!("{block}.norm2"))?,
            &format!("{block}.mlp.fc1"),
        )?;
        x = (x + linear(&hidden.gelu_erf()?, &format!("{block}.mlp.fc2"))?)?;
    }
    norm(&x, "norm")
}

#[test]
fn it_answers_like_its_library() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vit.safetensors");
    let weights = made(10);
    candle_core::safetensors::save(&weights.clone().into_iter().collect(), &path).unwrap();
    let model = Model::new(&spec(&path), &seeing(&camera()), 3, 0, &Device::Cpu).unwrap();
    model.load_pretrained().unwrap();
    let picture = crate::ops::check::random(8, &[1, 3, SIDE, SIDE]);
    let features = PerSensor::pair(
        None,
        Some(picture.flatten_all().unwrap().to_vec1().unwrap()),
    );
    let batch = model
        .batch(&[(&features, PerSensor::from_fn(|_| 1.0))])
        .unwrap();
    let encoder = model.encoders.camera.as_ref().unwrap();
    let found = encoder
        .forward(batch.patches.camera.as_ref().unwrap())
        .unwrap();
    let expected = plainly(&weights, &picture).unwrap();
    let difference = (found - expected)
        .unwrap()
        .abs()
        .unwrap()
        .max_all()
        .unwrap();
    assert!(difference.to_scalar::<f32>().unwrap() < 1e-5);
}

#[test]
fn what_does_not_fit_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vit.safetensors");
    let refused = |weights: BTreeMap<String, Tensor>| {
        candle_core::safetensors::save(&weights.into_iter().collect(), &path).unwrap();
        let model = Model::new(&spec(&path), &seeing(&camera()), 3, 0, &Device::Cpu).unwrap();
        format!("{:#}", model.load_pretrained().unwrap_err())
    };
    assert!(refused(made(17)).contains("positions for 16 patches"));
    let mut weights = made(10);
    weights.remove("blocks.1.mlp.fc1.bias");
    assert!(refused(weights).contains("blocks.1.mlp.fc1.bias"));
}

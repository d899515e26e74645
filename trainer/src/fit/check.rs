//! Which configurations make sense: what is refused here would fail, or train nothing, hours later.

use anyhow::{Context, Result, bail, ensure};
use evenkeel::frontend::{CameraConfig, SensorConfig};
use evenkeel::window::Modality;

use super::config::{FitConfig, Training};
use crate::balance::Balance;
use crate::data::clips::Layout;
use crate::data::range::within;
use crate::export::Narrowing;
use crate::model::{Activation, ModelSpec};
use crate::rollingq::RollingQ;

/// Seconds by which windows may differ and count as equal: less than any hop of a frontend.
const TOLERANCE: f64 = 1e-3;

impl FitConfig {
    /// # Errors
    /// When a value makes no sense alone or beside another; the message names the keys.
    pub(super) fn check(&self) -> Result<()> {
        check_training(&self.training)?;
        check_model(&self.model)?;
        check_rollingq(&self.rollingq)?;
        self.check_balance()?;
        self.data.check()?;
        if let Some(quality) = &self.quality {
            quality.check()?;
            ensure!(
                quality.elsewhere == 0.0 || self.data.layout().is_none(),
                "quality.elsewhere is for data sets that can make windows of nothing, which clips cannot; leave it out"
            );
        }
        let configs = self.sensor_configs();
        if configs.map(|config| config.is_some()).count() == 0 {
            bail!("a model needs a sensor: write an [audio] or a [camera] section");
        }
        for modality in Modality::ALL {
            match configs[modality] {
                Some(SensorConfig::Audio(audio)) => audio.check()?,
                Some(SensorConfig::Camera(camera)) => camera.check()?,
                Some(SensorConfig::Signal(signal)) => signal.check(modality)?,
                None => {}
            }
        }
        self.check_backbones()?;
        let export = &self.export;
        Narrowing::new(export.precision, export.drift, export.drift_answers).context("[export]")?;
        match self.data.layout() {
            Some(layout) => self.check_clips(layout),
            None => Ok(()),
        }
    }

    /// A pre-trained network knows only what looks and sounds like what it was trained on.
    fn check_backbones(&self) -> Result<()> {
        let configs = self.frontends();
        let model = &self.model;
        for key in Modality::ALL {
            let Some(stem) = model.stem(key) else {
                continue;
            };
            ensure!(
                stem.vit.is_none()
                    || (stem.backbone.is_none() && model.activation == Activation::Gelu),
                "model.{key}.vit is for a stem without a backbone, and model.activation = \"gelu\""
            );
            match (configs[key], &stem.backbone) {
                (Some(SensorConfig::Audio(config)), Some(backbone)) => {
                    backbone.network.check_audio(config)?;
                }
                (Some(SensorConfig::Camera(config)), Some(backbone)) => {
                    backbone.network.check_camera(config, model.tubelet)?;
                }
                (Some(SensorConfig::Signal(_)), Some(_)) => bail!(
                    "model.{key}.backbone knows pictures and spectrograms, and {key} is a sensor of numbers; leave it out"
                ),
                (_, None) | (None, _) => {}
            }
        }
        Ok(())
    }

    /// Methods that balance sensors need two of them, and losses to weigh.
    fn check_balance(&self) -> Result<()> {
        let Some(balance) = &self.balance else {
            return Ok(());
        };
        ensure!(
            self.model.fusion.only().is_none(),
            "balance.method weighs two sensors against each other, but model.fusion has one; leave [balance] out"
        );
        match balance {
            Balance::OgmGe(ogm_ge) => {
                within("balance.alpha", ogm_ge.alpha, f64::MIN_POSITIVE..=1000.0)?;
                let last = ogm_ge.last_epoch.unwrap_or(u32::MAX);
                ensure!(
                    (1..=last).contains(&ogm_ge.first_epoch),
                    "balance.first_epoch must be at least 1 and not after balance.last_epoch"
                );
            }
            Balance::Mmpareto(mmpareto) => {
                within("balance.gamma", mmpareto.gamma, f64::MIN_POSITIVE..=1000.0)?;
                ensure!(
                    self.training.probe_gradient > 0.0,
                    "balance.method = \"mmpareto\" combines each encoder's fused loss with that of its probe, which training.probe_gradient = 0.0 keeps away from it; set that to 1.0"
                );
            }
        }
        Ok(())
    }

    /// Clips must hold what the frontends look at: the rest would be silence and blur.
    fn check_clips(&self, layout: &dyn Layout) -> Result<()> {
        let configs = self.frontends();
        let (section, clips) = (layout.section(), layout.windows());
        let length = f64::from(clips.window_seconds);
        for key in Modality::ALL {
            let long_enough = |needed: f64| length >= needed - TOLERANCE;
            match configs[key] {
                Some(SensorConfig::Audio(audio)) => {
                    let needed = audio.window_duration().as_secs_f64();
                    ensure!(
                        long_enough(needed),
                        "{section}.window_seconds is {}, but {key}.window_samples at {key}.sample_rate last {needed} s; make the clips' window at least as long",
                        clips.window_seconds
                    );
                }
                Some(SensorConfig::Camera(camera)) => {
                    ensure!(
                        long_enough(f64::from(camera.window_seconds)),
                        "{section}.window_seconds is {}, but {key}.window_seconds is {}; make the clips' window at least as long",
                        clips.window_seconds,
                        camera.window_seconds
                    );
                    let needed = side_needed(camera);
                    ensure!(
                        clips.max_side >= needed,
                        "{section}.max_side is {}, but {key}.width and {key}.height of {}×{} after {key}.crop need {needed}; keep larger frames",
                        clips.max_side,
                        camera.width,
                        camera.height
                    );
                }
                Some(SensorConfig::Signal(signal)) => ensure!(
                    long_enough(f64::from(signal.window_seconds)),
                    "{section}.window_seconds is {}, but {key}.window_seconds is {}; make the clips' window at least as long",
                    clips.window_seconds,
                    signal.window_seconds
                ),
                None => {}
            }
        }
        Ok(())
    }
}

/// Longer side of a frame, in pixels, from which the encoder's picture can be cut without enlarging.
fn side_needed(camera: &CameraConfig) -> u32 {
    let (width, height) = camera
        .crop
        .map_or((1.0, 1.0), |crop| (crop.width, crop.height));
    let side = (camera.width as f32 / width).max(camera.height as f32 / height);
    // A crop of a third has a last digit: 48/0.33333334 needs 144 pixels, not 143.99.
    (side - 0.01).ceil() as u32
}

fn check_training(training: &Training) -> Result<()> {
    ensure!(training.epochs > 0, "training.epochs must be at least 1");
    ensure!(training.batch > 0, "training.batch must be at least 1");
    ensure!(
        (1..=training.batch).contains(&training.shards),
        "training.shards must be between 1 and training.batch"
    );
    ensure!(
        training.learning_rate > 0.0 && training.learning_rate.is_finite(),
        "training.learning_rate must be a positive number"
    );
    within(
        "training.sensor_dropout",
        training.sensor_dropout,
        0.0..=1.0,
    )?;
    within(
        "training.probe_gradient",
        training.probe_gradient,
        0.0..=100.0,
    )?;
    for (key, value) in [
        ("weight_decay", training.weight_decay),
        ("warmup_epochs", training.warmup_epochs),
        ("max_gradient_norm", training.max_gradient_norm),
    ] {
        ensure!(
            value >= 0.0 && value.is_finite(),
            "training.{key} must be a number that is not negative, not {value}"
        );
    }
    Ok(())
}

/// Bounds that no encoder for a board comes near; above them, a slip of the pen asks for all memory.
fn check_model(model: &ModelSpec) -> Result<()> {
    within("model.width", model.width, 1..=4096)?;
    within("model.depth", model.depth, 1..=64)?;
    within("model.heads", model.heads, 1..=model.width)?;
    within("model.mlp_ratio", model.mlp_ratio, 1..=16)
}

fn check_rollingq(rollingq: &RollingQ) -> Result<()> {
    within("rollingq.beta", rollingq.beta, 0.0..=2.0)?;
    within("rollingq.sigma", rollingq.sigma, 0.0..=1000.0)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    const DIGITS: &str = include_str!("../../configs/digits.toml");
    const GRID: &str = include_str!("../../configs/grid.toml");

    fn refused(text: &str, change: &str, parts: &[&str]) {
        let config = FitConfig::parse(text, &[change.to_owned()], Path::new("test.toml"));
        let error = format!("{:#}", config.expect_err(change));
        for part in parts {
            assert!(error.contains(part), "{change}: {error}");
        }
    }

    #[test]
    fn values_that_no_run_could_use_are_refused_by_name() {
        for (key, value) in [
            ("data.digits.difficulty.voice.speed", "[0.0, 1.2]"),
            ("data.digits.difficulty.voice.snr_db", "[20.0, 10.0]"),
            ("data.digits.difficulty.scene.clutter", "1.5"),
            ("data.digits.difficulty.scene.uneven_light", "-0.1"),
            ("data.digits.difficulty.scene.blur", "[nan, 1.0]"),
            ("data.digits.windows_per_epoch", "0"),
            ("model.mlp_ratio", "0"),
            ("model.width", "0"),
            ("model.depth", "0"),
            ("model.heads", "0"),
            ("rollingq.sigma", "nan"),
            ("rollingq.beta", "-0.1"),
            ("training.weight_decay", "inf"),
        ] {
            refused(DIGITS, &format!("{key}={value}"), &[key]);
        }
        for (key, value) in [
            ("data.clips.augmentation.shift", "-1.0"),
            ("data.clips.augmentation.light", "nan"),
            ("data.clips.max_side", "0"),
            ("data.clips.sample_rate", "0"),
            ("data.clips.frame_rate", "nan"),
            ("data.clips.path", "recordings"),
        ] {
            refused(
                GRID,
                &format!("{key}={value}"),
                &["data.clips", key.rsplit('.').next().unwrap()],
            );
        }
    }

    #[test]
    fn methods_of_balance_are_refused_where_they_could_balance_nothing() {
        let with = |method: &str, others: &[&str]| {
            let changes = [method, "model.fusion=concat"]
                .into_iter()
                .chain(others.iter().copied());
            let changes: Vec<String> = changes.map(str::to_owned).collect();
            FitConfig::parse(DIGITS, &changes, Path::new("test.toml"))
        };
        let ogm_ge = r#"balance={ method = "ogm-ge", alpha = 0.8 }"#;
        let mmpareto = r#"balance={ method = "mmpareto" }"#;
        let taken = with(mmpareto, &[]).unwrap().balance;
        assert!(matches!(taken, Some(Balance::Mmpareto(m)) if m.gamma == 1.5));
        let taken = with(ogm_ge, &["balance.last_epoch=10"]).unwrap().balance;
        assert!(matches!(taken, Some(Balance::OgmGe(m)) if m.acts_in(1) && !m.acts_in(11)));
        for (method, change, word) in [
            (ogm_ge, "model.fusion=audio", "balance.method"),
            (mmpareto, "model.fusion=camera", "balance.method"),
            (ogm_ge, "balance.alpha=0.0", "balance.alpha"),
            (ogm_ge, "balance.first_epoch=0", "balance.first_epoch"),
            (ogm_ge, "balance.last_epoch=0", "balance.last_epoch"),
            (ogm_ge, "balance.gamma=1.5", "gamma"),
            (mmpareto, "balance.gamma=-1.0", "balance.gamma"),
            (
                mmpareto,
                "training.probe_gradient=0.0",
                "training.probe_gradient",
            ),
            (mmpareto, "balance.method=pmr", "pmr"),
        ] {
            let error = format!("{:#}", with(method, &[change]).expect_err(change));
            assert!(error.contains(word), "{change}: {error}");
        }
    }

    #[test]
    fn clips_hold_what_the_frontends_look_at() {
        FitConfig::parse(GRID, &[], Path::new("grid.toml")).unwrap();
        let parts = [
            "data.clips.window_seconds is 0.7",
            "window_samples",
            "0.8 s",
        ];
        refused(GRID, "data.clips.window_seconds=0.7", &parts);
        let parts = [
            "data.clips.window_seconds is 0.8",
            "camera.window_seconds is 0.9",
        ];
        refused(GRID, "camera.window_seconds=0.9", &parts);
        // 48 pixels of 0.36 of the width.
        let parts = ["data.clips.max_side is 133", "need 134"];
        refused(GRID, "data.clips.max_side=133", &parts);
        // A model that does not look needs no picture.
        let changes = ["data.clips.max_side=16", "model.fusion=audio"].map(str::to_owned);
        FitConfig::parse(GRID, &changes, Path::new("grid.toml")).unwrap();
    }
}

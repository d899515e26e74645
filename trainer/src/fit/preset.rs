//! Model sizes by name: `model.preset = "small"` in a configuration stands for the values in `trainer/configs/presets`.
//!
//! A preset is spelt out as the configuration is read, so a run keeps the numbers themselves, and means the same with any later
//! version of the presets.

use anyhow::{Context, Result};
use toml::{Table, Value};

const KEY: &str = "preset";

/// Names and values.
const PRESETS: [(&str, &str); 3] = [
    ("nano", include_str!("../../configs/presets/nano.toml")),
    ("small", include_str!("../../configs/presets/small.toml")),
    ("base", include_str!("../../configs/presets/base.toml")),
];

/// Puts the values of the preset that `configuration` names, if it names one, where it says nothing itself.
///
/// # Errors
/// When there is no such preset.
pub(super) fn spell_out(configuration: &mut Table) -> Result<()> {
    let Some(model) = configuration.get_mut("model").and_then(Value::as_table_mut) else {
        return Ok(());
    };
    let Some(name) = model.remove(KEY) else {
        return Ok(());
    };
    let named = |preset: &&(&str, &str)| name.as_str() == Some(preset.0);
    let (_, text) = PRESETS
        .iter()
        .find(named)
        .with_context(|| format!("model.preset must be nano, small or base, not {name}"))?;
    let usual = toml::from_str(text).context("a preset is not TOML")?;
    fill(model, usual);
    Ok(())
}

fn fill(own: &mut Table, usual: Table) {
    for (key, value) in usual {
        match (own.get_mut(&key), value) {
            (None, value) => {
                own.insert(key, value);
            }
            (Some(Value::Table(own)), Value::Table(usual)) if !is_pretrained(own) => {
                fill(own, usual);
            }
            _ => {}
        }
    }
}

/// What comes behind a pre-trained network follows from it and not from the size of the model.
fn is_pretrained(stem: &Table) -> bool {
    stem.contains_key("backbone") || stem.contains_key("vit")
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::FitConfig;

    const DIGITS: &str = include_str!("../../configs/digits.toml");
    const PRESETS: &str = include_str!("../../configs/presets.toml");

    fn read(text: &str, changes: &[&str]) -> anyhow::Result<FitConfig> {
        let changes: Vec<String> = changes.iter().map(|&change| change.to_owned()).collect();
        FitConfig::parse(text, &changes, Path::new("test.toml"))
    }

    #[test]
    fn nano_is_the_shipped_model() {
        let nano = read(PRESETS, &["model.preset=nano"]).unwrap().model;
        assert_eq!(nano, read(DIGITS, &[]).unwrap().model);
    }

    #[test]
    fn what_is_written_beside_a_preset_counts() {
        let changes = [
            "model.preset=base",
            "model.depth=5",
            "model.audio.stride=[5, 3]",
        ];
        let base = read(PRESETS, &changes).unwrap().model;
        assert_eq!((base.width, base.depth), (192, 5));
        assert_eq!(base.audio.stride, [5, 3]);
        assert_eq!(base.audio.convolutions[1].channels, 96);
        assert_eq!(base.camera.stride, [1, 1]);
    }

    #[test]
    fn a_run_keeps_the_numbers_and_not_the_name() {
        let config = read(PRESETS, &["model.preset=small"]).unwrap();
        let text = config.text().unwrap();
        assert!(!text.contains("preset"), "{text}");
        assert_eq!(read(&text, &[]).unwrap(), config);
    }

    #[test]
    fn a_stem_behind_a_pretrained_network_is_left_alone() {
        let mut text = PRESETS.to_owned();
        text.push_str(
            "[model.camera]\nbackbone = { network = \"efficientnet-lite0\", stages = 3 }\nkernel = [1, 1]\nstride = [1, 1]\n",
        );
        let mut table: toml::Table = toml::from_str(&text).unwrap();
        super::spell_out(&mut table).unwrap();
        let camera = &table["model"]["camera"];
        assert!(camera.get("convolutions").is_none(), "{camera}");
        assert_eq!(table["model"]["width"].as_integer(), Some(128));
    }

    #[test]
    fn an_unknown_preset_is_refused_with_those_there_are() {
        for bad in ["huge", "3"] {
            let error = read(PRESETS, &[&format!("model.preset={bad}")]).unwrap_err();
            let text = format!("{error:#}");
            assert!(text.contains("nano, small or base"), "{text}");
        }
    }
}

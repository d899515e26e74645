//! Small data in the layouts of the three sets.

mod cmu_mosei;
mod cremad;
mod kinetics_sounds;

use std::fs;
use std::path::{Path, PathBuf};

use super::*;
use crate::data::clips::{Layout, Listing};
use crate::data::fetch::Store;

/// A folder and what can be put into it.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn at(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.at(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }

    fn store(&self) -> Store {
        Store {
            cache: self.at("cache"),
            mirror: None,
            upstream: String::new(),
        }
    }

    fn list(&self, layout: &dyn Layout) -> anyhow::Result<Listing> {
        layout.list(&self.store())
    }

    #[track_caller]
    fn refuses(&self, layout: &dyn Layout, parts: &[&str]) {
        let error = format!("{:#}", self.list(layout).expect_err("it is listed"));
        for part in parts {
            assert!(error.contains(part), "{part}: {error}");
        }
    }
}

/// The name and the split of each clip.
fn splits(listing: &Listing) -> Vec<(&str, &str)> {
    let entries = listing.entries.iter();
    entries
        .map(|entry| (entry.name.as_str(), entry.split.as_deref().unwrap()))
        .collect()
}

#[test]
fn a_configuration_names_one_set_with_paths_beside_it() {
    use crate::data::DataConfig;
    let text = "seed = 0\n[kinetics-sounds]\npath = \"ks\"\nlists = { train = \"a.csv\", test = \"b.csv\" }\n[kinetics-sounds.windows]\nmax_side = 256\n";
    let mut config: DataConfig = toml::from_str(text).unwrap();
    config.resolve(Path::new("/sets")).unwrap();
    config.check().unwrap();
    let set = config.kinetics_sounds.as_ref().unwrap();
    assert_eq!(set.path, Path::new("/sets/ks"));
    assert_eq!(set.lists.as_ref().unwrap().test, Path::new("/sets/b.csv"));
    assert_eq!(config.layout().unwrap().windows().max_side, 256);
    let written = toml::to_string(&config).unwrap();
    assert_eq!(toml::from_str::<DataConfig>(&written).unwrap(), config);
    let two: DataConfig = toml::from_str(&format!("{text}[cremad]\npath = \"c\"\n")).unwrap();
    let error = format!("{:#}", two.open().err().unwrap());
    assert!(error.contains("one data set"), "{error}");
    let bad = "seed = 0\n[cmu-mosei]\npath = \"m\"\nlabels = \"l.csv\"\nclasses = 5\n";
    let error = toml::from_str::<DataConfig>(bad).unwrap_err().to_string();
    assert!(error.contains("2, 3 or 7"), "{error}");
}

#[test]
fn the_configurations_for_the_sets_make_sense() {
    use crate::fit::FitConfig;
    use crate::study::StudyConfig;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("configs/rollingq");
    for name in ["cremad", "kinetics-sounds", "cmu-mosei"] {
        let config = FitConfig::read(&folder.join(format!("{name}.toml")), &[]).unwrap();
        let section = config.data.layout().unwrap().section();
        assert_eq!(section, format!("data.{name}.windows"));
    }
    let study = StudyConfig::read(&folder.join("cremad-study.toml")).unwrap();
    for method in &study.methods {
        let config = method.config(&study, 0).unwrap();
        let official = config.data.cremad.unwrap().official.is_some();
        assert_eq!(official, method.name.contains("shared"), "{}", method.name);
    }
}

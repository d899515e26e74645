//! CMU-MOSEI (Zadeh, Liang, Vanbriesen, Poria, Tong, Cambria, Chen, Morency 2018): sentences that people
//! say into their cameras on YouTube, with how positive they are, −3 to 3.

use std::path::PathBuf;

use anyhow::{Result, bail, ensure};
use evenkeel::clip::{ClipEntry, ClipSource};
use serde::{Deserialize, Serialize};

use super::table::Table;
use super::{clip, folds};
use crate::data::clips::{Layout, Listing, Windows};
use crate::data::digits::NOTHING;
use crate::data::fetch::Store;

/// The section `[data.cmu-mosei]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CmuMoseiConfig {
    /// The folder that holds `Raw`; the videos of its segments are
    /// `Raw/Videos/Segmented/Combined/VIDEO_SEGMENT.mp4` or `Raw/VIDEO/SEGMENT.mp4`.
    pub path: PathBuf,
    /// A CSV file with the columns `video_id`, `clip_id` and `label` (or `sentiment`), −3 to 3.
    pub labels: PathBuf,
    /// `cmu_mosei_std_folds.py` of the CMU Multimodal SDK; without it the labels have a column `mode`
    /// with `train`, `valid` or `test`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folds: Option<PathBuf>,
    /// How many classes the sentiments are made.
    #[serde(default)]
    pub classes: Sentiments,
    /// How windows are cut from the clips.
    #[serde(default)]
    pub windows: Windows,
}

/// Classes of sentiments; 2, 3 or 7 in the configuration.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub enum Sentiments {
    /// Below 0, or not: as in BalanceBenchmark, of the paper's authors.
    #[default]
    Two,
    /// Below, at and above 0.
    Three,
    /// The nearest whole number (Tsai et al. 2019).
    Seven,
}

impl TryFrom<u8> for Sentiments {
    type Error = String;

    fn try_from(classes: u8) -> Result<Self, String> {
        match classes {
            2 => Ok(Self::Two),
            3 => Ok(Self::Three),
            7 => Ok(Self::Seven),
            other => Err(format!("classes must be 2, 3 or 7, not {other}")),
        }
    }
}

impl From<Sentiments> for u8 {
    fn from(classes: Sentiments) -> Self {
        match classes {
            Sentiments::Two => 2,
            Sentiments::Three => 3,
            Sentiments::Seven => 7,
        }
    }
}

impl Sentiments {
    /// The class of a sentiment of −3 to 3.
    fn class(self, sentiment: f32) -> String {
        match self {
            Self::Two if sentiment < 0.0 => "negative".to_owned(),
            Self::Two => "not negative".to_owned(),
            Self::Three if sentiment < 0.0 => "negative".to_owned(),
            Self::Three if sentiment > 0.0 => "positive".to_owned(),
            Self::Three => "neutral".to_owned(),
            // As integers, so that there is no -0.
            Self::Seven => (sentiment.round_ties_even() as i32).to_string(),
        }
    }
}

impl CmuMoseiConfig {
    /// The paths of this section.
    pub fn paths_mut(&mut self) -> impl Iterator<Item = &mut PathBuf> {
        [&mut self.path, &mut self.labels]
            .into_iter()
            .chain(&mut self.folds)
    }

    /// The video of a segment, if it is there.
    fn video(&self, video: &str, segment: &str) -> Option<PathBuf> {
        let raw = self.path.join("Raw");
        let combined = raw.join("Videos/Segmented/Combined");
        [
            combined.join(format!("{video}_{segment}.mp4")),
            raw.join(video).join(format!("{segment}.mp4")),
        ]
        .into_iter()
        .find(|path| path.is_file())
    }
}

impl Layout for CmuMoseiConfig {
    fn section(&self) -> &'static str {
        "data.cmu-mosei.windows"
    }

    fn windows(&self) -> Windows {
        self.windows
    }

    fn list(&self, _store: &Store) -> Result<Listing> {
        let table = Table::read(&self.labels, b',')?;
        let columns = Columns::of(&table)?;
        let folds = self.folds.as_deref().map(folds::read).transpose()?;
        let (mut entries, mut missing, mut in_no_fold) = (Vec::new(), Vec::new(), 0_usize);
        for row in &table.rows[1..] {
            let video = table.cell(row, columns.video)?;
            let segment = table.cell(row, columns.segment)?;
            if video.contains(['/', '\\']) || segment.contains(['/', '\\']) {
                bail!(table.at(row, "names of videos and segments have no slashes"));
            }
            let score = table.cell(row, columns.score)?;
            let sentiment = match score.parse::<f32>() {
                Ok(sentiment) if (-3.0..=3.0).contains(&sentiment) => sentiment,
                _ => bail!(table.at(
                    row,
                    format!("the sentiment is {score:?}, not a number from -3 to 3")
                )),
            };
            let split = match &folds {
                Some(folds) => folds.get(video).map(|split| (*split).to_owned()),
                None => Some(
                    table
                        .cell(row, table.needed(&["mode", "split"])?)?
                        .to_owned(),
                ),
            };
            let Some(split) = split else {
                in_no_fold += 1;
                continue;
            };
            let name = format!("{video}_{segment}");
            match self.video(video, segment) {
                Some(path) => entries.push(ClipEntry {
                    split: Some(split),
                    group: Some(video.to_owned()),
                    ..clip(
                        name,
                        ClipSource::Container(path),
                        &self.classes.class(sentiment),
                    )
                }),
                None => missing.push(name),
            }
        }
        ensure!(
            !entries.is_empty(),
            "{}: no video of a segment in {} is below Raw, and in a fold",
            self.path.display(),
            self.labels.display()
        );
        let mut cautions = vec!["CMU-MOSEI does not say who speaks: its folds part videos, not people, and there are three videos for each of its thousand speakers; the model is tested on people whom it may know".to_owned()];
        if in_no_fold > 0 {
            cautions.push(format!(
                "{in_no_fold} labelled segments are of videos in no fold, and are left out"
            ));
        }
        Ok(Listing {
            root: self.path.clone(),
            from: format!("CMU-MOSEI in {} classes", u8::from(self.classes)),
            entries,
            nothing: NOTHING.to_owned(),
            missing,
            cautions,
        })
    }
}

/// Where in the table of labels stands what.
struct Columns {
    video: usize,
    segment: usize,
    score: usize,
}

impl Columns {
    fn of(table: &Table) -> Result<Self> {
        Ok(Self {
            video: table.needed(&["video_id", "video"])?,
            segment: table.needed(&["clip_id", "segment"])?,
            score: table.needed(&["label", "sentiment"])?,
        })
    }
}

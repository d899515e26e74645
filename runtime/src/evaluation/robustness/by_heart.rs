//! For tests: clips in memory, and contestants of whom it is known what they answer.

use std::num::NonZeroUsize;
use std::path::Path;
use std::time::Duration;

use super::{
    Cell, Clips, Contestant, Contestants, LabelledClip, Panel, Plan, Portion, Robustness, Role,
    Said, run,
};
use crate::corruption::{Corruption, NoiseBank};
use crate::window::{Frame, Modality, PerSensor, SampleRate, Sound, Window};

/// Twelve clips of two labels, in memory; the names are hostile.
pub struct Memory {
    pub clips: usize,
    pub broken: Option<usize>,
}

impl Clips for Memory {
    fn len(&self) -> usize {
        self.clips
    }

    fn name(&self, index: usize) -> String {
        format!("<img src=x onerror='http://evil'> & {index}")
    }

    fn read(&self, index: usize) -> Result<LabelledClip, String> {
        if self.broken == Some(index) {
            return Err(format!("{}: it is cut short", self.name(index)));
        }
        let frame = Frame {
            time: Duration::ZERO,
            width: 8,
            height: 6,
            // In the middle of its twenty, so that a little noise makes no other clip of it.
            rgb: vec![20 * index as u8 + 10; 8 * 6 * 3],
        };
        let sound = Sound {
            start: Duration::ZERO,
            rate: SampleRate::new(8000).unwrap(),
            samples: vec![index as f32 / 100.0; 1600],
        };
        Ok(LabelledClip {
            windows: vec![Window {
                start: Duration::ZERO,
                sound: Some(sound),
                frames: vec![frame],
                ..Window::default()
            }],
            label: index % 2,
        })
    }
}

/// Answers by heart, by how often it was asked about a clip: the first question is about the clean
/// one, the following ones about the cells of the plan.
pub struct ByHeart {
    clip: usize,
    asked: usize,
    panic_at: Option<usize>,
}

impl ByHeart {
    pub fn new(panic_at: Option<usize>) -> Self {
        Self {
            clip: usize::MAX,
            asked: 0,
            panic_at,
        }
    }
}

/// Whether each contestant (model, microphone, camera) is right about `clip` under `condition`.
fn is_right(clip: usize, condition: usize) -> [bool; 3] {
    match condition {
        // Clean: all right but the camera about the last clip.
        0 => [true, true, clip != 11],
        // Camera corrupted, mild: the model gains one clip over the microphone.
        1 => [true, clip != 0, true],
        // Camera corrupted, worse: the model loses clips 0, 1 and 2.
        2 => [clip > 2, true, false],
        // Microphone gone: three quarters.
        3 => [!clip.is_multiple_of(4), false, !clip.is_multiple_of(4)],
        _ => [2, 3, 2].map(|one_of| clip.is_multiple_of(one_of)),
    }
}

impl Panel for ByHeart {
    fn answer(&mut self, window: &Window) -> Result<Vec<Said>, String> {
        let frame = window.frames.first().ok_or("no frame")?;
        let clip = usize::from(frame.rgb[0] / 20);
        if clip != self.clip {
            (self.clip, self.asked) = (clip, 0);
        }
        assert_ne!(self.panic_at, Some(clip), "index out of bounds");
        let condition = self.asked;
        self.asked += 1;
        Ok(is_right(clip, condition)
            .map(|right| {
                let said = if right { clip % 2 } else { 1 - clip % 2 };
                let confidence = 0.6 + clip as f32 / 50.0;
                Said {
                    probabilities: match said {
                        0 => vec![confidence, 1.0 - confidence],
                        _ => vec![1.0 - confidence, confidence],
                    },
                    attention: [
                        0.2,
                        0.3 + 0.1 * condition as f32,
                        0.5 - 0.1 * condition as f32,
                    ]
                    .into(),
                    validity: PerSensor::pair(1.0, 0.5),
                    health: PerSensor::pair((1.0, None), (0.25, Some("dark <b>".to_owned()))),
                }
            })
            .to_vec())
    }

    fn reset(&mut self) {}
}

pub fn contestants() -> Contestants {
    let contestant = |name: &str, role| Contestant {
        name: name.to_owned(),
        role,
        identity: String::new(),
    };
    Contestants::new(vec![
        contestant("model", Role::Main),
        contestant("mic", Role::Alone(Modality::Audio)),
        contestant("lens", Role::Alone(Modality::Camera)),
    ])
    .unwrap()
}

pub fn cell(name: &str, severity: u8) -> Cell {
    Cell {
        corruption: name.parse().unwrap(),
        severity: severity.try_into().unwrap(),
    }
}

/// Corruptions that leave the frames there, for the panel to tell the clips apart by the first byte.
pub fn plan() -> Plan {
    Plan {
        cells: vec![
            cell("camera/torn", 1),
            cell("camera/torn", 2),
            cell("audio/missing", 5),
            cell("both/overload", 1),
        ],
        training_kinds: ["camera/torn".parse::<Corruption>().unwrap()].into(),
        length: Duration::from_millis(200),
        seed: 7,
        noises: NoiseBank::default(),
        donors: Vec::new(),
        labels: vec!["<yes>".to_owned(), "no".to_owned()],
        nothing: None,
    }
}

pub fn run_on(
    clips: &Memory,
    threads: usize,
    partial: Option<&Path>,
) -> Result<Robustness, String> {
    let make = || Ok::<_, String>(ByHeart::new(None));
    let threads = NonZeroUsize::new(threads).unwrap();
    run(
        &plan(),
        &contestants(),
        clips,
        make,
        threads,
        Portion {
            kept: partial,
            ..Portion::default()
        },
        |_, _| (),
    )
    .map_err(|error| error.to_string())
}

pub const TWELVE: Memory = Memory {
    clips: 12,
    broken: None,
};

//! Runs a model over clips, several at a time.

use std::num::NonZeroUsize;
use std::time::Duration;

use super::answer::{Answerer, Combined, WindowAnswer, combine, resting_on_a_sensor};
use super::pool;
use super::report::{ClipAnswer, ClipResult, Outcome, Report, Said, Share};
use super::summary::Summary;
use crate::clip::{ClipEntry, ReadOptions, read_clip};
use crate::window::{Modality, PerSensor};

/// What an evaluation needs to know of the model and of how to run it.
#[derive(Debug, Clone)]
pub struct Setup {
    /// The model's labels.
    pub labels: Vec<String>,
    /// Which of them means that there is nothing to recognise.
    pub nothing: Option<usize>,
    /// Answers with a confidence below this are unsure.
    pub confidence: f64,
    /// The sensors that the model has, as people call them.
    pub sensors: PerSensor<Option<String>>,
    /// Those of them that are taken away from every clip.
    pub without: PerSensor<bool>,
    /// How long its window is.
    pub window: Duration,
    /// From one window of a longer clip to the next.
    pub hop: Duration,
    /// How clips are read.
    pub read: ReadOptions,
    /// Clips worked on at the same time.
    pub threads: NonZeroUsize,
}

/// Evaluates `entries` with one answerer per thread, made by `make` in that thread.
///
/// A clip with a stretch (`start` and `end`) that fits in a window is answered about from the one
/// window centred on it; any other from windows `hop` apart. A clip that cannot be read or answered
/// about is reported with its sentence, and the rest goes on. The report is the same for any number
/// of threads. `progress` is called with the number of clips done after each clip.
///
/// # Errors
/// The error of `make`, when an answerer cannot be made.
pub fn evaluate_with<A: Answerer, E: Send>(
    setup: &Setup,
    entries: &[&ClipEntry],
    make: impl Fn() -> Result<A, E> + Sync,
    mut progress: impl FnMut(usize),
) -> Result<Report, E> {
    let mut outcomes: Vec<Option<Outcome>> = vec![None; entries.len()];
    let mut count = 0;
    let work = |model: &mut A, index: usize| match clip(setup, entries[index], model) {
        Ok(answer) => Outcome::Answered(Box::new(answer)),
        Err(why) => Outcome::Failed(why),
    };
    let items = Vec::from_iter(0..entries.len());
    pool::each(&items, setup.threads, make, work, |index, outcome| {
        let broke = |panic: String| Outcome::Failed(broke_a_library(&entries[index].name, &panic));
        outcomes[index] = Some(outcome.unwrap_or_else(broke));
        count += 1;
        progress(count);
        Ok(())
    })?;
    let clips: Vec<_> = entries
        .iter()
        .zip(outcomes)
        .map(|(entry, outcome)| ClipResult {
            name: entry.name.clone(),
            label: entry.label.clone(),
            outcome: outcome.expect("every clip has an outcome, or a thread panicked"),
        })
        .collect();
    Ok(Report {
        labels: setup.labels.clone(),
        summary: Summary::of(&clips, &setup.labels, setup.has()),
        sensors: setup.sensors.clone(),
        clips,
    })
}

impl Setup {
    /// Which sensors the model has.
    fn has(&self) -> PerSensor<bool> {
        PerSensor::from_fn(|sensor| self.sensors[sensor].is_some())
    }
}

/// What a clip lacks without this sensor.
pub fn what_it_gives(sensor: Modality) -> &'static str {
    match sensor {
        Modality::Audio => "sound",
        Modality::Camera => "picture",
        Modality::Audio2 => "second sound",
        Modality::Camera2 => "second picture",
        signal => signal.sensor_name(),
    }
}

/// What is said of a clip that a library could not cope with: one broken file must not take the
/// other clips' answers with it.
pub fn broke_a_library(clip: &str, panic: &str) -> String {
    format!(
        "{clip}: it made a library of this program fail ({panic}); convert the clip to another \
         format, and report this"
    )
}

/// One clip, from its file to its answer.
fn clip(setup: &Setup, entry: &ClipEntry, model: &mut impl Answerer) -> Result<ClipAnswer, String> {
    let clip = read_clip(&entry.centred(setup.window), &setup.read).map_err(|e| e.to_string())?;
    model.reset();
    let has = setup.has();
    let mut windows = Vec::new();
    for mut window in clip.windows(setup.window, setup.hop) {
        for lost in setup.without.sensors() {
            window.lose(lost);
        }
        let present = window.present();
        // A window in which none of the model's sensors gave anything has no answer.
        if Modality::ALL
            .iter()
            .any(|&sensor| has[sensor] && present[sensor])
        {
            let answer = model
                .answer(&window)
                .map_err(|why| format!("{}: {why}", entry.name))?;
            windows.push(answer);
        }
    }
    answer(setup, entry.label.as_deref(), &windows).ok_or_else(|| {
        let lacks = has.sensors().next().map_or("sensor", what_it_gives);
        format!(
            "{}: it has no {lacks}, which is all that the model takes",
            entry.name
        )
    })
}

/// One answer out of those about the windows; `None` without windows.
fn answer(setup: &Setup, truth: Option<&str>, windows: &[WindowAnswer]) -> Option<ClipAnswer> {
    let said = |combined: &Combined| {
        let label = setup.labels[combined.label()].clone();
        let correct = truth.map(|truth| truth == label);
        Said {
            label,
            confidence: combined.confidence(),
            correct,
        }
    };
    let counted: Vec<&WindowAnswer> = resting_on_a_sensor(windows.iter().map(|w| w.validity))
        .into_iter()
        .map(|place| &windows[place])
        .collect();
    let fused: Vec<_> = counted
        .iter()
        .map(|window| window.probabilities.as_slice())
        .collect();
    let fused = combine(&fused, setup.nothing)?;
    let attention = match fused.chosen {
        Some(index) => counted[index].attention.into(),
        None => Share::mean(counted.iter().map(|window| window.attention.into()))?,
    };
    let alone = PerSensor::from_fn(|sensor| {
        let heard = windows
            .iter()
            .filter_map(|window| window.alone[sensor].as_deref());
        combine(&heard.collect::<Vec<_>>(), setup.nothing)
            .as_ref()
            .map(said)
    });
    Some(ClipAnswer {
        unsure: fused.confidence() < setup.confidence,
        fused: said(&fused),
        alone,
        present: PerSensor::from_fn(|sensor| windows.iter().any(|window| window.present[sensor])),
        attention,
        windows: windows.len(),
    })
}

#[cfg(test)]
#[path = "run_tests.rs"]
mod tests;

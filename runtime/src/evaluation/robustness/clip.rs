//! One clip under every condition.

use std::borrow::Borrow;

use super::panel::{LabelledClip, Panel, Said};
use super::plan::{Contestants, Plan};
use super::record::{Answer, ClipRecord, Condition};
use crate::evaluation::answer::{combine, resting_on_a_sensor};
use crate::window::{Attention, Modality, PerSensor, Window};

/// Asks the panel about clip number `clip`, clean and under every cell of the plan.
///
/// # Errors
/// One sentence that begins with the clip's name, when it cannot be answered about.
pub fn clip_record(
    plan: &Plan,
    contestants: &Contestants,
    (clip, name): (usize, &str),
    content: &LabelledClip,
    panel: &mut impl Panel,
) -> Result<ClipRecord, String> {
    let windows = &content.windows;
    let given: Vec<PerSensor<bool>> = windows.iter().map(Window::present).collect();
    let present = PerSensor::from_fn(|sensor| given.iter().any(|given| given[sensor]));
    if windows.is_empty() || present.count() == 0 {
        return Err(format!("{name}: it has neither sound nor picture"));
    }
    if content.label >= plan.labels.len() {
        return Err(format!(
            "{name}: it has label number {}, and there are {} labels",
            content.label,
            plan.labels.len()
        ));
    }
    let in_clip = |why| format!("{name}: {why}");
    let mut conditions = Vec::with_capacity(1 + plan.cells.len());
    conditions.push(ask(plan, contestants, windows.iter(), panel).map_err(in_clip)?);
    let sources = plan.sources(clip);
    for &cell in &plan.cells {
        // One at a time: all windows of a long clip would not fit beside the clip itself.
        let spoilt = windows
            .iter()
            .enumerate()
            .map(|(index, window)| plan.spoil(window, (clip, index), cell, &sources));
        let condition = ask(plan, contestants, spoilt, panel);
        conditions.push(condition.map_err(|why| format!("{name}, {cell}: {why}"))?);
    }
    Ok(ClipRecord {
        clip,
        name: name.to_owned(),
        label: content.label,
        present,
        conditions,
    })
}

/// Asks about all windows of a clip and makes one answer per contestant of them.
fn ask(
    plan: &Plan,
    contestants: &Contestants,
    windows: impl Iterator<Item = impl Borrow<Window>>,
    panel: &mut impl Panel,
) -> Result<Condition, String> {
    panel.reset();
    // [window][contestant]
    let said: Vec<Vec<Said>> = windows
        .map(|window| panel.answer(window.borrow()))
        .collect::<Result<_, _>>()?;
    for answers in &said {
        check(answers, contestants, plan.labels.len())?;
    }
    let mut main_windows = Vec::new();
    let mut answers = Vec::with_capacity(contestants.all().len());
    for contestant in 0..contestants.all().len() {
        let of = |window: usize| &said[window][contestant];
        let mut windows = resting_on_a_sensor((0..said.len()).map(|window| of(window).validity));
        let probabilities: Vec<&[f32]> = windows
            .iter()
            .map(|&window| of(window).probabilities.as_slice())
            .collect();
        let combined = combine(&probabilities, plan.nothing).ok_or("it has no window")?;
        if let Some(chosen) = combined.chosen {
            windows = vec![windows[chosen]];
        }
        answers.push(Answer {
            label: combined.label(),
            confidence: combined.probabilities[combined.label()],
            attention: mean_shares(windows.iter().map(|&window| of(window).attention)),
        });
        if contestant == contestants.main() {
            main_windows = windows;
        }
    }
    let of_main: Vec<&Said> = main_windows
        .iter()
        .map(|&window| &said[window][contestants.main()])
        .collect();
    let mean = |value: &dyn Fn(&Said) -> f32| {
        of_main.iter().map(|said| value(said)).sum::<f32>() / of_main.len() as f32
    };
    let reason = |sensor: Modality| {
        let worst = of_main
            .iter()
            .map(|said| &said.health[sensor])
            .min_by(|one, other| one.0.total_cmp(&other.0));
        worst.and_then(|(_, reason)| reason.clone())
    };
    Ok(Condition {
        attention: answers[contestants.main()].attention,
        validity: PerSensor::from_fn(|sensor| mean(&|said| said.validity[sensor])),
        health: PerSensor::from_fn(|sensor| mean(&|said| said.health[sensor].0)),
        reasons: PerSensor::from_fn(reason),
        window: main_windows.first().copied().unwrap_or(0),
        answers,
    })
}

/// The mean of shares of attention; nothing of none.
fn mean_shares(shares: impl Iterator<Item = Attention>) -> Attention {
    let mut sum = Attention::default();
    let mut count = 0;
    for one in shares {
        count += 1;
        sum.class_token += one.class_token;
        for (sensor, share) in sum.sensors.iter_mut() {
            *share += one.sensors[sensor];
        }
    }
    let mean = |sum: f32| sum / count.max(1) as f32;
    Attention {
        class_token: mean(sum.class_token),
        sensors: sum.sensors.map(mean),
    }
}

/// Whether there is one answer per contestant, each with a number per label.
fn check(answers: &[Said], contestants: &Contestants, labels: usize) -> Result<(), String> {
    if answers.len() != contestants.all().len() {
        return Err(format!(
            "{} contestants were asked and {} answered",
            contestants.all().len(),
            answers.len()
        ));
    }
    for (answer, contestant) in answers.iter().zip(contestants.all()) {
        let name = &contestant.name;
        if answer.probabilities.len() != labels {
            return Err(format!(
                "{name} gave {} probabilities for {labels} labels",
                answer.probabilities.len()
            ));
        }
        let of_sensors = Modality::ALL
            .into_iter()
            .flat_map(|sensor| [answer.validity[sensor], answer.health[sensor].0]);
        let numbers = answer.probabilities.iter().copied();
        let mut numbers = numbers.chain(answer.attention.shares()).chain(of_sensors);
        if !numbers.all(|number| number.is_finite()) {
            return Err(format!("{name} gave a number that is not finite"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluation::robustness::Clips;
    use crate::evaluation::robustness::by_heart::{TWELVE, contestants, plan};

    /// Everybody says the first label, but the microphone the second where it hears nothing.
    struct Deaf;

    impl Panel for Deaf {
        fn answer(&mut self, window: &Window) -> Result<Vec<Said>, String> {
            let said = |probabilities: [f32; 2], audio: f32, camera: f32| Said {
                probabilities: probabilities.to_vec(),
                attention: [1.0, 0.0, 0.0].into(),
                validity: PerSensor::pair(audio, camera),
                health: PerSensor::from_fn(|_| (1.0, None)),
            };
            let sure = [0.6, 0.4];
            let microphone = match window.sound {
                Some(_) => said(sure, 1.0, 0.0),
                None => said([0.0, 1.0], 0.0, 0.0),
            };
            Ok(vec![said(sure, 1.0, 1.0), microphone, said(sure, 0.0, 1.0)])
        }

        fn reset(&mut self) {}
    }

    #[test]
    fn whoever_lacks_its_sensor_in_a_window_answers_from_the_others() {
        let mut content = TWELVE.read(0).unwrap();
        let mut silent = content.windows[0].clone();
        silent.sound = None;
        content.windows.insert(0, silent);
        let mut plan = plan();
        plan.cells.clear();
        let about = |content: &LabelledClip| {
            clip_record(&plan, &contestants(), (0, "a"), content, &mut Deaf).unwrap()
        };
        let microphone = about(&content).conditions[0].answers[1];
        assert_eq!((microphone.label, microphone.confidence), (0, 0.6));
        content.windows.truncate(1);
        assert_eq!(about(&content).conditions[0].answers[1].label, 1);
    }
}

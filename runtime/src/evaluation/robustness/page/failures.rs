//! The worst failures, with what the model saw and heard.

use super::section as section_of;
use crate::evaluation::robustness::failures::{Failure, Shown};
use crate::evaluation::robustness::terminal::place;
use crate::html::{escape, image};
use crate::window::{Attention, Modality};

/// The section; empty without failures.
pub fn section(failures: &[Failure]) -> String {
    if failures.is_empty() {
        return String::new();
    }
    let cards: String = failures.iter().map(card).collect();
    section_of(
        "Worst failures",
        "Wrong and sure of it, though the healthy sensor alone was right; spread over kinds. The \
         picture and the spectrogram are the corrupted ones.",
        &format!("<div class=\"cards\">{cards}</div>\n"),
    )
}

fn card(failure: &Failure) -> String {
    let percent = |share: f32| format!("{:.0} %", 100.0 * share);
    let instead = |text: &str| format!("<span class=\"absent\">{text}</span>");
    let shown = |shown: &Shown, what: &str, none: &str| match shown {
        Shown::Png(png) => image(png, what),
        Shown::Absent => instead(none),
        Shown::Lost => instead("not shown"),
    };
    let Attention {
        class_token,
        sensors,
    } = failure.attention;
    let shares: Vec<(Modality, f32)> = Modality::ALL
        .into_iter()
        .map(|sensor| (sensor, sensors[sensor]))
        .filter(|(sensor, share)| Modality::LIVE.contains(sensor) || *share > 0.0)
        .collect();
    let told = |(sensor, share): &(Modality, f32)| format!("{sensor} {}", percent(*share));
    let told: Vec<String> = shares.iter().map(told).collect();
    let told = told.join(", ");
    let bars: String = shares
        .iter()
        .map(|(sensor, share)| {
            format!("<span class=\"{sensor}\" style=\"flex:{share:.4}\"></span>")
        })
        .collect();
    let reasons: String = Modality::ALL
        .into_iter()
        .filter_map(|sensor| {
            let reason = failure.reasons[sensor].as_ref()?;
            Some(format!(
                "<p class=\"reason\">{sensor}: {} (health {})</p>",
                escape(reason),
                percent(failure.health[sensor])
            ))
        })
        .collect();
    format!(
        "<article><div class=\"shown\">{}{}</div><h3>{}</h3>\
         <p>Said <b>{}</b> with {}; it is <b>{}</b>, and the healthy sensor alone said so with {}.</p>\
         <div class=\"split\" title=\"attention: {told}, class token {}\">{bars}\
         <span style=\"flex:{class_token:.4}\"></span></div>\
         <p class=\"small\">attention: {told}</p>{reasons}\
         <p class=\"small clip\">{}</p></article>\n",
        shown(&failure.picture, "corrupted picture", "no picture"),
        shown(
            &failure.spectrogram,
            "spectrogram of the corrupted sound",
            "no sound"
        ),
        escape(&place(failure.cell)),
        escape(&failure.said),
        percent(failure.confidence),
        escape(&failure.truth),
        percent(failure.healthy_confidence),
        percent(class_token),
        escape(&failure.clip)
    )
}

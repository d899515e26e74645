//! The worst failures, with what the model saw and heard.

use super::section as section_of;
use crate::evaluation::robustness::failures::{Failure, Shown};
use crate::evaluation::robustness::terminal::place;
use crate::html::{escape, image};
use crate::window::Modality;

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
    let [token, audio, camera] = failure.attention;
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
         <div class=\"split\" title=\"attention: audio {}, camera {}, class token {}\">\
         <span class=\"audio\" style=\"flex:{audio:.4}\"></span>\
         <span class=\"camera\" style=\"flex:{camera:.4}\"></span>\
         <span style=\"flex:{token:.4}\"></span></div>\
         <p class=\"small\">attention: audio {}, camera {}</p>{reasons}\
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
        percent(audio),
        percent(camera),
        percent(token),
        percent(audio),
        percent(camera),
        escape(&failure.clip)
    )
}

//! Texts, pictures and sounds inside a page that needs nothing else.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::clip::encode_wav;
use crate::window::Sound;

/// A text that is shown as it is, inside an element or a quoted attribute.
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped += "&amp;",
            '<' => escaped += "&lt;",
            '>' => escaped += "&gt;",
            '"' => escaped += "&quot;",
            '\'' => escaped += "&#39;",
            // Shown as a blank: a page has no use for what moves a terminal's cursor.
            other if other.is_control() => escaped.push(' '),
            other => escaped.push(other),
        }
    }
    escaped
}

/// A number that matters.
pub fn strong(number: &str) -> String {
    format!("<b>{}</b>", escape(number))
}

/// A PNG inside the page.
pub fn image(png: &[u8], what: &str) -> String {
    let data = STANDARD.encode(png);
    let what = escape(what);
    format!("<img src=\"data:image/png;base64,{data}\" alt=\"{what}\">")
}

/// A sound inside the page, to be listened to; what cannot be written as WAV is nothing to listen to.
pub fn player(sound: &Sound) -> String {
    match encode_wav(sound) {
        Ok(wav) => format!(
            "<audio controls preload=\"none\" src=\"data:audio/wav;base64,{}\"></audio>",
            STANDARD.encode(wav)
        ),
        Err(_) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_name_becomes_markup() {
        let name = "a&b<script>\"x\" onload='y'\u{1b}[2J";
        assert_eq!(
            escape(name),
            "a&amp;b&lt;script&gt;&quot;x&quot; onload=&#39;y&#39; [2J"
        );
    }
}

//! Texts out of an untrusted file, as they are shown to people.

/// Characters of a name that are shown.
const NAME: usize = 60;
/// Characters of what the inference library says, which quotes names.
const SENTENCE: usize = 200;

/// A name on one short line, without characters that could move a terminal's cursor.
pub(super) fn name(text: &str) -> String {
    shown(text, NAME)
}

/// A longer text, likewise.
pub(super) fn sentence(text: &str) -> String {
    shown(text, SENTENCE)
}

fn shown(text: &str, most: usize) -> String {
    let mut shown: String = text
        .chars()
        .take(most)
        .flat_map(|c| match c {
            '\'' | '"' | '\\' => c.to_string().chars().collect::<Vec<_>>(),
            _ => c.escape_debug().collect(),
        })
        .collect();
    if text.chars().nth(most).is_some() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_short_line_without_control_characters() {
        assert_eq!(name("blocks.0/größe"), "blocks.0/größe");
        assert_eq!(name("\x1b[2Jgone\n"), "\\u{1b}[2Jgone\\n");
        let long = name(&"x".repeat(1 << 20));
        assert_eq!(long, "x".repeat(60) + "…");
    }
}

//! What somebody may have meant who mistyped a name.

/// How alike a name has to be to one that there is to be taken for a mistyped one; 1 is the same.
const NEAR: f64 = 0.6;

/// The one of the names that there are that is most like `name`, if it is like it at all.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    known
        .into_iter()
        .map(|known| (strsim::jaro_winkler(name, known), known))
        .filter(|(likeness, _)| *likeness >= NEAR)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, known)| known)
}

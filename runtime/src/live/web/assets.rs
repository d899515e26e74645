//! The page's files, inside the program.

/// The page itself.
pub const PAGE: &str = include_str!("assets/index.html");
/// Its media type.
pub const HTML: &str = "text/html; charset=utf-8";

const CSS: &str = "text/css; charset=utf-8";
const JS: &str = "text/javascript; charset=utf-8";
const SVG: &str = "image/svg+xml";

/// A file that the page loads.
pub struct Asset {
    /// Its name below `/assets/`.
    pub name: &'static str,
    /// What it is.
    pub media_type: &'static str,
    /// What is in it.
    pub content: &'static str,
}

macro_rules! asset {
    ($name:literal, $media_type:expr) => {
        Asset {
            name: $name,
            media_type: $media_type,
            content: include_str!(concat!("assets/", $name)),
        }
    };
}

/// All of them. They are not secret and need no token: they are the same for everybody.
pub const ASSETS: [Asset; 14] = [
    asset!("icon.svg", SVG),
    asset!("style.css", CSS),
    asset!("main.js", JS),
    asset!("link.js", JS),
    asset!("words.js", JS),
    asset!("canvas.js", JS),
    asset!("answer.js", JS),
    asset!("sensors.js", JS),
    asset!("picture.js", JS),
    asset!("spectrogram.js", JS),
    asset!("strips.js", JS),
    asset!("latency.js", JS),
    asset!("control.js", JS),
    asset!("diary.js", JS),
];

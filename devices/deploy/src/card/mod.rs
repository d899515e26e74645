//! Writing an image to a card, or to any other disk that is not this machine's own.

mod facts;
mod refuse;
#[cfg(test)]
mod tests;
mod transfer;
mod write;

pub use facts::{Card, Places};
pub use write::{Image, open, show_partitions, write};

/// Bytes, as makers of cards count them.
pub fn size(bytes: u64) -> String {
    match bytes {
        1_000_000_000.. => format!("{:.1} GB", bytes as f64 / 1e9),
        _ => format!("{:.1} MB", bytes as f64 / 1e6),
    }
}

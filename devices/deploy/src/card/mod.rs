//! Writing an image to a card, or to any other disk that is not this machine's own.

mod facts;
mod refuse;
#[cfg(test)]
mod tests;
mod transfer;
mod write;

pub use facts::{Card, Places};
pub use write::{Image, open, show_partitions, write};

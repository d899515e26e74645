//! Labelled clips for training, recorded on the spot.
//!
//! A [`Session`] asks for one class after the other, counts down, records a clip with a margin before
//! and after, says when a sensor was not well in it, and puts it on a [`Shelf`]: a folder per class with
//! the list that training reads. A [`Face`] shows what goes on and takes orders: a [`Panel`] on a
//! terminal, or [`Lines`] anywhere else.

mod apart;
mod error;
mod event;
mod face;
mod lines;
mod name;
mod panel;
mod phase;
mod plan;
mod session;
mod shelf;
mod studio;
mod take;
#[cfg(test)]
mod tests;

pub use apart::Apart;
pub use error::CollectError;
pub use event::Event;
pub use face::{Face, Order, run};
pub use lines::{Lines, Written};
pub use name::Name;
pub use panel::Panel;
pub use phase::Phase;
pub use plan::Plan;
pub use session::Session;
pub use shelf::Shelf;
pub use studio::Studio;
pub use take::Take;

//! The real program, as a user would run it.

mod boards;
mod cards;
mod desk;
mod export;

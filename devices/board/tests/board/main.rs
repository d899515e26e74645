//! The real program in a folder that stands for a board.

mod cut_off;
mod desk;
mod folder;
mod update;

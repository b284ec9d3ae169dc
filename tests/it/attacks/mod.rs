//! What somebody else tries, one file for each boundary. Every attack here worked once.

mod others;
mod state;

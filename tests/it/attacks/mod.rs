//! What somebody else tries, one file for each boundary. Every attack here worked once.

mod checkout;
mod others;
mod state;

//! What somebody else tries, one file for each boundary: what it once reached, it must not reach again.

mod agent;
mod checkout;
mod mutated;
mod others;
mod state;
mod terminal;

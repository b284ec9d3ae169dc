//! What somebody else tries, one file for each boundary: what it once reached, it must not reach again.

mod agent;
mod checkout;
mod code;
mod links;
mod mounts;
mod mutated;
mod others;
mod reads;
mod state;
mod terminal;

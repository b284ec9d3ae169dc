//! What an attacker would try, each tried: what it once reached, it must not reach again.

mod agent;
mod mutated;
mod terminal;

//! What an attacker tries, each with what it must not reach.

mod terminal;

//! The simulation: thousands of endpoints under an adversary, every invariant checked at every second.
//!
//! `MLCTL_SIM_SEED=n` replays one schedule with its trace; `MLCTL_SIM_SCHEDULES=n` sets how many are
//! run, `MLCTL_SIM_RULE=Name` which guard alone is switched off. Time is in seconds of the world's
//! clock. What happens within a second happens in this order: people, faults, replicas, routers, the
//! controller, the checks.

mod check;
mod controller;
mod cover;
mod draw;
mod explore;
mod faults;
mod journal;
mod loads;
mod people;
mod plan;
mod requests;
mod router;
mod runtime;
mod tests;
mod traffic;
mod world;

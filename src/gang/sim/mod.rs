//! The simulation: thousands of gangs under an adversary, every invariant checked at every step.
//!
//! `MLCTL_SIM_SEED=n` replays one schedule with its trace; `MLCTL_SIM_SCHEDULES=n` sets how many
//! are run. Time is in milliseconds of the world's clock; each agent's own clock is offset from it.

mod agents;
mod check;
mod cover;
mod draw;
mod explore;
mod faults;
mod job;
mod net;
mod plan;
mod process;
mod reason;
mod tests;
mod watch;
mod world;

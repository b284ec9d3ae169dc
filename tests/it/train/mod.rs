//! `mlctl train` with real agents and real commands.

mod buckets;
mod data;
mod environments;
mod examples;
mod faults;
mod gather;
mod gpus;
mod installs;
mod kill;
mod launchers;
mod many;
mod metrics;
mod plain;
mod refusals;
mod told;

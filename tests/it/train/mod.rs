//! `mlctl train` with real agents and real commands.

mod buckets;
mod code;
mod data;
mod environments;
mod examples;
mod faults;
mod gather;
mod gpus;
mod kill;
mod many;
mod metrics;
mod plain;
mod told;

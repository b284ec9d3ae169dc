//! `mlctl train` with real agents and real commands.

mod data;
mod examples;
mod faults;
mod gather;
mod gpus;
mod kill;
mod many;
mod plain;
mod told;

//! `mlctl train` with real agents and real commands.

mod accelerators;
mod buckets;
mod code;
mod data;
mod ends;
mod environments;
mod examples;
mod faults;
mod gather;
mod gpus;
mod installs;
mod kill;
mod launchers;
mod live;
mod logs;
mod many;
mod metrics;
mod plain;
mod refusals;
mod secrets;
mod told;
mod variables;

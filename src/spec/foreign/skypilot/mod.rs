//! SkyPilot's tasks: what `sky launch`, `sky jobs launch` and `sky serve up` take.

mod accelerators;
mod before;
mod chain;
mod given;
mod links;
mod mounts;
mod pods;
mod resources;
mod script;
mod server;
mod service;
mod shape;
mod storage;
mod system;
mod tables;
mod task;
mod values;
mod variables;

pub(super) use system::recognise;
pub(super) use tables::TABLES;

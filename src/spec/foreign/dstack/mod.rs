//! dstack's configurations: a task as a TrainJob, a service as an Endpoint.
//!
//! Source: dstack's models (`core/models/configurations.py`, `profiles.py`, `resources.py`, `envs.py`), what its
//! server makes of commands (`server/services/jobs/configurators/base.py`) and the variables that its runner sets
//! (`runner/internal/runner/executor/executor.go`), of August 2026.

mod amounts;
mod code;
mod environment;
mod fields;
mod gpu;
mod port;
mod resources;
mod run;
mod script;
mod service;
mod serving;
mod system;
mod tables;
mod task;
mod volumes;

pub(super) use system::recognise;
pub(super) use tables::TABLES;

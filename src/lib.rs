//! mlctl: training, prediction, tuning and serving on any Kubernetes cluster or a laptop.
//!
//! The library never prints, never reads the environment and never exits: that is `cli/`'s part.

pub mod accelerator;
pub mod agent;
pub mod backend;
pub mod cleanup;
pub mod cli;
pub mod code;
pub mod cost;
pub mod doctor;
pub mod event;
pub mod gang;
pub mod gpus;
pub mod plan;
pub mod report;
pub mod spec;
pub mod store;
pub mod sys;
pub mod ui;

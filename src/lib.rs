//! mlctl: training, prediction, tuning and serving on any Kubernetes cluster or a laptop.
//!
//! The library never prints, never reads the environment and never exits: that is `cli/`'s part.

pub mod agent;
pub mod cli;
pub mod doctor;
pub mod event;
pub mod gang;
pub mod hardware;
pub mod model;
pub mod ops;
pub mod plan;
pub mod run;
pub mod runtime;
pub mod spec;
pub mod storage;
pub mod store;
pub mod sys;
pub mod text;
pub mod ui;
pub mod work;

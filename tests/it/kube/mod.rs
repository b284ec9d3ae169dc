//! Runs in a real cluster.

mod attacks;
mod batch;
mod cleanup;
mod cost;
mod digits;
mod doctor;
mod environment;
mod faults;
mod foreign;
mod gpus;
mod outputs;
mod roles;
mod serve;
mod support;
mod tune;
mod verbs;
mod whose;

pub use support::Kube;

//! All integration tests, in one binary.

#![allow(unreachable_pub, reason = "nothing outside this binary sees anything")]
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that fails panics"
)]
#![allow(clippy::print_stderr, reason = "a skipped or failed test says why")]
#![allow(clippy::pedantic, reason = "tests are read, not reused")]

mod answers;
mod attacks;
mod batch;
mod cleanup;
mod cleanup_outputs;
mod cost;
mod doctor;
mod dstack;
mod export;
mod formats;
mod generated;
mod gpus;
mod image;
mod katib;
mod kserve;
mod kube;
mod kubeflow;
mod layers;
mod models;
mod others;
mod outputs;
mod pod;
mod predict;
mod pty;
mod readme;
mod render;
mod security;
mod serve;
mod shown;
mod skypilot;
mod spec;
mod state;
mod storage;
mod support;
mod surface;
mod tfserving;
mod train;
mod trainer;
mod tune;
mod unsubmitted;
mod vertex;

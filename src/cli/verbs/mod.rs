//! One file per verb, or a folder: its arguments, its help and what it does.

pub mod agent;
pub mod batch;
pub mod cancel;
pub mod cleanup;
pub mod cluster;
pub mod completions;
pub mod cost;
pub mod doctor;
mod dry_run;
pub mod evaluate;
pub mod exec;
pub mod gpus;
pub mod init;
pub mod list;
pub mod logs;
mod others;
pub mod outputs;
pub mod render;
mod selection;
pub mod spec;
pub mod state;
pub mod status;
pub mod train;
pub mod tune;
pub mod wait;
mod watch;
pub mod why;

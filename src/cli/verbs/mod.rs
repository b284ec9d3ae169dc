//! One file per verb: its arguments, its help and what it does.

pub mod agent;
pub mod batch_worker;
pub mod cancel;
pub mod cleanup;
pub mod cluster;
pub mod completions;
pub mod cost;
pub mod doctor;
mod dry_run;
pub mod exec;
pub mod gpus;
pub mod init;
pub mod list;
pub mod logs;
pub mod render;
mod selection;
pub mod spec;
pub mod state;
pub mod status;
pub mod train;
pub mod wait;
pub mod why;

//! Endpoints on this machine: begun, called, changed, broken, ended.

mod changes;
mod digits;
mod kept;
mod life;
mod looks;
mod secrets;
mod servers;
mod streams;
pub mod support;
mod trouble;

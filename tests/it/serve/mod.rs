//! Endpoints on this machine: begun, called, changed, broken, ended.

mod changes;
mod life;
mod support;
mod trouble;

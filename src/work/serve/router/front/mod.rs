//! What clients connect to.

mod admin;
mod connection;
mod scan;
mod serve;
mod state;
mod transport;

pub(crate) use admin::serve as serve_admin;
pub(crate) use serve::serve;
pub(crate) use state::{RequestMark, StreamMark};

//! The configuration in use and everything that lives longer than one of them.

mod meter;
mod past;
mod replica;
mod revision;
mod served;
mod state;

pub(crate) use meter::Meter;
pub(crate) use past::Past;
pub(crate) use replica::{Lease, Replica};
pub(crate) use revision::{Place, Revision};
pub(crate) use served::Served;
pub(crate) use state::Live;

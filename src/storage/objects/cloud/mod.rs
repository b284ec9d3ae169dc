//! Buckets, by the clouds' own protocols.

mod bucket;
mod credentials;
mod open;
mod page;
mod refused;
mod unnamed;

pub(super) use bucket::Bucket;

//! Buckets, by the clouds' own protocols.

mod bucket;
mod credentials;
mod open;
mod page;
mod refused;
mod trust;
mod unnamed;

pub(super) use bucket::Bucket;

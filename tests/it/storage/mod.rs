//! Objects by URL, against real stores.

mod contract;
mod faults;
mod peers;
mod s3;
mod web;

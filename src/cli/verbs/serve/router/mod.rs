//! The hidden verb of an endpoint's router in a pod.

mod leads;
mod notes;
mod peers;
mod run;
mod show;

pub use run::serve_router;

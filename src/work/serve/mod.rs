//! Endpoints: what is served, by whom, and who gets which requests.

mod loaded;

pub use loaded::LoadedEndpoint;

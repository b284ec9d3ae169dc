//! Accelerators: their names, who has them, what fits on them and how they are sliced. Pure:
//! runtimes bring what they see.

pub mod accelerator;
pub mod gpus;
mod requests;

pub use requests::Requests;

//! What agents say to each other as bytes: proofs that both hold the run's token, then frames.

mod frame;
mod handshake;
mod proof;
#[cfg(test)]
mod tests;

pub use frame::{Channel, Receiver, Sender};
pub use handshake::{Admission, Purpose, Step};
pub(super) use handshake::{HANDSHAKE_LIMIT, greet};
pub(super) use proof::{prove, verify};

//! What is decided about an endpoint: which revision gets which share of the requests, and how many
//! replicas each has. Pure: the journal's state, measurements and facts in, entries and actions out.
//!
//! A loop reads the journal into an [`EndpointState`], and asks [`decide`] for what to write down next.
//! Only when there is nothing more to write does it ask [`actions`] for what the world lacks of what the
//! journal says, and does that. Killed at any point, its successor reads the same state and goes on.

mod action;
mod asked;
mod change;
mod decide;
mod evidence;
mod facts;
mod fold;
mod journal;
mod judge;
mod measured;
pub(crate) mod millis;
mod record;
mod replicas;
mod revision;
mod rules;
mod state;
#[cfg(test)]
mod tests;
mod weights;

pub use action::*;
pub use decide::decide;
pub use facts::*;
pub use journal::*;
pub use measured::Measured;
pub use record::*;
pub use revision::*;
pub use rules::*;
pub use state::*;
pub use weights::*;

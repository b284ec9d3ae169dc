//! Which parameters to try next.
//!
//! [`suggest`] takes a [`Space`], the trials that have ended and those that run, and says what to try.
//! It has no state, reads no clock, starts no thread and draws nothing but what its seed says, so the
//! same question has the same answer on every machine. [`answer`] is the same as a line of JSON.

#![allow(clippy::float_cmp, reason = "equal coordinates and equal outcomes mean the same bits")]

mod bayes;
mod history;
mod method;
mod model;
mod numeric;
mod options;
mod protocol;
mod search;
mod space;
pub mod stopping;
mod suggest;
mod trial;

pub use method::Method;
pub use options::{Algorithm, Fallback, Found, LIMIT, Options, SuggestError, Suggestions};
pub use protocol::{answer, answer_with};
pub use space::{Condition, Domain, Parameter, Params, Scale, Space, SpaceError, Value};
pub use suggest::suggest;
pub use trial::{Direction, Outcome, Trial};

#[cfg(test)]
mod tests;

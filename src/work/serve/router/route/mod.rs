//! What is decided about a request, purely: nothing here has a socket or a clock.

mod auth;
mod balance;
mod headers;
mod outcome;
mod point;
mod refusal;
mod table;
mod target;
mod vertex;

pub(crate) use auth::admit;
pub(crate) use balance::{Ejection, Health, PeakEwma, RetryBudget, pick};
pub(crate) use headers::{answer_headers, expects, forwarded, framing, request_headers, upgrade};
#[cfg(test)]
pub(crate) use outcome::grpc_message;
pub(crate) use outcome::{End, Outcome, Protocol, grpc_status, is_grpc};
pub(crate) use point::Sequence;
#[cfg(test)]
pub(crate) use point::caller;
pub(crate) use refusal::{Dialect, Refusal};
pub(crate) use table::{Call, Choice, REVISION, Table};
pub(crate) use target::Target;
pub(crate) use vertex::{Insert, Insertion};

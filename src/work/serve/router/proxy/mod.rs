//! One request, from its head to the last byte of its answer.

mod account;
mod answer;
mod request;
mod respond;
mod shadow;
mod tries;
mod tunnel;
mod wait;

pub(crate) use answer::AnswerBody;
pub(crate) use request::{Peer, answer};

use account::{Account, Carrier};

//! The protocols of JSON over HTTP, and the client that they share.

mod answer;
mod body;
mod columnar;
mod http;
mod instances;
mod openai;
mod signatures;
mod v2;

pub(super) use body::body_found;
pub(in crate::work) use http::Http;
pub(super) use instances::Instances;
pub(super) use openai::{OpenAi, plain as openai_ask};
pub(super) use signatures::Signatures;
pub(super) use v2::{Metadata, V2, takes_binary};

//! The protocols of JSON over HTTP, and the client that they share.

mod answer;
mod columnar;
mod http;
mod instances;
mod openai;
mod v2;

pub(in crate::work) use http::Http;
pub(super) use instances::Instances;
pub(super) use openai::{OpenAi, plain as openai_ask};
pub(super) use v2::{Metadata, V2, takes_binary};

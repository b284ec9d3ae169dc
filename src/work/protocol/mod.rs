//! What is spoken with model servers, and how their refusals are taken.

mod address;
mod answered;
mod call_error;
mod caller;
mod client;
mod connect;
mod connection;
mod connector;
mod dialect;
mod discover;
#[cfg(test)]
pub(in crate::work) mod fixture;
mod grpc;
mod known;
mod pause;
mod place;
mod plain;
mod predictor;
mod probe;
mod reason;
mod rest;
mod streamed;
mod tensors;
mod transport;
mod trust;
mod window;

pub use answered::Token;
pub use call_error::CallError;
pub use caller::{CallOptions, Caller, Failed, Prepared, REVISION_HEADER, Reply};
pub use client::Client;
pub use connect::ClientOptions;
pub use connection::Connection;
pub use discover::{DiscoverError, Said, discover};
pub(in crate::work) use grpc::ready as grpc_ready;
pub(in crate::work) use plain::Plain;
pub use predictor::{Answer, Answers, Permit, PredictError, Predictor, RowError};
pub(in crate::work) use rest::Http;
pub use streamed::{RawHead, Streamed};
pub(in crate::work) use tensors::{Datatype, TensorInfo};
pub use trust::Trust;

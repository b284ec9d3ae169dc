//! What is spoken with model servers, and how their refusals are taken.

mod address;
mod answered;
mod client;
mod connect;
mod connection;
mod connector;
mod dialect;
#[cfg(test)]
pub(in crate::work) mod fixture;
mod grpc;
mod pause;
mod plain;
mod predictor;
mod reason;
mod rest;
mod tensors;
mod transport;
mod window;

pub use answered::Token;
pub use client::Client;
pub use connect::ClientOptions;
pub use connection::Connection;
pub(in crate::work) use grpc::ready as grpc_ready;
pub(in crate::work) use plain::Plain;
pub use predictor::{Answer, Answers, Permit, PredictError, Predictor, RowError};
pub(in crate::work) use rest::Http;

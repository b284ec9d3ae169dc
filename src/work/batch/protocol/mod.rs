//! What is spoken with model servers, and how their refusals are taken.

mod address;
mod answer;
mod answered;
mod client;
mod columnar;
mod connect;
mod connection;
mod connector;
mod dialect;
mod elements;
mod fill;
mod grpc;
mod half;
mod http;
mod instances;
mod openai;
mod pause;
mod reason;
mod rows;
mod tensor;
mod transport;
mod v2;
mod window;

pub use answered::Token;
pub use client::Client;
pub use connect::ClientOptions;
pub use connection::Connection;
pub(super) use grpc::ready as grpc_ready;
pub(super) use http::Http;

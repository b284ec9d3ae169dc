//! What is spoken with model servers, and how their refusals are taken.

mod address;
mod answer;
mod client;
mod columnar;
mod connection;
mod dialect;
mod http;
mod openai;
mod pause;
mod reason;
mod rows;
mod tensor;
mod v2;
mod window;

pub use client::{Client, ClientOptions};
pub use connection::Connection;
pub(super) use http::Http;
pub use http::Token;

//! A whole router between real sockets.

mod balance;
mod change;
mod failure;
mod grpc;
mod limits;
mod pass;
mod records;
mod stop;
mod support;
mod upgrade;
mod vertex;

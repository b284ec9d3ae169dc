//! Callers and servers that mean harm, or are broken, on real sockets.

mod attacks;
mod bodies;
mod frames;
mod grpc;
mod heads;
mod http2;
mod memory;
mod neighbour;
mod server;
mod servers;
mod slow;
mod support;
mod wire;

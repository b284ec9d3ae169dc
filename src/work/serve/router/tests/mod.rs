//! Against real sockets, and what can be said of all inputs.

mod assignment;
mod documents;
mod histogram;

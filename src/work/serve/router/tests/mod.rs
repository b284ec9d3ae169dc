//! Against real sockets, and what can be said of all inputs.

mod assignment;
mod documents;
mod gather;
mod histogram;
mod hostile;
mod live;
mod prometheus;
mod route;

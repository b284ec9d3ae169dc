//! What somebody else may try, each of which succeeded once.

mod code;
mod links;
mod mounts;
mod reads;

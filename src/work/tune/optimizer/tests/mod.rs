//! Tests across modules: numerics against other people's, properties of suggestions, the protocol.

mod numerics;
mod properties;
mod protocol;
mod spaces;
mod support;

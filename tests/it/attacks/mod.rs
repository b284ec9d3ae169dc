//! What somebody else may try, each of which succeeded once.

mod mounts;

//! The code of a run: fixed at its submission, without what no run needs, and told of where it stays
//! behind.

mod fixed;
mod ignored;
mod links;
mod much;
mod outputs;
mod support;

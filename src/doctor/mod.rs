//! What is wrong with a laptop or a cluster. Nothing is looked at here: the runtimes gather facts,
//! and these functions judge them.

mod access;
mod claims;
mod clock;
mod cluster;
mod finding;
mod laptop;
mod nodes;
mod probe;
mod pulls;
mod quota;
mod stores;
#[cfg(test)]
mod tests;
mod visit;

pub use access::*;
pub use claims::*;
pub use clock::*;
pub use cluster::*;
pub use finding::*;
pub use laptop::*;
pub use nodes::*;
pub use probe::*;
pub use pulls::*;
pub use quota::*;
pub use stores::*;
pub use visit::*;

//! What one kind of work is, without any terminal: a folder for each kind.

pub mod batch;
pub mod serve;
pub mod train;
pub mod tune;

//! What a study is, and its life, without a terminal.

mod loaded;
mod study;

pub use loaded::LoadedStudy;
pub use study::*;

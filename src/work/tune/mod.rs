//! What a study is, and its life, without a terminal.

mod export;
mod loaded;
mod study;

pub use export::*;
pub use loaded::LoadedStudy;
pub use study::*;

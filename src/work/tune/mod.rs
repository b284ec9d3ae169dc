//! What a study is, without a terminal.

mod loaded;

pub use loaded::LoadedStudy;

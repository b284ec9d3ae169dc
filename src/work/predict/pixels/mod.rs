//! Images as numbers, for models that take pixels.

mod arrange;
mod picture;

pub use arrange::PixelRange;
pub(super) use arrange::arrange;
pub(super) use picture::Picture;

//! Asking a model that serves: a few rows at once, or many for as long as a measurement takes.

mod ask;
mod error;
mod image;
mod input;
mod load;
mod pixels;
mod raw;

pub use ask::{Answered, AskOptions, ask};
pub use error::PredictionError;
pub use image::{ImageFile, image_rows};
pub use input::{Body, Input};
pub use load::{
    FailureReport, LOAD_VERSION, LatencyReport, LoadOptions, LoadReport, RevisionReport, load,
    prepare,
};
pub use pixels::PixelRange;
pub use raw::raw;

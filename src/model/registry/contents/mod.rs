//! What kind of files a model has, and which of them are the model.

mod chosen;
mod kind;

pub use chosen::Contents;
pub use kind::ModelKind;

//! The typed spec: what a `TuneJob` file says.

mod collect;
mod early;
mod job;
mod metric;
mod parameter;
mod stopping;
mod trial;
mod word;

pub use collect::*;
pub use early::*;
pub use job::*;
pub use metric::*;
pub use parameter::*;
pub use stopping::*;
pub use trial::*;
pub use word::*;

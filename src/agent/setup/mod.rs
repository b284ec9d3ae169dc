//! What happens before a replica joins its gang: a Python environment, a script.

mod image;
mod python;
mod steps;

pub(crate) use python::COMPLETE;
pub(super) use python::with_python;
pub(super) use steps::Steps;

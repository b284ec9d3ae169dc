//! What happens before a replica joins its gang: a Python environment, a script.

mod environment;
mod image;
mod python;
mod steps;

pub(super) use environment::with_python;
pub(crate) use python::{COMPLETE, ENSUREPIP, PIP, pip_folder};
pub(super) use steps::Steps;

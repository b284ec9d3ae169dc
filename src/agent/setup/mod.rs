//! Set-up, which runs before a replica joins its gang: it makes a Python environment and runs a
//! script of the user's.

mod environment;
mod image;
mod python;
mod steps;

pub(super) use environment::with_python;
pub(crate) use python::{COMPLETE, ENSUREPIP, PIP, pip_folder};
pub(super) use steps::Steps;

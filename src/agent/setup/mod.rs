//! Set-up, which runs before a replica joins its gang: it makes a Python environment and runs a
//! script of the user's.

mod environment;
mod image;
mod inputs;
mod installer;
mod kept;
mod python;
mod settings;
mod steps;
mod tree;
mod uv;

pub(super) use environment::with_python;
pub(crate) use kept::OnceEnvironment;
pub(crate) use python::{COMPLETE, ENSUREPIP, PIP, pip_folder};
pub(super) use steps::Steps;

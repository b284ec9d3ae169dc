//! TensorFlow Serving's own files: the text form of protocol buffers that its flags name.
//!
//! `--model_config_file` says which models are served, and becomes an endpoint for each of them. The files of
//! `--batching_parameters_file` and `--monitoring_config_file` belong to a server's command line, which is said.

mod flags;
mod message;
mod model;
mod models;
mod policy;
mod reader;
mod system;
mod tables;
mod tokens;

pub(in crate::spec::foreign) use models::recognise;
pub(in crate::spec::foreign) use reader::read;
pub(in crate::spec::foreign) use tables::TABLES;

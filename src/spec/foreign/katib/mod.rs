//! Katib's `Experiment`, accepted as people write it.
//!
//! The format is that of the custom resource (`kubeflow.org/v1beta1`). Nothing of a file is dropped
//! silently: what has no counterpart is a warning with its place, and what can't be kept, such as
//! neural architecture search, is refused by its name.

mod algorithm;
mod collector;
mod experiment;
mod objective;
mod parameters;
mod system;
mod tables;
mod template;

pub(in crate::spec::foreign) use experiment::recognise;
pub(in crate::spec::foreign) use tables::TABLES;

//! KServe's `InferenceService`, accepted as people write it.
//!
//! The format is that of the custom resource, `serving.kserve.io/v1beta1`, and of KFServing before it
//! (`serving.kubeflow.org`, also `v1alpha2`, in which a canary stands beside what it is to replace). Nothing of a
//! file is dropped silently: what has no counterpart is a warning with its place, and what can't be kept, such as
//! a transformer, is refused by its name.

mod autoscaling;
mod formats;
mod model;
mod names;
mod pods;
mod ports;
mod predictor;
mod program;
mod refused;
mod runtime;
mod service;
mod storage;
mod system;
mod tables;

pub(in crate::spec::foreign) use service::recognise;
pub(in crate::spec::foreign) use tables::TABLES;

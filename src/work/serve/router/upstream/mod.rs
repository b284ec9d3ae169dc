//! Connections to replicas and what is sent over them.

mod fault;
mod http1;
mod http2;
mod upload;

pub(crate) use fault::SendFault;
pub(crate) use http1::{Http1, Http1Lease};
pub(crate) use http2::{Http2, Http2Lease};
pub(crate) use upload::{RequestBody, Upload, UploadFault, UploadLimits};

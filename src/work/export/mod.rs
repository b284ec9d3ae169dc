//! Exports: a model becomes what runs on devices and in browsers, by a run like others.

mod job;
mod report;
mod request;
mod scripts;

pub use job::{ExportPlaces, job};
pub use report::{
    Evaluation, ExportReport, Exported, Latency, Measured, Operators, Original, REPORT_FILE,
    Representative, Site, Tensor, Verdict,
};
pub use request::{ExportRequest, Io, Quantization, Target, WrongRequest};
pub use scripts::scripts;

//! A job as YAML: short, and read back as the same job.

use super::types::TrainJob;

/// The YAML of a job, without what is a default anyway.
pub fn to_yaml(job: &TrainJob) -> Result<String, serde_saphyr::ser::Error> {
    serde_saphyr::to_string(job)
}

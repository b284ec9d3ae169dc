//! A job as YAML: short, and read back as the same job.

use super::types::{Accelerators, EnvVar, TrainJob};

/// The YAML of a job, without what is a default anyway.
pub fn to_yaml(job: &TrainJob) -> Result<String, serde_saphyr::ser::Error> {
    serde_saphyr::to_string(&escaped(job))
}

/// The job with `$` doubled where the reader would expand `${VAR}` (fields marked
/// `x-mlctl-expand`): what is in a typed job is meant literally.
fn escaped(job: &TrainJob) -> TrainJob {
    let mut job = job.clone();
    escape(&mut job.name);
    job.labels.values_mut().for_each(escape);
    job.image.iter_mut().for_each(escape);
    job.code.iter_mut().for_each(escape);
    job.output.iter_mut().for_each(escape);
    job.node_selector.values_mut().for_each(escape);
    escape_env(&mut job.env);
    escape_kind(&mut job.accelerators);
    for role in job.roles.values_mut() {
        role.image.iter_mut().for_each(escape);
        role.node_selector.values_mut().for_each(escape);
        escape_env(&mut role.env);
        escape_kind(&mut role.accelerators);
    }
    job
}

fn escape_env(env: &mut [EnvVar]) {
    env.iter_mut().filter_map(|variable| variable.value.as_mut()).for_each(escape);
}

fn escape_kind(accelerators: &mut Option<Accelerators>) {
    accelerators.iter_mut().for_each(|accelerators| escape(&mut accelerators.kind));
}

fn escape(text: &mut String) {
    if text.contains("${") || text.contains("$$") {
        *text = text.replace('$', "$$");
    }
}

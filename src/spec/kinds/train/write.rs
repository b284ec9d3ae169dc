//! A job as YAML: short, and read back as the same job.

use indexmap::IndexMap;

use super::types::{Accelerators, EnvVar, Output, PushTo, PushWith, Storage, TrainJob};
use crate::spec::syntax::{escape, escape_command};
use crate::storage::Place;

/// The YAML of a job, without what is a default anyway. Values are written in full: one that came
/// from the environment (see [`crate::spec::Resolved::from_env`]) is there in clear text.
pub fn to_yaml(job: &TrainJob) -> Result<String, serde_saphyr::ser::Error> {
    serde_saphyr::to_string(&written(job))
}

/// A job as a file says it that means this one.
pub fn written(job: &TrainJob) -> TrainJob {
    let mut job = job.clone();
    escape_all(&mut job);
    job
}

/// What was replaced once must not be replaced again: `${` is written `$${`.
fn escape_all(job: &mut TrainJob) {
    escape(&mut job.name);
    let texts = [&mut job.image, &mut job.queue, &mut job.priority_class, &mut job.service_account];
    texts.into_iter().flatten().for_each(escape);
    let output = job.output.iter_mut().map(Output::place_mut);
    job.code.iter_mut().chain(output).for_each(escape_place);
    if let Some(Storage { secret, service_account, endpoint, region, .. }) = &mut job.storage {
        [secret, service_account, endpoint, region].into_iter().flatten().for_each(escape);
    }
    for data in &mut job.data {
        escape_place(&mut data.uri);
        escape(&mut data.path);
    }
    match &mut job.push {
        Some(PushTo::Name(name)) => escape(name),
        Some(PushTo::With(PushWith { name, alias, labels })) => {
            escape(name);
            alias.iter_mut().for_each(escape);
            escape_map(labels);
        }
        None => {}
    }
    escape_map(&mut job.labels);
    escape_map(&mut job.node_selector);
    escape_env(&mut job.env);
    escape_accelerators(job.accelerators.as_mut());
    for role in job.roles.values_mut() {
        role.image.iter_mut().for_each(escape);
        escape_map(&mut role.node_selector);
        escape_env(&mut role.env);
        escape_accelerators(role.accelerators.as_mut());
    }
}

fn escape_place(place: &mut Place) {
    let mut text = place.to_string();
    escape(&mut text);
    *place = text.into();
}

fn escape_map(map: &mut IndexMap<String, String>) {
    map.values_mut().for_each(escape);
}

fn escape_env(env: &mut [EnvVar]) {
    env.iter_mut().filter_map(|var| var.value.as_mut()).for_each(escape_command);
}

fn escape_accelerators(accelerators: Option<&mut Accelerators>) {
    if let Some(accelerators) = accelerators {
        escape(&mut accelerators.kind);
    }
}

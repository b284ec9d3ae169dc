//! A study as YAML: short, and read back as the same study.

use serde_json::Value as Json;

use super::types::{Collect, Trial, TuneJob};
use crate::spec::kinds::train::{TrainJob, written};
use crate::spec::syntax::{PARAMETER, escape};

impl TuneJob {
    /// The study as YAML, without what is a default anyway. Values are written in full: one that came
    /// from the environment is there in clear text.
    pub fn to_yaml(&self) -> Result<String, serde_saphyr::ser::Error> {
        serde_saphyr::to_string(&self.written())
    }

    /// The study as a file says it that means this one: what was replaced once is not replaced again.
    #[must_use]
    pub fn written(&self) -> Self {
        let mut job = self.clone();
        escape(&mut job.name);
        job.labels.values_mut().for_each(escape);
        job.warm_start.iter_mut().for_each(escape);
        if let Collect::With(with) = &mut job.collect {
            with.path.iter_mut().for_each(escape);
        }
        match &mut job.trial {
            Trial::File(file) => {
                let mut text = file.file.to_string();
                escape(&mut text);
                file.file = text.into();
            }
            Trial::Job(trial) => {
                **trial = with_references(&written(trial));
                if trial.name == job.name {
                    trial.name.clear();
                }
            }
        }
        job
    }
}

/// References to parameters are none to the environment, so they are written as they are.
fn with_references(trial: &TrainJob) -> TrainJob {
    fn restore(value: &mut Json) {
        match value {
            Json::String(text) => {
                *text = text.replace(&format!("$${{{PARAMETER}"), &format!("${{{PARAMETER}"));
            }
            Json::Array(items) => items.iter_mut().for_each(restore),
            Json::Object(fields) => fields.values_mut().for_each(restore),
            Json::Null | Json::Bool(_) | Json::Number(_) => {}
        }
    }
    let restored = serde_json::to_value(trial).and_then(|mut value| {
        restore(&mut value);
        serde_json::from_value(value)
    });
    restored.unwrap_or_else(|_| trial.clone())
}

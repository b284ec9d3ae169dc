//! What a trial runs.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser};
use serde_json::Value as Json;

use crate::spec::kinds::Resolved;
use crate::spec::kinds::train::TrainJob;
use crate::storage::Place;

/// What each trial runs.
#[derive(Clone, Debug, PartialEq)]
pub enum Trial {
    /// The TrainJob of another file.
    File(TrialFile),
    /// A TrainJob in place.
    Job(Box<TrainJob>),
}

impl Default for Trial {
    fn default() -> Self {
        Self::Job(Box::default())
    }
}

impl Trial {
    /// The job; none where it is in a file that was not looked at.
    pub fn job(&self) -> Option<&TrainJob> {
        match self {
            Self::File(file) => file.job.as_ref().map(|job| &job.spec),
            Self::Job(job) => Some(job),
        }
    }
}

/// A file with the TrainJob of the trials.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TrialFile {
    /// A file with one TrainJob, or what becomes one, relative to this one.
    #[schemars(extend("x-mlctl-expand" = true))]
    pub file: Place,
    /// What is in it, once it was read.
    #[serde(skip)]
    pub job: Option<Box<Resolved<TrainJob>>>,
}

impl JsonSchema for Trial {
    fn schema_name() -> Cow<'static, str> {
        "Trial".into()
    }

    // The job is the first: what is neither is taken for one.
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "anyOf": [
                generator.subschema_for::<TrainJob>(),
                generator.subschema_for::<TrialFile>(),
            ]
        })
    }
}

/// What a TrainJob in place need not say.
pub(crate) const IMPLIED: [&str; 3] = ["apiVersion", "kind", "name"];

impl Serialize for Trial {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::File(file) => file.serialize(serializer),
            Self::Job(job) => {
                let mut value = serde_json::to_value(job).map_err(ser::Error::custom)?;
                if let Json::Object(fields) = &mut value {
                    fields.shift_remove("apiVersion");
                    fields.shift_remove("kind");
                    // Without a name it has the study's.
                    if job.name.is_empty() {
                        fields.shift_remove("name");
                    }
                }
                value.serialize(serializer)
            }
        }
    }
}

impl<'de> Deserialize<'de> for Trial {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut value = Json::deserialize(deserializer)?;
        if value.get("file").is_some() {
            return serde_json::from_value(value).map(Self::File).map_err(de::Error::custom);
        }
        if let Json::Object(fields) = &mut value {
            let usual = serde_json::to_value(TrainJob::default()).map_err(de::Error::custom)?;
            for name in IMPLIED {
                fields.entry(name).or_insert_with(|| usual[name].clone());
            }
        }
        serde_json::from_value(value).map(Self::Job).map_err(de::Error::custom)
    }
}

/// How a trial gets its parameters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Pass {
    /// As `--name=value` behind all other arguments, in place of a fixed one of the same name.
    #[default]
    Arguments,
    /// As variables, each called as its parameter.
    Environment,
    /// Only where the trial names them by `${params.NAME}`.
    Template,
}

impl Pass {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
    pub(super) fn is_default(&self) -> bool {
        *self == Self::Arguments
    }
}

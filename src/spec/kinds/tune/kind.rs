//! The kind as the loader sees it.

use std::sync::LazyLock;

use serde_json::{Value as Json, json};

use super::habits::HABITS;
use super::lint;
use super::types::{IMPLIED, Trial, TuneJob};
use crate::spec::kinds::{Document, Kind, Named, train};

static SCHEMA: LazyLock<Json> = LazyLock::new(|| {
    let mut schema = schemars::schema_for!(TuneJob).to_value();
    // A TrainJob in place need not say what it is.
    let definition = &mut schema["$defs"]["TrainJob"];
    let needed = definition["required"].as_array().cloned().unwrap_or_default();
    let is_needed = |name: &Json| name.as_str().is_some_and(|name| !IMPLIED.contains(&name));
    definition["required"] = needed.into_iter().filter(is_needed).collect();
    if definition["required"] == json!([])
        && let Some(definition) = definition.as_object_mut()
    {
        definition.shift_remove("required");
    }
    schema
});

/// What `kind:` says, and what is recorded with every study.
pub const TUNE_JOB: &str = "TuneJob";

/// `kind: TuneJob` as the registry lists it.
pub(crate) static KIND: Kind = Kind {
    name: TUNE_JOB,
    noun: "study",
    example: "digits-search",
    schema_file: "tunejob.json",
    schema: || &SCHEMA,
    named: &[Named {
        field: "parameters",
        one: "parameter",
        placeholder: "<parameter>",
        example: "learning_rate",
        definition: "Variant",
    }],
    owners: &[
        ("stopping", "Stopping"),
        ("stopping.noProgress", "NoProgressFor"),
        ("earlyStopping", "EarlyStoppingWith"),
        ("collect", "CollectWith"),
    ],
    nested: &[("trial", &train::KIND)],
    habits: HABITS,
    read: |value, origin| {
        Ok(Document::TuneJob(Box::new(origin.of(named(serde_json::from_value(value)?)))))
    },
    check_part: |value, part| {
        serde_json::from_value(value)
            .map_or_else(|_| Vec::new(), |job| lint::check_part(&named(job), part))
    },
};

/// A trial in place without a name has the study's.
fn named(mut job: TuneJob) -> TuneJob {
    if let Trial::Job(trial) = &mut job.trial
        && trial.name.is_empty()
    {
        trial.name.clone_from(&job.name);
    }
    job
}

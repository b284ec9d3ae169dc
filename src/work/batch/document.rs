//! The job's document: made of the spec and the listed inputs, with an identity, compared with the one
//! that is in the output already.

use serde_json::{Value as Json, json};
use sha2::{Digest, Sha256};

use super::{InputFormat, JOB_VERSION, JobDocument, LoadedBatch, OutputFormat, Rows, build, cut};
use crate::spec::{BatchFormat, InstanceType, ResultFormat};
use crate::storage::{Object, Place};
use crate::text::hex;
use crate::work::servers::ServerKind;

/// The document of a job over these inputs, with its model where nothing of it moves any more.
pub fn document(
    batch: &LoadedBatch,
    model_uri: Option<&Place>,
    inputs: Vec<Object>,
) -> JobDocument {
    let job = &batch.job;
    let model = &job.model;
    let format = match job.input.format() {
        BatchFormat::Jsonl => InputFormat::Jsonl,
        BatchFormat::Csv => InputFormat::Csv,
        BatchFormat::TfRecord => InputFormat::TfRecord,
        BatchFormat::TfRecordGzip => InputFormat::TfRecordGzip,
        BatchFormat::FileList => InputFormat::FileList,
    };
    // When an input was written says nothing that its ETag doesn't.
    let inputs: Vec<Object> =
        inputs.into_iter().map(|input| Object { modified: None, ..input }).collect();
    let who = job
        .endpoint
        .clone()
        .or_else(|| model_uri.map(Place::to_string))
        .or_else(|| model.image.clone())
        .or_else(|| model.command.as_ref().map(|command| command.join(" ")));
    let mut document = JobDocument {
        schema_version: JOB_VERSION,
        id: String::new(),
        model: who.unwrap_or_default(),
        registered: batch.model.registered().filter(|_| job.endpoint.is_none()),
        asked: json!({
            "server": model.server,
            "protocol": ServerKind::of_batch(job).protocol(),
            "name": build::model_name(job),
            "version": model.version,
            "signature": model.signature,
            "predictRoute": model.routes.predict,
        }),
        format,
        output_format: match job.output.format() {
            ResultFormat::Jsonl => OutputFormat::Jsonl,
            ResultFormat::Csv => OutputFormat::Csv,
        },
        instances: Rows {
            instance_type: job.instances.kind.map(InstanceType::as_str).map(str::to_owned),
            key_field: job.instances.key_field.clone(),
            included_fields: job.instances.included_fields.clone(),
            excluded_fields: job.instances.excluded_fields.clone(),
        },
        parameters: job.parameters.clone(),
        shards: cut(&inputs, format),
        inputs,
    };
    document.id = identity(&document);
    document
}

/// The SHA-256 of a document without its identity, in hex. Mappings are written in the order of their
/// keys, so that it doesn't matter in which order a spec has them.
pub fn identity(document: &JobDocument) -> String {
    let mut value = serde_json::to_value(document).unwrap_or_default();
    if let Some(fields) = value.as_object_mut() {
        fields.remove("id");
    }
    sort(&mut value);
    hex::encode(Sha256::digest(value.to_string()))
}

fn sort(value: &mut Json) {
    match value {
        Json::Object(fields) => {
            fields.sort_keys();
            fields.values_mut().for_each(sort);
        }
        Json::Array(items) => items.iter_mut().for_each(sort),
        _ => {}
    }
}

/// In which points this job is another one than that in the output, for a person.
pub fn differences(there: &JobDocument, here: &JobDocument) -> Vec<String> {
    let mut found = Vec::new();
    let mut compare = |name: &str, there: Json, here: Json| {
        if there != here {
            found.push(format!("{name}: there {}, here {}", short(&there), short(&here)));
        }
    };
    compare("model", json!(there.model), json!(here.model));
    compare("version", json!(there.registered), json!(here.registered));
    for name in ["server", "protocol", "name", "version", "signature", "predictRoute"] {
        compare(&format!("model.{name}"), there.asked[name].clone(), here.asked[name].clone());
    }
    compare("input.format", json!(there.format), json!(here.format));
    compare("output.format", json!(there.output_format), json!(here.output_format));
    compare("instances", json!(there.instances), json!(here.instances));
    compare("parameters", json!(there.parameters), json!(here.parameters));
    compare("inputs", json!(there.inputs.len()), json!(here.inputs.len()));
    let changed = there.inputs.iter().zip(&here.inputs).find(|(there, here)| there != here);
    if let Some((there, here)) = changed {
        if there.place == here.place {
            found.push(format!("the input {} has changed since", here.place));
        } else {
            compare("input", json!(there.place), json!(here.place));
        }
    }
    if found.is_empty() {
        found.push("it was made by another version of mlctl".to_owned());
    }
    found
}

fn short(value: &Json) -> String {
    match value {
        Json::Null => "nothing".to_owned(),
        Json::String(text) => format!("`{text}`"),
        other => format!("`{other}`"),
    }
}

//! Answers to the questions by which a server is found out about.

use serde::Deserialize;
use serde_json::Value as Json;

use super::answered::Answered;

/// Lists of models in the forms in which servers have them.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct List {
    /// OpenAI's.
    pub(super) data: Option<Vec<Json>>,
    /// KServe's.
    pub(super) models: Option<Vec<Json>>,
}

impl List {
    /// The names of the models in it.
    pub(super) fn names(&self) -> Vec<String> {
        let named = |json: &Json| {
            let name = json.as_str().or_else(|| json.get("id")?.as_str());
            let name = name.or_else(|| json.get("name")?.as_str());
            name.map(str::to_owned)
        };
        self.data.iter().chain(&self.models).flatten().filter_map(named).collect()
    }
}

/// The JSON of a success.
pub(super) fn read<'a, T: Deserialize<'a>>(answered: &'a Answered) -> Option<T> {
    answered.status.is_success().then_some(())?;
    serde_json::from_slice(&answered.body).ok()
}

/// What a server that speaks version 2 says of itself.
pub(super) fn is_v2(answered: &Answered) -> bool {
    read::<Json>(answered).is_some_and(|json| {
        json.get("name").is_some()
            && (json.get("version").is_some() || json.get("extensions").is_some())
    })
}

/// TF Serving's status of a model, or KServe's.
pub(super) fn is_status(answered: &Answered) -> bool {
    read::<Json>(answered).is_some_and(|json| {
        json.get("model_version_status").is_some() || json.get("ready").is_some()
    })
}

/// What was asked, and the status of the answer.
pub(super) fn said(path: &str, answered: &Answered) -> String {
    format!("GET {path}: {}", answered.status.as_u16())
}

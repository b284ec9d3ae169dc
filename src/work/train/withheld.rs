//! Secret values leave a job before it is written down, and come back where it runs: that of a study's
//! trials, or of an endpoint's replicas.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::LoadedJob;
use crate::plan::mask_spec;
use crate::spec::check::MASK;
use crate::spec::{TRAIN_JOB, TrainJob, to_yaml};

/// Secrets can't be taken out of a job, or put back.
#[derive(Debug, thiserror::Error)]
pub enum WithheldError {
    /// The values of these places are not there.
    #[error("the values of {} are secret, and mlctl writes them down nowhere", .0.join(", "))]
    Missing(Vec<String>),
    /// The job can't be written, which would be a fault of mlctl.
    #[error("the job can't be written: {0}")]
    Unwritable(String),
}

/// A place in a job whose value is secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecretAt {
    /// The place as a JSON pointer (RFC 6901).
    pub place: String,
    /// The variable that has the value where the job is submitted from.
    pub variable: String,
}

/// A job whose secrets have been taken out.
#[derive(Debug)]
pub struct Withheld {
    /// The job with masks in their places.
    pub job: TrainJob,
    /// The places.
    pub places: Vec<SecretAt>,
    /// The values, by the variables that bring them to who submits it.
    pub values: BTreeMap<String, String>,
}

/// A job without its secrets: what masking it as a spec hides, and what `${VAR}` brought into variables of
/// the environment. The variables that bring the values begin with `variable`.
pub fn withheld(loaded: &LoadedJob, variable: &str) -> Result<Withheld, WithheldError> {
    let no_job = WithheldError::Unwritable;
    let given = loaded.secrets();
    let whole = serde_json::to_value(&loaded.job).map_err(|error| no_job(error.to_string()))?;
    let yaml = to_yaml(&loaded.job).map_err(|error| no_job(error.to_string()))?;
    let masked = mask_spec(&format!("{TRAIN_JOB}.yaml"), &yaml);
    // The file's own writing of the job may differ from the document's in what is left out, never in
    // the place of a value.
    let masked = masked.map(|masked| {
        let mut parsed = crate::spec::syntax::parse(0, &masked.text);
        if parsed.documents.is_empty() { Json::Null } else { parsed.documents.remove(0).to_json() }
    });
    let mut found = Found { variable, places: Vec::new(), values: BTreeMap::new() };
    let mut shown = whole;
    found.walk(&mut shown, masked.as_ref(), &mut String::new(), &|text| given.contains(text));
    let job = serde_json::from_value(shown).map_err(|error| no_job(error.to_string()))?;
    Ok(Withheld { job, places: found.places, values: found.values })
}

struct Found<'a> {
    variable: &'a str,
    places: Vec<SecretAt>,
    values: BTreeMap<String, String>,
}

impl Found<'_> {
    fn walk(
        &mut self,
        value: &mut Json,
        masked: Option<&Json>,
        place: &mut String,
        is_given: &dyn Fn(&str) -> bool,
    ) {
        let mut below = |step: &str, value: &mut Json, masked: Option<&Json>| {
            let length = place.len();
            place.push('/');
            place.push_str(&step.replace('~', "~0").replace('/', "~1"));
            self.walk(value, masked, place, is_given);
            place.truncate(length);
        };
        match value {
            Json::Object(fields) => {
                for (name, value) in fields {
                    below(name, value, masked.and_then(|masked| masked.get(name.as_str())));
                }
            }
            Json::Array(items) => {
                for (at, value) in items.iter_mut().enumerate() {
                    below(&at.to_string(), value, masked.and_then(|masked| masked.get(at)));
                }
            }
            Json::String(text) => {
                let is_masked = masked
                    .and_then(Json::as_str)
                    .is_some_and(|masked| masked != text && masked.contains(MASK));
                if is_masked || is_given(text) {
                    let variable = format!("{}{}", self.variable, self.places.len());
                    self.values.insert(variable.clone(), std::mem::replace(text, MASK.into()));
                    self.places.push(SecretAt { place: place.clone(), variable });
                }
            }
            Json::Null | Json::Bool(_) | Json::Number(_) => {}
        }
    }
}

/// A job with its secrets in their places.
pub fn revealed(
    job: &TrainJob,
    places: &[SecretAt],
    variables: &BTreeMap<String, String>,
) -> Result<TrainJob, WithheldError> {
    let no_job = |error: serde_json::Error| WithheldError::Unwritable(error.to_string());
    let mut whole = serde_json::to_value(job).map_err(no_job)?;
    let mut missing = Vec::new();
    for SecretAt { place, variable } in places {
        match (whole.pointer_mut(place), variables.get(variable)) {
            (Some(there), Some(value)) => *there = Json::String(value.clone()),
            _ => missing.push(place.trim_start_matches('/').replace('/', ".")),
        }
    }
    if missing.is_empty() {
        serde_json::from_value(whole).map_err(no_job)
    } else {
        Err(WithheldError::Missing(missing))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(text: &str) -> LoadedJob {
        let text = format!("apiVersion: mlctl.dev/v1\nkind: TrainJob\nname: a\n{text}");
        let node = crate::spec::syntax::parse(0, &text).documents.remove(0);
        LoadedJob {
            job: serde_json::from_value(node.to_json()).unwrap(),
            from_env: vec!["env[1].value".into()],
            source: text.into(),
            base: "/".into(),
            foreign: false,
            code_beside: false,
            is_typed: false,
            own_rules: None,
            storage: BTreeMap::new(),
        }
    }

    #[test]
    fn secrets_leave_and_come_back() {
        let trial = job("command: [train, --api-key, sk-0123456789abcdef0123]\n\
             env: [{name: DB_PASSWORD, value: hunter2-long}, {name: REGION, value: from-shell}]\n\
             roles: {worker: {env: [{name: A_TOKEN, value: t0k3n-value}]}}\n");
        let Withheld { job: shown, places, values } = withheld(&trial, "X_").unwrap();
        let text = serde_json::to_string(&shown).unwrap();
        for secret in ["sk-0123456789abcdef0123", "hunter2-long", "from-shell", "t0k3n-value"] {
            assert!(!text.contains(secret), "{secret}: {text}");
        }
        assert_eq!(values.len(), places.len());
        assert_eq!(revealed(&shown, &places, &values).unwrap(), trial.job);
        let lost = revealed(&shown, &places, &BTreeMap::new()).unwrap_err().to_string();
        assert!(lost.contains("env.0.value"), "{lost}");
    }

    #[test]
    fn a_trial_without_secrets_stays_as_it_is() {
        let mut trial = job("command: [train]\nenv: [{name: A, value: b}]\n");
        trial.from_env.clear();
        let Withheld { job: shown, places, values } = withheld(&trial, "X_").unwrap();
        assert_eq!((&shown, places.len(), values.len()), (&trial.job, 0, 0));
    }
}

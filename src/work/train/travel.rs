//! What of a job's files leaves its folder, looked at before anything is made of it: where the places
//! really are, what stays behind, and which secrets would travel in plain text.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::missed::missed;
use super::size::is_fit;
use super::{LoadedJob, plan};
use crate::plan::{Plan, PlanContext, RuntimeDefaults, is_telling, secrets_in_arguments};
use crate::runtime::{Notice, RuntimeError};
use crate::spec::check::{mask_spec, mask_value};
use crate::storage::{Carried, CodeSurvey, Left, Place, carry, left_behind, listed, locate, walk};

/// How many bytes of code are searched: more than any cluster takes, and a matter of a second.
const MOST: u64 = 128 << 20;

/// What of a job's files travels.
#[derive(Debug, Default)]
pub struct Travelling {
    /// What a person should know of them.
    pub notices: Vec<Notice>,
    /// The code in numbers; `None` where there is none on this machine, or it was fixed long ago.
    pub code: Option<CodeSurvey>,
}

/// What a person should know of the files that a job takes along, and how many they are. The error has
/// every reason against it; with `large` the size of the code is none. Places that don't exist are the
/// runtime's to tell.
pub fn travel(job: &LoadedJob, large: bool) -> Result<Travelling, RuntimeError> {
    let mut told = Told { large, ..Told::default() };
    let spec = &job.job;
    let code = spec.code.as_ref().and_then(|code| told.place(job, "code", code));
    for data in &spec.data {
        told.place(job, "data", &data.uri);
    }
    if let Some(output) = &spec.output {
        told.output(job, output.place());
    }
    // A copy was told of when it was made.
    if let Some(code) = code.filter(|_| !job.code_rules().fixed) {
        told.files(job, &code);
    }
    told.patch(job);
    if told.refused.is_empty() {
        let notices = told.notices.into_iter().map(Notice).collect();
        Ok(Travelling { notices, code: told.code })
    } else {
        Err(RuntimeError::Refused(told.refused))
    }
}

#[derive(Default)]
struct Told {
    notices: Vec<String>,
    refused: Vec<String>,
    code: Option<CodeSurvey>,
    large: bool,
}

impl Told {
    /// Looks where a place really is; `None` where it is not here, or must not be used.
    fn place(&mut self, job: &LoadedJob, field: &str, place: &Place) -> Option<PathBuf> {
        let found = match locate(&job.base, place) {
            Ok(found) => found?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return None,
            Err(error) => {
                self.refused.push(format!("{field}: {error}"));
                return None;
            }
        };
        let real = found.real.display();
        if found.by_link {
            self.refused.push(format!(
                "{field}: a link leads from {place} to {real}, out of the spec's folder, and links \
                 may be somebody else's; if you mean that place, name it: {real}"
            ));
            return None;
        }
        if job.is_typed {
            return Some(found.real);
        }
        if found.outside {
            let is = if found.moved || place.as_str() != real.to_string() {
                format!("{place} is {real},")
            } else {
                format!("{place} lies")
            };
            self.notices.push(format!("{field}: {is} outside of the spec's folder"));
        } else if found.moved {
            self.notices.push(format!("{field}: {place} is {real}, by a link"));
        }
        Some(found.real)
    }

    /// Outputs may go elsewhere, for example to another disk by a link; that is said.
    fn output(&mut self, job: &LoadedJob, output: &Place) {
        if let Ok(Some(found)) = locate(&job.base, output)
            && (found.by_link || found.outside && !output.as_str().starts_with('/'))
        {
            self.notices.push(format!(
                "output: {output} is {}, outside of the spec's folder",
                found.real.display()
            ));
        }
    }

    fn files(&mut self, job: &LoadedJob, code: &Path) {
        let code = match walk(code, &job.code_rules()) {
            Ok(code) => code,
            Err(error) => {
                self.refused.push(format!("code: {error}"));
                return;
            }
        };
        let mut survey = code.survey();
        if let Err(why) = is_fit(&survey, self.large, &mut self.notices) {
            self.refused.push(why);
            return;
        }
        let secrets = secret_values(job);
        let mut left = code.left.clone();
        // Data take the place of a link.
        let is_data = |path: &Path| {
            job.job.data.iter().any(|data| path.starts_with(data.path.trim_start_matches("./")))
        };
        left.retain(|one| !(one.is_link() && is_data(&one.path)));
        let mut named = Vec::new();
        let mut specs = Vec::new();
        let mut looked_into = 0;
        let mut holding: BTreeMap<&Path, BTreeSet<&str>> = BTreeMap::new();
        for entry in code.entries.iter().filter(|entry| !entry.is_dir) {
            if entry.credentials {
                named.push(entry.path.as_path());
            }
            if looked_into > MOST {
                break;
            }
            let bytes = match carry(&code, entry, mask_spec) {
                Ok(Carried::File { bytes, masked, credentials, mode: _ }) => {
                    if credentials && !entry.credentials {
                        named.push(entry.path.as_path());
                    }
                    if masked > 0 {
                        specs.push(entry.path.as_path());
                        survey.bytes = survey.bytes.saturating_sub(code.size(entry));
                        survey.bytes += bytes.len() as u64;
                    }
                    looked_into += bytes.len() as u64;
                    bytes
                }
                Ok(Carried::Left(why)) => {
                    left.push(Left { path: entry.path.clone(), why });
                    survey.files = survey.files.saturating_sub(1);
                    survey.bytes = survey.bytes.saturating_sub(code.size(entry));
                    continue;
                }
                Ok(Carried::Large { .. } | Carried::Link(_)) => continue,
                Err(error) => {
                    self.refused.push(format!("code: {error}"));
                    continue;
                }
            };
            let text = String::from_utf8_lossy(&bytes);
            for (name, _) in secrets.iter().filter(|(_, value)| text.contains(value.as_str())) {
                holding.entry(&entry.path).or_default().insert(name);
            }
        }
        if looked_into > MOST {
            self.notices.push(format!(
                "code: there is so much that only the first {} MiB were searched for secrets: name \
                 what isn't needed in .mlctlignore",
                MOST >> 20
            ));
        }
        for index in &code.unread {
            self.notices.push(format!(
                "code: {} can't be read, as in the middle of a merge, so files that git tracks stay \
                 behind where .gitignore names them: a line `!/PATH` in .mlctlignore takes one along",
                index.display()
            ));
        }
        let plan = planned(job);
        let found = missed(job, plan.as_ref(), &code);
        self.refused.extend(found.refused);
        self.notices.extend(found.notices);
        self.notices.extend(left_behind("code", &left));
        survey.left_out = code.left_out(&left);
        self.code = Some(survey);
        if !named.is_empty() {
            let (travel, them) =
                if named.len() == 1 { ("travels", "it") } else { ("travel", "them") };
            let named = listed(&named);
            self.notices.push(format!("code: {named} {travel}, since .mlctlignore names {them}"));
        }
        if !specs.is_empty() {
            let specs = listed(&specs);
            self.notices.push(format!(
                "code: the literal secrets in {specs} are masked in the copy that travels; \
                 `valueFrom` names a Secret instead"
            ));
        }
        for (path, names) in holding {
            let names = names.into_iter().collect::<Vec<_>>().join(", ");
            self.notices.push(format!(
                "code: {} has the value of {names} in it and travels in plain text: read it from the \
                 environment there, or name the file in .mlctlignore",
                path.display()
            ));
        }
    }

    /// A patch becomes a part of the pods as it is.
    fn patch(&mut self, job: &LoadedJob) {
        let mut names = BTreeSet::new();
        job.job.pod_patch.values().for_each(|value| secrets_in_patch(value, &mut names));
        if !names.is_empty() {
            let names = names.into_iter().collect::<Vec<_>>().join(", ");
            self.notices.push(format!(
                "podPatch: {names} is written in plain text into pods, which viewers may read: write \
                 it under `env`, or name a Secret by `valueFrom`"
            ));
        }
    }
}

/// The names of literal secrets in a patch.
fn secrets_in_patch(value: &serde_json::Value, names: &mut BTreeSet<String>) {
    use serde_json::Value as Json;
    let is_secret = |name: &str, value: &Json| {
        value.as_str().is_some_and(|value| mask_value(name, value) != value)
    };
    match value {
        Json::Object(fields) => {
            if let (Some(Json::String(name)), Some(value)) =
                (fields.get("name"), fields.get("value"))
                && is_secret(name, value)
            {
                names.insert(name.clone());
            }
            fields.values().for_each(|value| secrets_in_patch(value, names));
        }
        Json::Array(items) => items.iter().for_each(|item| secrets_in_patch(item, names)),
        _ => {}
    }
}

/// The plan of a job as it would be submitted; `None` for a job that has none.
fn planned(job: &LoadedJob) -> Option<Plan> {
    let context = PlanContext {
        run: format!("{}-xxxxxx", job.job.name).parse().ok()?,
        runtime_defaults: RuntimeDefaults::CLUSTER,
        code_base: job.base.clone(),
    };
    plan(&job.job, &context).ok()
}

/// The secret values of a job that are long enough to be looked for, each with the name of its variable
/// or argument: literals, what `${VAR}` brought in, what `--set` gave.
fn secret_values(job: &LoadedJob) -> Vec<(String, String)> {
    let Some(mut plan) = planned(job) else { return Vec::new() };
    let mut found: BTreeSet<(String, String)> = BTreeSet::new();
    for values in plan.take_secrets(&job.secrets()).into_values() {
        found.extend(values);
    }
    found.extend(secrets_in_arguments(&plan));
    found.into_iter().filter(|(_, value)| is_telling(value)).collect()
}

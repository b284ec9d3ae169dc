//! An endpoint as it was loaded from its file.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;

use crate::spec::check::MASK;
use crate::spec::{Args, Endpoint, EnvVar, Revision, TrainJob};
use crate::storage::{BucketSettings, Place};
use crate::work::servers::{ServerKind, ServerProgram};
use crate::work::train::{LoadedJob, TrainError};

/// One endpoint with what is known of its source.
#[derive(Debug)]
pub struct LoadedEndpoint {
    /// The endpoint with overrides and variables filled in.
    pub endpoint: Endpoint,
    /// The replicas of each revision, in the order of the list, as what packs and plans training runs
    /// takes them.
    pub revisions: Vec<LoadedJob>,
    /// Paths of values that the environment gave, such as `revisions[0].env[1].value`.
    pub from_env: Vec<String>,
    /// The text of its file, byte for byte, which all documents of a file share.
    pub source: Arc<str>,
    /// Folder that relative paths start at.
    pub base: PathBuf,
    /// It was written for Vertex AI.
    pub foreign: bool,
    /// How the user reaches buckets.
    pub storage: BTreeMap<String, BucketSettings>,
}

impl LoadedEndpoint {
    /// An endpoint that was read from `source`; the fields say what the others are.
    pub fn new(
        endpoint: Endpoint,
        from_env: Vec<String>,
        source: Arc<str>,
        base: PathBuf,
        foreign: bool,
        storage: BTreeMap<String, BucketSettings>,
    ) -> Self {
        let revisions = endpoint
            .revisions
            .iter()
            .enumerate()
            .map(|(index, revision)| LoadedJob {
                job: replicas(&endpoint, revision),
                from_env: from_env_of(&endpoint, index, &from_env),
                source: Arc::clone(&source),
                base: base.clone(),
                foreign,
                code_beside: false,
                is_typed: false,
                own_rules: None,
                storage: storage.clone(),
            })
            .collect();
        Self { endpoint, revisions, from_env, source, base, foreign, storage }
    }

    /// The endpoint as YAML for whoever knows nothing of the spec's folder: its places are whole.
    /// Models of the registry keep their names. It is kept, so what the environment gave is not in it.
    pub fn resolved(&self) -> Result<String, TrainError> {
        let mut endpoint = self.endpoint.clone();
        let from_env: HashSet<&str> = self.from_env.iter().map(String::as_str).collect();
        let hide = |base: &str, env: &mut Vec<EnvVar>| {
            for (index, variable) in env.iter_mut().enumerate() {
                if from_env.contains(format!("{base}env[{index}].value").as_str()) {
                    variable.value = Some(MASK.to_owned());
                }
            }
        };
        hide("", &mut endpoint.env);
        for (index, revision) in endpoint.revisions.iter_mut().enumerate() {
            hide(&format!("revisions[{index}]."), &mut revision.env);
        }
        let whole = |place: &mut Place| *place = self.absolute(place);
        endpoint.places_mut().into_iter().for_each(whole);
        endpoint.to_yaml().map_err(|error| TrainError::Unwritable(error.to_string()))
    }

    /// A place of the spec for whoever knows nothing of the spec's folder.
    pub fn absolute(&self, place: &Place) -> Place {
        place.without_file_scheme().starting_at(&self.base)
    }
}

/// A revision's replicas as a training run, with what they run.
fn replicas(endpoint: &Endpoint, revision: &Revision) -> TrainJob {
    let whole = endpoint.effective(revision);
    let ServerProgram { command, args, image } = ServerKind::of_revision(&whole).program(
        whole.command.as_ref(),
        &whole.args,
        whole.image.as_ref(),
    );
    TrainJob { image, command, args: Args::List(args), ..endpoint.replicas_of(revision) }
}

/// The paths of values from the environment, as they are in the replicas' job: variables of the
/// endpoint come first there, but for those that the revision replaces.
fn from_env_of(endpoint: &Endpoint, index: usize, from_env: &[String]) -> Vec<String> {
    let Some(revision) = endpoint.revisions.get(index) else { return Vec::new() };
    let replaced: HashSet<&str> = revision.env.iter().map(|var| var.name.as_str()).collect();
    let all = endpoint.env.iter().enumerate();
    let kept = all.filter(|(_, var)| !replaced.contains(var.name.as_str()));
    // The place that each has in the merged list, by its place in the endpoint's.
    let kept: HashMap<usize, usize> =
        kept.enumerate().map(|(place, (at, _))| (at, place)).collect();
    let own = format!("revisions[{index}].");
    from_env
        .iter()
        .filter_map(|path| {
            if let Some(path) = path.strip_prefix(&own) {
                return Some(moved(path, |at| Some(kept.len() + at)).unwrap_or(path.to_owned()));
            }
            if path.starts_with("revisions[") {
                return None;
            }
            if path.starts_with("env[") {
                return moved(path, |at| kept.get(&at).copied());
            }
            Some(path.clone())
        })
        .collect()
}

/// The path of a variable whose place in its list is another one; `None` where it is none.
fn moved(path: &str, place: impl Fn(usize) -> Option<usize>) -> Option<String> {
    let (index, rest) = path.strip_prefix("env[")?.split_once(']')?;
    Some(format!("env[{}]{rest}", place(index.parse().ok()?)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::EnvVar;

    fn var(name: &str, value: &str) -> EnvVar {
        EnvVar { name: name.into(), value: Some(value.into()), value_from: None }
    }

    #[test]
    fn a_value_of_the_environment_is_known_in_the_merged_variables() {
        let revision = Revision {
            name: "v1".into(),
            env: vec![var("B", "x"), var("D", "own")],
            ..Revision::default()
        };
        let endpoint = Endpoint {
            name: "digits".into(),
            env: vec![var("A", "plain"), var("B", "replaced"), var("C", "shared")],
            revisions: vec![revision],
            ..Endpoint::default()
        };
        let from_env = ["env[1].value", "env[2].value", "revisions[0].env[1].value", "name"];
        let from_env: Vec<String> = from_env.map(str::to_owned).to_vec();
        let loaded = loaded(endpoint, from_env);
        let secrets: Vec<String> = loaded.revisions[0].secrets().into_iter().collect();
        assert_eq!(secrets, ["own", "shared"]);
    }

    #[test]
    fn an_endpoint_elsewhere_finds_what_it_names() {
        let revision = Revision {
            name: "v1".into(),
            model: Some("./model".into()),
            code: Some("code".into()),
            ..Revision::default()
        };
        let named =
            Revision { name: "v2".into(), model: Some("digits@2".into()), ..revision.clone() };
        let endpoint = Endpoint { revisions: vec![revision, named], ..Endpoint::default() };
        let yaml = loaded(endpoint, Vec::new()).resolved().unwrap();
        for place in ["model: /specs/model", "code: /specs/code", "model: digits@2"] {
            assert!(yaml.contains(place), "{yaml}");
        }
    }

    fn loaded(endpoint: Endpoint, from_env: Vec<String>) -> LoadedEndpoint {
        let base = PathBuf::from("/specs");
        LoadedEndpoint::new(endpoint, from_env, Arc::default(), base, false, BTreeMap::new())
    }
}

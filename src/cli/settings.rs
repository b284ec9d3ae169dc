//! The settings file, `$XDG_CONFIG_HOME/mlctl/config.yaml`.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::path::{Path, PathBuf};

use indexmap::IndexMap;
use serde::Deserialize;

use super::{CliError, ErrorKind};
use crate::event::RunState;
use crate::hardware::accelerator::CustomAccelerators;
use crate::model::registry::Registry;
use crate::storage::{self, BucketSettings, DOCUMENT_LIMIT, Place, ReadError, read_open};
use crate::sys;
use crate::text::Span;

/// What a user has settled once for all commands.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Settings {
    /// Where runs go when nothing else says so. Default `local`.
    pub runtime: Option<String>,
    /// Values of Kubernetes Secrets for local runs: a YAML file of name, key, value.
    pub secrets_file: Option<String>,
    /// The context, one of `contexts` or of the kubeconfig, when nothing else names one.
    pub context: Option<String>,
    /// The namespace when nothing else names one.
    pub namespace: Option<String>,
    /// Contexts under names of one's own.
    pub contexts: IndexMap<String, NamedContext>,
    /// Image of mlctl itself that pods take the agent from; `mlctl cluster image` makes one.
    pub runner_image: Option<String>,
    /// Architectures of the runner image, as nodes call them. Default: this machine's.
    pub runner_architectures: Option<Vec<String>>,
    /// Types of accelerators beside the known ones, or instead of them.
    pub accelerators: CustomAccelerators,
    /// Folders that stand for claims of a cluster in local runs, by the claim's name.
    pub claims: BTreeMap<String, PathBuf>,
    /// What things cost: a price file, relative to the settings' folder. `mlctl cost --template` prints
    /// one to start from.
    pub prices: Option<PathBuf>,
    /// How long ended pods and their logs stay in a cluster. Default 7d.
    pub keep: Option<Span>,
    /// What is removed by itself, as `cleanup` would, at the end of other verbs and once a day at most.
    pub retention: Option<Retention>,
    /// How buckets are reached, by `s3://bucket`; `s3://` alone is meant for all of that kind.
    pub storage: BTreeMap<String, BucketSettings>,
    /// Where models are kept by name and version: a folder, relative to the settings' folder, or the URL
    /// of a bucket. Default: a folder of the state.
    pub models: Option<String>,
}

/// What `cleanup` removes by itself.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Retention {
    /// Runs that ended, and caches that were used last, so long ago. Default: they stay.
    #[serde(default)]
    pub older_than: Option<Span>,
    /// Working folders, and the copy of the code, of runs on this machine that ended so long ago. Default
    /// 7d.
    #[serde(default)]
    pub work_folders: Option<Span>,
    /// Only runs in these states. Default: all that have ended.
    #[serde(default)]
    pub states: Vec<RunState>,
    /// Models of runs that succeeded, too. Default: they stay.
    #[serde(default)]
    pub models: bool,
}

/// A cluster under a name of one's own; what it doesn't say is taken from the rest of the settings.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct NamedContext {
    /// The kubeconfig's context. Default: the same name.
    pub context: Option<String>,
    /// The namespace to use with it. Default: `namespace` of the settings.
    pub namespace: Option<String>,
    /// Image of mlctl itself for this cluster.
    pub runner_image: Option<String>,
    /// What things cost there.
    pub prices: Option<PathBuf>,
}

impl Settings {
    /// What `contexts` say of a context of the kubeconfig: by that context, or by a name of one's own.
    pub fn named(&self, context: &str) -> Option<&NamedContext> {
        let means = |(name, named): &(&String, &NamedContext)| {
            *name == context || named.context.as_deref() == Some(context)
        };
        self.contexts.iter().find(means).map(|(_, named)| named)
    }

    /// Reads the file; a missing one is the default. An error when somebody else could have written it:
    /// it says which images and programs mlctl takes.
    pub fn load(dir: Option<&Path>) -> Result<Self, CliError> {
        let Some(dir) = dir else { return Ok(Self::default()) };
        let path = dir.join("config.yaml");
        let text = match read_settings(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Ok(Self::default());
            }
            Err(error) => return Err(error.into()),
        };
        if text.trim().is_empty() {
            return Ok(Self::default());
        }
        let settings: Self = serde_saphyr::from_str(&text).map_err(|error| {
            let message = format!("{}: {error}", path.display());
            CliError::of_lines(ErrorKind::Usage, &message).hint(
                "known settings: runtime, context, namespace, contexts, secretsFile, runnerImage, \
                 runnerArchitectures, keep, retention, accelerators, claims, models, prices, storage",
            )
        })?;
        settings.check_buckets(&path)?;
        settings.check_retention(&path)?;
        settings.check_models(dir, &path)?;
        Ok(settings)
    }

    /// The place of the models as the settings name it, read from the settings' folder `dir`.
    pub fn models_place(&self, dir: &Path, home: Option<&Path>) -> Option<Place> {
        let text = self.models.as_deref()?;
        let place = match (text.strip_prefix("~/"), home) {
            (Some(rest), Some(home)) => home.join(rest).to_string_lossy().into_owned().into(),
            _ => Place::from(text),
        };
        Some(place.starting_at(dir))
    }

    fn check_models(&self, dir: &Path, path: &Path) -> Result<(), CliError> {
        let Some(place) = self.models_place(dir, Some(dir)) else { return Ok(()) };
        Registry::checked(&place).map(drop).map_err(|error| {
            let message = format!("{}: models: {error}", path.display());
            CliError::new(ErrorKind::Usage, message)
                .hint("for example models: ~/models, or models: s3://bucket/models")
        })
    }

    /// Runs go by their age only: without one the rest would be without effect.
    fn check_retention(&self, path: &Path) -> Result<(), CliError> {
        let Some(retention) = self.retention.as_ref().filter(|all| all.older_than.is_none()) else {
            return Ok(());
        };
        let rest = [("states", !retention.states.is_empty()), ("models", retention.models)];
        let Some((name, _)) = rest.iter().find(|(_, given)| *given) else { return Ok(()) };
        let message =
            format!("{}: retention: {name} does nothing without olderThan", path.display());
        Err(CliError::new(ErrorKind::Usage, message)
            .hint("write how old a run must be that goes, for example olderThan: 30d"))
    }

    /// A key that no bucket has would be without effect.
    fn check_buckets(&self, path: &Path) -> Result<(), CliError> {
        let is_bucket = |key: &String| {
            let bucket = ["s3://", "gs://", "az://"].iter().find_map(|all| key.strip_prefix(all));
            bucket.is_some_and(|bucket| !bucket.contains('/'))
        };
        let Some(wrong) = self.storage.keys().find(|key| !is_bucket(key)) else { return Ok(()) };
        let message = format!("{}: storage: {wrong} is no bucket", path.display());
        Err(CliError::new(ErrorKind::Usage, message)
            .hint("write s3://BUCKET, gs://BUCKET or az://CONTAINER; s3:// alone is all of them"))
    }
}

/// Reads a file of the settings, which must be this user's own. It may be a link: settings are kept in
/// one place and linked from another, and a pod's are.
pub(super) fn read_settings(path: &Path) -> std::io::Result<String> {
    // What is no file has its own words, whoever may write to it.
    storage::open(path)?;
    let path = sys::check_own(path)?;
    let mut file = sys::open_own(&path, OpenOptions::new().read(true))?;
    let text = String::from_utf8(read_open(&mut file, &path, DOCUMENT_LIMIT)?);
    Ok(text.map_err(|_| ReadError::NotText(path))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_retention_that_would_do_nothing_is_refused() {
        let load = |text: &str| {
            let dir = tempfile::tempdir().unwrap();
            fs_err::write(dir.path().join("config.yaml"), text).unwrap();
            Settings::load(Some(dir.path())).map_err(|error| error.message)
        };
        for text in ["{states: [failed]}", "{models: true, workFolders: 1d}"] {
            let error = load(&format!("retention: {text}")).unwrap_err();
            assert!(error.contains("does nothing without olderThan"), "{error}");
        }
        for text in ["{states: [failed], olderThan: 1d}", "{workFolders: 1d}", "{}"] {
            load(&format!("retention: {text}")).unwrap();
        }
    }
}

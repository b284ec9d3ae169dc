//! A checked spec becomes what lies in the state folder: a definition for each revision, and the rules.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::loop_plan::SECRET_VARIABLE;
use crate::plan::mask_spec;
use crate::runtime::RuntimeError;
use crate::runtime::local::{LocalConfig, SecretFrom, secret_variable};
use crate::spec::{ENDPOINT, TrainJob};
use crate::storage::{CodeDigest, CodeRules, Place, digest_code, fix_code, locate};
use crate::store::{EndpointPaths, private_dir, remove_tree};
use crate::text::hex;
use crate::work::ServedModel;
use crate::work::serve::LoadedEndpoint;
use crate::work::serve::endpoint::{Definition, LookedUp, ServeError, current_rules, replica_job};
use crate::work::serve::rollout::Rules;
use crate::work::train::{LoadedJob, Withheld, withheld};

/// What an endpoint is to become.
#[derive(Debug)]
pub struct Prepared {
    /// What the replicas of each revision are, in the order of the spec.
    pub definitions: Vec<Definition>,
    /// What decisions over it go by.
    pub rules: Rules,
    /// Secret values of the replicas, by the variables that bring them to the controller.
    pub values: BTreeMap<String, String>,
}

/// Makes the definitions of a spec. `models` are those of its revisions, in their order. The code of
/// replicas is copied into the endpoint's folder: what is changed in its own folder afterwards changes no
/// replica that is started later. `local` is what replicas of this machine find their Secrets in.
pub fn prepare(
    loaded: &LoadedEndpoint,
    models: &[ServedModel],
    paths: &EndpointPaths,
    local: Option<&LocalConfig>,
) -> Result<Prepared, ServeError> {
    let mut definitions = Vec::new();
    let mut values = BTreeMap::new();
    for (at, model) in models.iter().enumerate() {
        let Some((job, serving)) = replica_job(loaded, at, model) else { continue };
        let Some(of_revision) = loaded.revisions.get(at) else { continue };
        let LoadedJob { from_env, base, foreign, storage, .. } = of_revision;
        let job = LoadedJob {
            job,
            from_env: from_env.clone(),
            source: "".into(),
            base: base.clone(),
            foreign: *foreign,
            code_beside: false,
            is_typed: false,
            own_rules: None,
            storage: storage.clone(),
        };
        let code = code_of(&job)?.map(|code| copied(&code, &job, paths)).transpose()?;
        let looked_up = local.map(|local| looked_up(local, &job.job)).transpose()?.flatten();
        let (secrets, digest) = taken_out(&job)?;
        let mut job = secrets.job;
        if code.is_some() {
            job.code = None;
        }
        let revision = loaded.endpoint.revisions.get(at);
        let whole = revision.map(|revision| loaded.endpoint.effective(revision));
        let definition = Definition {
            schema_version: Definition::VERSION,
            digest: String::new(),
            job,
            serving,
            model: model.clone(),
            max_concurrency: whole.and_then(|whole| whole.max_concurrency),
            secrets: secrets.places,
            secrets_digest: digest,
            looked_up,
            from_env: from_env.clone(),
            base: base.clone(),
            code,
            foreign: *foreign,
            storage: storage.clone(),
        };
        definitions.push(definition.sealed()?);
        values.extend(secrets.values);
    }
    let rules = current_rules(&loaded.endpoint, &definitions)?;
    Ok(Prepared { definitions, rules, values })
}

/// The folder or file with the servers' code, where it is one of this machine.
fn code_of(job: &LoadedJob) -> Result<Option<PathBuf>, ServeError> {
    let Some(code @ Place::Path(_)) = &job.job.code else { return Ok(None) };
    Ok(locate(&job.base, code)?.map(|located| located.real))
}

/// Copies code into the endpoint's folder, under its own digest: the same code is there once.
fn copied(code: &Path, job: &LoadedJob, paths: &EndpointPaths) -> Result<CodeDigest, ServeError> {
    let folder = paths.code("new");
    let parent = folder.parent().unwrap_or(&paths.dir).to_owned();
    private_dir(&parent)?;
    let beside = tempfile::Builder::new().prefix("new-").tempdir_in(&parent)?;
    let mut digest = fix_code(code, beside.path(), &job.code_rules(), mask_spec)?;
    if leave_out_specs(beside.path())? {
        digest = digest_code(beside.path(), &CodeRules::fixed(), mask_spec)
            .map_err(std::io::Error::from)?;
    }
    let target = paths.code(&digest.sha256);
    if !target.exists() {
        let made = beside.keep();
        if let Err(error) = fs_err::rename(&made, &target) {
            let _ = remove_tree(&made);
            // Another command may have made the same one meanwhile.
            if !target.exists() {
                return Err(error.into());
            }
        }
    }
    Ok(digest)
}

/// Takes the specs of endpoints out of a copy of code: another weight in a spec that lies beside its
/// servers' code makes no other servers. Says whether there were any.
fn leave_out_specs(folder: &Path) -> Result<bool, ServeError> {
    let mut found = false;
    for entry in fs_err::read_dir(folder)? {
        let entry = entry?;
        let path = entry.path();
        let ending = path.extension().and_then(|ending| ending.to_str());
        let may_be = matches!(ending, Some("yaml" | "yml" | "json"));
        if !may_be || !entry.file_type()?.is_file() || entry.metadata()?.len() > SPEC_SIZE {
            continue;
        }
        let text = fs_err::read_to_string(&path).unwrap_or_default();
        let mut kinds = text.lines().map(|line| line.trim().trim_end_matches(','));
        let is_kind = |line: &str| {
            let line = line.replace(['"', '\'', ' '], "");
            line == format!("kind:{ENDPOINT}")
        };
        if kinds.any(is_kind) && text.contains(API_GROUP) {
            fs_err::remove_file(&path)?;
            found = true;
        }
    }
    Ok(found)
}

/// A larger file is no spec.
const SPEC_SIZE: u64 = 1 << 20;
/// What every spec of mlctl says of itself.
const API_GROUP: &str = "mlctl.dev/";

/// A job without its secrets, and the digest of their values. The variables are called after that digest,
/// so that an older value of the same secret keeps its own.
fn taken_out(job: &LoadedJob) -> Result<(Withheld, Option<String>), ServeError> {
    let found = withheld(job, SECRET_VARIABLE)?;
    if found.places.is_empty() {
        return Ok((found, None));
    }
    let mut sum = Sha256::new();
    for secret in &found.places {
        let value = found.values.get(&secret.variable).map(String::as_str).unwrap_or_default();
        sum.update((value.len() as u64).to_le_bytes());
        sum.update(secret.place.as_bytes());
        sum.update(value.as_bytes());
    }
    let digest = hex::encode(sum.finalize());
    let named = withheld(job, &format!("{SECRET_VARIABLE}{}_", digest[..8].to_uppercase()))?;
    Ok((named, Some(digest)))
}

/// The Secrets of a replica as this machine has them now. One that is missing is said by whoever starts the
/// replica.
fn looked_up(local: &LocalConfig, job: &TrainJob) -> Result<Option<LookedUp>, ServeError> {
    let roles = || job.roles.values();
    let env = job.env.iter().chain(roles().flat_map(|role| &role.env));
    let keys: Vec<_> =
        env.filter_map(|variable| Some(&variable.value_from.as_ref()?.secret_key_ref)).collect();
    let whole: Vec<_> = job.secrets.iter().chain(roles().flat_map(|role| &role.secrets)).collect();
    if keys.is_empty() && whole.is_empty() {
        return Ok(None);
    }
    let secrets =
        local.secrets_now().map_err(|error| RuntimeError::Refused(vec![error.to_string()]))?;
    let mut sum = Sha256::new();
    let mut add = |text: &str| {
        sum.update((text.len() as u64).to_le_bytes());
        sum.update(text.as_bytes());
    };
    let mut variables = Vec::new();
    for key in keys {
        let found = local.secret_in(&secrets, &key.name, &key.key);
        let Some((value, from)) = found else { continue };
        for text in [&key.name, &key.key, value] {
            add(text);
        }
        if from == SecretFrom::Variable {
            variables.push(secret_variable(&key.name, &key.key));
        }
    }
    for secret in whole {
        for (key, value) in secrets.get(&secret.name).into_iter().flatten() {
            for text in [&secret.name, key, value] {
                add(text);
            }
        }
    }
    variables.sort();
    variables.dedup();
    Ok(Some(LookedUp { digest: hex::encode(sum.finalize()), variables }))
}

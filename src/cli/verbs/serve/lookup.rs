//! What is looked up here before an endpoint begins or changes: models, tokens, ports, and what this machine
//! leaves out of a spec.

use std::collections::BTreeMap;

use mlctl_router::TokenHash;

use crate::cli::{CliError, Context, ErrorKind};
use crate::runtime::kubernetes::Reason;
use crate::spec::{Endpoint, Replicas, ScalingMetric};
use crate::storage::Place;
use crate::work::ServedModel;
use crate::work::model_server::one_at_a_time;
use crate::work::serve::LoadedEndpoint;

/// What a spec says that endpoints don't do where it is served.
pub(super) fn unused(loaded: &LoadedEndpoint, is_local: bool) -> Vec<String> {
    let endpoint = &loaded.endpoint;
    if !is_local {
        let by_account = endpoint.storage.service_account.is_some();
        let is_lost = endpoint.log.is_some() && by_account && endpoint.storage.secret.is_none();
        let text = "log: routers have an account of their own, not storage.serviceAccount: give them \
                    credentials by storage.secret";
        return is_lost.then(|| text.to_owned()).into_iter().collect();
    }
    let scales_by_cpu = endpoint
        .scaling
        .as_ref()
        .is_some_and(|scaling| matches!(scaling.target.metric(), ScalingMetric::Cpu(_)));
    let cpu = "scaling: the target cpu does nothing on this machine yet: replicas stay at their least number";
    let mut all: Vec<String> = scales_by_cpu.then(|| cpu.to_owned()).into_iter().collect();
    all.extend(at_one_port(endpoint));
    all
}

/// Replicas of this machine that would all listen on the same port.
fn at_one_port(endpoint: &Endpoint) -> Vec<String> {
    let mut replicas: BTreeMap<u16, u32> = BTreeMap::new();
    for revision in &endpoint.revisions {
        let whole = endpoint.effective(revision);
        if let Some(port) = whole.routes.and_then(|routes| routes.port) {
            let most = whole.replicas.map_or(1, Replicas::max);
            let count = replicas.entry(port).or_default();
            *count = count.saturating_add(most);
        }
    }
    let several = replicas.into_iter().filter(|(_, count)| *count > 1);
    several.map(|(port, count)| one_at_a_time(port, count)).collect()
}

/// Refuses what pods can't read or write: they have none of this machine's files.
pub(super) fn reachable(loaded: &LoadedEndpoint, models: &[ServedModel]) -> Result<(), CliError> {
    let mut reasons = unreachable(loaded, models).into_iter();
    let Some(first) = reasons.next() else { return Ok(()) };
    let sentence = |reason: &Reason| match &reason.role {
        Some(revision) => format!("revision {revision}: {}", reason.what),
        None => reason.what.clone(),
    };
    let error = CliError::new(ErrorKind::Refused, sentence(&first));
    let error = error.more(reasons.map(|reason| sentence(&reason)));
    Err(first.help.into_iter().fold(error, CliError::hint))
}

/// What pods can't read or write.
pub(in crate::cli) fn unreachable(loaded: &LoadedEndpoint, models: &[ServedModel]) -> Vec<Reason> {
    let mut reasons = Vec::new();
    if let Some(log) = loaded.endpoint.log.as_ref().filter(|log| log.to.bucket().is_none()) {
        let what = format!("log.to: the routers, which are pods, can't write to {}", log.to);
        let reason = Reason::new(what).of("log.to");
        reasons.push(reason.help("keep requests in a bucket: log: {to: s3://bucket/folder}"));
    }
    for (revision, model) in loaded.endpoint.revisions.iter().zip(models) {
        let mut refuse = |what: &str, place: &Place, field, help: &str| {
            let reason = Reason::new(format!("pods can't read {what} {place} of this machine"));
            reasons.push(reason.of(field).in_role(&revision.name).help(help));
        };
        if let Some(place @ Place::Path(_)) = &model.place {
            let help = "put it into a bucket, and name it: model: s3://bucket/model; or set `models:` to a \
                        folder of a bucket, push it there (mlctl models push), and name it";
            refuse("the model", place, "model", help);
        }
        let warmup = loaded.endpoint.effective(revision).warmup;
        if let Some(place @ Place::Path(_)) = warmup.as_ref().map(|warmup| &warmup.file) {
            refuse("the warm-up", place, "warmup", "put it into a bucket");
        }
    }
    reasons
}

/// The models of all revisions, as they are now.
pub(super) fn models(
    context: &Context,
    loaded: &LoadedEndpoint,
) -> Result<Vec<ServedModel>, CliError> {
    let all = loaded.endpoint.revisions.iter().map(|revision| match &revision.model {
        Some(model) => context.served_model(model, &loaded.base),
        None => Ok(ServedModel::default()),
    });
    all.collect()
}

/// The hashes of the tokens that callers may have.
pub(super) fn tokens(
    context: &Context,
    loaded: &LoadedEndpoint,
) -> Result<Vec<TokenHash>, CliError> {
    let Some(auth) = &loaded.endpoint.auth else { return Ok(Vec::new()) };
    let secrets = context.local_with_secrets()?.secrets;
    let all = auth.tokens.iter().map(|token| {
        let missing = |what: String, hint: String| {
            let message = format!("auth: a token is not known here: {what}");
            Err(CliError::new(ErrorKind::Refused, message).hint(hint))
        };
        let value = if let Some(name) = &token.env {
            match context.env.get(name) {
                Some(value) => value.to_owned(),
                None => return missing(format!("{name} is not set"), format!("set {name}")),
            }
        } else if let Some(key) = &token.secret_key_ref {
            let variable = crate::runtime::local::secret_variable(&key.name, &key.key);
            let of_file = || secrets.get(&key.name)?.get(&key.key).cloned();
            match context.env.get(&variable).map(str::to_owned).or_else(of_file) {
                Some(value) => value,
                None => {
                    return missing(
                        format!("key {} of secret {}", key.key, key.name),
                        format!("set {variable}, or write it into the secrets file"),
                    );
                }
            }
        } else {
            return missing("neither `env` nor `secretKeyRef`".to_owned(), "name one".to_owned());
        };
        if value.trim().is_empty() {
            return missing("its value is empty".to_owned(), "give it a value".to_owned());
        }
        Ok(TokenHash::of(value.trim().as_bytes()))
    });
    all.collect()
}

/// Ports that are chosen here: below those that the system gives to outgoing connections.
const PORTS: std::ops::Range<u16> = 20_000..32_000;

/// Refuses a port that somebody else listens on.
pub(super) fn free(port: u16) -> Result<(), CliError> {
    std::net::TcpListener::bind(("127.0.0.1", port)).map(drop).map_err(|error| {
        let message = format!("the port {port} can't be listened on: {error}");
        CliError::new(ErrorKind::Refused, message)
            .hint("end what holds it, or serve on another one: --port PORT")
    })
}

/// A port that nobody listens on.
pub(super) fn free_port() -> Result<u16, CliError> {
    for _ in 0..200 {
        let port = fastrand::u16(PORTS);
        if std::net::TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return Ok(port);
        }
    }
    Err(CliError::new(ErrorKind::Refused, "no free port was found").hint("name one: --port PORT"))
}

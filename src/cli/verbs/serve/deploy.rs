//! `mlctl serve`: an endpoint begins, or becomes what its spec says now.

use std::collections::BTreeSet;

use mlctl_router::TokenHash;
use serde::Serialize;

use super::args::ServeArgs;
use super::difference::difference;
use super::follow::{Followed, follow};
use super::from_model::meant;
use super::lookup::{
    forget_deployments, free, free_port, models, reachable, record_deployments, tokens, unused,
};
use super::target::EndpointTarget;
use crate::cli::verbs::others::ask;
use crate::cli::verbs::train::detached;
use crate::cli::{CliError, Context, ErrorKind, Format, LOCAL, exit};
use crate::gang::RunId;
use crate::plan::Plan;
use crate::runtime::{Notice, Runtime};
use crate::store::{EndpointPaths, Store, now, remove_tree};
use crate::ui::Text;
use crate::work::ServedModel;
use crate::work::serve::rollout::{EndpointState, Entry};
use crate::work::serve::{
    Definition, EndpointDocument, InCluster, KeptRequests, LoadedEndpoint, Prepared, Serving,
    append_entries, begin_endpoint, begin_in_cluster, change_in_cluster, go_on_serving, planned_in,
    prepare_endpoint,
};
use crate::work::train::travel;

/// What `serve -o json` prints.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    schema_version: u32,
    endpoint: &'a RunId,
    name: &'a str,
    changes: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
}

/// Runs the verb; returns its exit code.
pub fn serve(context: &Context, args: &ServeArgs) -> Result<u8, CliError> {
    let endpoints = meant(context, args)?;
    let runtime = context.chosen()?;
    let store = context.store()?;
    context.print_notices(&store);
    let mut code = exit::OK;
    for endpoint in endpoints {
        code = code.max(deploy(context, &store, &*runtime, &endpoint, args)?);
    }
    Ok(code)
}

fn deploy(
    context: &Context,
    store: &Store,
    runtime: &dyn Runtime,
    loaded: &LoadedEndpoint,
    args: &ServeArgs,
) -> Result<u8, CliError> {
    for job in &loaded.revisions {
        let travelling = travel(job, args.allow_large_code)?;
        travelling.notices.into_iter().for_each(|Notice(notice)| context.printer.warn(notice));
    }
    let is_local = runtime.name() == LOCAL;
    for unused in unused(loaded, is_local) {
        context.printer.warn(unused);
    }
    let models = models(context, loaded)?;
    if !is_local {
        reachable(loaded, &models)?;
    }
    let tokens = tokens(context, loaded)?;
    let meant = (loaded, models.as_slice(), tokens);
    match context.endpoint_to_change(&loaded.endpoint.name, &runtime.name())? {
        Some(target) => change(context, store, runtime, meant, &target, args),
        None => begin(context, store, runtime, meant, args),
    }
}

/// A spec with what was looked up for it.
type Meant<'a> = (&'a LoadedEndpoint, &'a [ServedModel], Vec<TokenHash>);

fn begin(
    context: &Context,
    store: &Store,
    runtime: &dyn Runtime,
    (loaded, models, tokens): Meant<'_>,
    args: &ServeArgs,
) -> Result<u8, CliError> {
    let name = &loaded.endpoint.name;
    let reservation = store.reserve(name)?;
    let id = reservation.run().clone();
    let paths = store.endpoint(&id);
    let is_local = runtime.name() == LOCAL;
    let port = if is_local {
        loaded.endpoint.port.map_or_else(free_port, |port| free(port).map(|()| port))?
    } else {
        port_within(loaded)
    };
    let mut document = document_of(loaded, &id, port, tokens, runtime.name());
    if args.dry_run {
        let folder = tempfile::tempdir()?;
        let aside = EndpointPaths { dir: folder.path().to_owned(), endpoint: id.clone() };
        let prepared = prepare_endpoint(loaded, models, &aside)?;
        let lines = changes(&EndpointState::default(), None, &document, &prepared);
        return dry(context, &id, name, &lines);
    }
    let resolved = loaded.resolved()?;
    let submitter = context.submitter();
    let serving = Serving {
        store,
        runtime,
        submitter: &submitter,
        labels: &loaded.endpoint.labels,
        resolved: &resolved,
    };
    let mut notify = |Notice(notice): Notice| context.printer.warn(notice);
    let user = context.user_in(runtime)?;
    let begun =
        prepare_endpoint(loaded, models, &paths).map_err(CliError::from).and_then(|prepared| {
            let definitions = prepared.definitions.clone();
            document.drain = Some(prepared.rules.drain);
            let begun =
                record_deployments(context, name, &runtime.name(), &definitions).and_then(|()| {
                    if is_local {
                        let notify = &mut notify;
                        return Ok(begin_endpoint(
                            &document,
                            prepared,
                            reservation,
                            &serving,
                            notify,
                        )?);
                    }
                    let of = InCluster {
                        endpoint: &loaded.endpoint,
                        document: &document,
                        prepared: &prepared,
                        earlier: &[],
                        paths: &paths,
                        labels: &loaded.endpoint.labels,
                        user: &user,
                        planned: &|job, deployment| planned_in(runtime, job, deployment),
                    };
                    Ok(begin_in_cluster(&of, reservation, &serving, &mut notify)?)
                });
            if begun.is_err() {
                // What serves nowhere must not keep a version from being removed; what can't be taken back is
                // in a clean-up's way only.
                let _ = forget_deployments(context, name, &runtime.name(), &definitions);
            }
            begun
        });
    if begun.is_err() {
        let _ = remove_tree(&paths.dir);
    }
    let submitted = begun?;
    context.printer.say(Text::styled(crate::ui::BOLD, &submitted.paths.run).then(" begun"));
    finish(context, &id, name, &[], args)
}

fn change(
    context: &Context,
    store: &Store,
    runtime: &dyn Runtime,
    (loaded, models, tokens): Meant<'_>,
    target: &EndpointTarget,
    args: &ServeArgs,
) -> Result<u8, CliError> {
    let name = &loaded.endpoint.name;
    let id = target.paths.endpoint.clone();
    let old_port = target.document.port.unwrap_or_default();
    let port = if runtime.name() == LOCAL {
        loaded.endpoint.port.unwrap_or(old_port)
    } else {
        port_within(loaded)
    };
    if port != old_port {
        let message = format!("{name} listens on the port {old_port}, and its port can't change");
        return Err(CliError::new(ErrorKind::Refused, message)
            .hint(format!("end it and serve it anew: mlctl undeploy {name}")));
    }
    let is_local = runtime.name() == LOCAL;
    let mut document = EndpointDocument {
        created: target.document.created,
        ..document_of(loaded, &id, port, tokens, runtime.name())
    };
    let folder = tempfile::tempdir()?;
    let aside = EndpointPaths { dir: folder.path().to_owned(), endpoint: id.clone() };
    let rehearsed = prepare_endpoint(loaded, models, &aside)?;
    document.drain = Some(rehearsed.rules.drain);
    let lines = changes(&target.state, Some(target), &document, &rehearsed);
    if args.dry_run {
        return dry(context, &id, name, &lines);
    }
    let is_alive = target.is_alive();
    if lines.is_empty() && is_alive {
        context.printer.say(format!("{name} is what the spec says already"));
        return finish(context, &id, name, &lines, args);
    }
    if !lines.is_empty() {
        let now = if is_alive { "serves already" } else { "has served before" };
        context.printer.say(format!("{name} {now}; this changes:"));
        for line in &lines {
            context.printer.say(Text::from("  ").then(line.clone()));
        }
    }
    let hint = "--yes changes it without a question, --dry-run only looks";
    if is_alive && !args.yes && !ask(context, "change it?", hint)? {
        context.printer.say("nothing was changed");
        return Ok(exit::OK);
    }
    let known = secrets_known(target);
    if is_local && is_alive && rehearsed.values.keys().any(|name| !known.contains(name)) {
        let message = format!(
            "the secret values of the new spec can't reach the processes of {name}, which have those \
             of its first one"
        );
        return Err(CliError::new(ErrorKind::Refused, message)
            .hint(format!("end it and serve it anew: mlctl undeploy {name}"))
            .hint("name Secrets (secretKeyRef) in the spec: those are looked up when a replica starts"));
    }
    let prepared = prepare_endpoint(loaded, models, &target.paths)?;
    let forgotten = forgotten(target, &prepared)?;
    record_deployments(context, name, &runtime.name(), &prepared.definitions)?;
    for definition in &prepared.definitions {
        definition.write(&target.paths)?;
    }
    document.write(&target.paths)?;
    let user = context.user_in(runtime)?;
    if !is_local {
        let resolved = loaded.resolved()?;
        let submitter = context.submitter();
        let labels = &loaded.endpoint.labels;
        let serving =
            Serving { store, runtime, submitter: &submitter, labels, resolved: &resolved };
        let earlier = earlier(target, &prepared);
        let of = InCluster {
            endpoint: &loaded.endpoint,
            document: &document,
            prepared: &prepared,
            earlier: &earlier,
            paths: &target.paths,
            labels,
            user: &user,
            planned: &|job, deployment| planned_in(runtime, job, deployment),
        };
        let mut notify = |Notice(notice): Notice| context.printer.warn(notice);
        change_in_cluster(&of, &target.run.paths, &serving, &mut notify)?;
    }
    let Prepared { rules, values, .. } = prepared;
    let drain = rules.drain;
    let entry = Entry::Applied { rules: Box::new(rules) };
    append_entries(&*target.notes, &target.paths, now(), &user, vec![entry])?;
    forget_deployments(context, name, &runtime.name(), &forgotten)?;
    if !is_local && let Err(error) = target.discard(runtime) {
        // It is in nobody's way, and the next one tries again.
        context.printer.warn(format!("what old revisions have left could not be deleted: {error}"));
    }
    if !is_alive && is_local {
        let resolved = loaded.resolved()?;
        let submitter = context.submitter();
        let labels = &loaded.endpoint.labels;
        let serving =
            Serving { store, runtime, submitter: &submitter, labels, resolved: &resolved };
        let mut notify = |Notice(notice): Notice| context.printer.warn(notice);
        let submitted = go_on_serving(&document, drain, values, &serving, &mut notify)?;
        context.printer.say(format!("{name} goes on as {}", submitted.paths.run));
    }
    finish(context, &id, name, &lines, args)
}

/// Waits until it serves, or is told not to.
fn finish(
    context: &Context,
    id: &RunId,
    name: &str,
    lines: &[Text],
    args: &ServeArgs,
) -> Result<u8, CliError> {
    if args.detach {
        return detached(context, vec![id.clone()]);
    }
    let followed = Followed { name, id, timeout: args.timeout.map(|span| span.0) };
    let (code, url) = follow(context, &followed)?;
    if context.format != Format::Table {
        let changes = lines.iter().map(ToString::to_string).collect();
        let document = Document { schema_version: 1, endpoint: id, name, changes, url };
        context.emit(&document, Text::default)?;
    }
    Ok(code)
}

fn dry(context: &Context, id: &RunId, name: &str, lines: &[Text]) -> Result<u8, CliError> {
    let changes = lines.iter().map(ToString::to_string).collect();
    let document = Document { schema_version: 1, endpoint: id, name, changes, url: None };
    context.emit(&document, || {
        if lines.is_empty() {
            return format!("{name} is what the spec says already").into();
        }
        Text::lines(lines.to_vec())
    })?;
    Ok(exit::OK)
}

fn changes(
    state: &EndpointState,
    target: Option<&EndpointTarget>,
    document: &EndpointDocument,
    prepared: &Prepared,
) -> Vec<Text> {
    let old = |digest: &str| Definition::read(&target?.paths, digest).ok();
    let now = target.map_or(document, |target| &target.document);
    difference(state, (now, &old), (document, &prepared.definitions, &prepared.rules))
}

pub(super) fn document_of(
    loaded: &LoadedEndpoint,
    id: &RunId,
    port: u16,
    tokens: Vec<TokenHash>,
    runtime: String,
) -> EndpointDocument {
    let endpoint = &loaded.endpoint;
    let is_local = runtime == LOCAL;
    EndpointDocument {
        schema_version: EndpointDocument::VERSION,
        endpoint: id.clone(),
        name: endpoint.name.clone(),
        created: now(),
        runtime,
        base: loaded.base.clone(),
        model_name: endpoint.model_name().to_owned(),
        port: Some(port),
        limits: endpoint.limits.clone(),
        sticky: endpoint.sticky.clone(),
        shadow: endpoint.shadow.clone(),
        tokens,
        drain: None,
        routers: if is_local { Default::default() } else { endpoint.routers.clone() },
        expose: if is_local { Default::default() } else { endpoint.expose.clone() },
        tls: endpoint.tls.clone().filter(|_| !is_local),
        log: KeptRequests::of(endpoint, &loaded.base)
            .map(|log| if is_local { log } else { log.in_pods(&loaded.storage) }),
    }
}

/// What serves no longer and is not remembered for a rollback either, so that its model's version may go.
fn forgotten(target: &EndpointTarget, prepared: &Prepared) -> Result<Vec<Definition>, CliError> {
    let all = target.definitions()?;
    let is_needed = |one: &&Definition| {
        target.state.revisions.values().any(|revision| revision.rules.digest == one.digest)
    };
    let needed: Vec<&Definition> =
        all.iter().filter(is_needed).chain(&prepared.definitions).collect();
    let is_same = |one: &Definition, other: &Definition| {
        one.model == other.model && one.job.roles.keys().eq(other.job.roles.keys())
    };
    let is_over = |one: &&Definition| needed.iter().all(|other| !is_same(one, other));
    Ok(all.iter().filter(is_over).cloned().collect())
}

/// The port of an endpoint in a cluster.
pub(super) fn port_within(loaded: &LoadedEndpoint) -> u16 {
    let usual = if loaded.endpoint.tls.is_some() { 443 } else { 80 };
    loaded.endpoint.port.unwrap_or(usual)
}

/// Definitions that the endpoint's journal still names, beside those of the spec: a router that begins anew
/// has to know them.
fn earlier(target: &EndpointTarget, prepared: &Prepared) -> Vec<Definition> {
    let digests: BTreeSet<&String> =
        target.state.revisions.values().map(|revision| &revision.rules.digest).collect();
    let is_new = |digest: &&&String| prepared.definitions.iter().all(|one| one.digest != ***digest);
    let old = digests.iter().filter(is_new);
    old.filter_map(|digest| Definition::read(&target.paths, digest).ok()).collect()
}

/// The variables by which the running controller has its secrets.
fn secrets_known(target: &EndpointTarget) -> BTreeSet<String> {
    let env = target.run.plan.as_ref().map(Plan::gang);
    let roles = env.into_iter().flat_map(|gang| &gang.roles);
    roles.flat_map(|role| role.env.iter().map(|variable| variable.name.clone())).collect()
}

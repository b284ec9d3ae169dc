//! `mlctl serve`: an endpoint begins, or becomes what its spec says now.

use mlctl_router::TokenHash;
use serde::Serialize;

use super::applied::{apply, document_of};
use super::args::ServeArgs;
use super::callers::warn_of_broken_callers;
use super::certificate::{Found, certificate_of};
use super::difference::difference;
use super::follow::{Followed, follow};
use super::from_model::meant;
use super::given::{certificate_reaches, secrets_reach};
use super::lookup::{free, free_port, models, reachable, tokens, unused};
use super::marks::{Marks, forget_deployments, forget_earlier, forgotten, new_ones};
use super::target::EndpointTarget;
use crate::cli::verbs::others::ask;
use crate::cli::verbs::train::detached;
use crate::cli::{CliError, Context, ErrorKind, Format, LOCAL, exit};
use crate::gang::RunId;
use crate::runtime::{Notice, Runtime};
use crate::store::{EndpointPaths, Store, now, private_dir, remove_tree};
use crate::ui::{Text, Verbosity};
use crate::work::ServedModel;
use crate::work::serve::rollout::{EndpointState, Entry};
use crate::work::serve::{
    Definition, EndpointDocument, InCluster, LoadedEndpoint, Prepared, Serving, append_entries,
    begin_endpoint, begin_in_cluster, go_on_serving, planned_in, prepare_endpoint,
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
    let callers = Callers {
        tokens: tokens(context, loaded)?,
        certificate: match &loaded.endpoint.tls {
            Some(tls) if is_local => Some(certificate_of(context, &tls.secret)?),
            _ => None,
        },
    };
    let meant = (loaded, models.as_slice(), callers);
    match context.endpoint_to_change(&loaded.endpoint.name, &runtime.name())? {
        Some(target) => change(context, store, runtime, meant, &target, args),
        None => begin(context, store, runtime, meant, args),
    }
}

/// A spec with what was looked up for it.
type Meant<'a> = (&'a LoadedEndpoint, &'a [ServedModel], Callers);

/// Who is let in, and what callers see.
struct Callers {
    tokens: Vec<TokenHash>,
    certificate: Option<Found>,
}

fn begin(
    context: &Context,
    store: &Store,
    runtime: &dyn Runtime,
    (loaded, models, callers): Meant<'_>,
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
    let local = is_local.then(|| context.local_with_secrets()).transpose()?;
    let mut document = document_of(loaded, &id, port, callers.tokens, runtime.name());
    document.certificate = callers.certificate.as_ref().map(Found::fingerprint);
    if args.dry_run {
        let folder = tempfile::tempdir()?;
        let aside = EndpointPaths { dir: folder.path().to_owned(), endpoint: id.clone() };
        let prepared = prepare_endpoint(loaded, models, &aside, local.as_ref())?;
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
    let begun = prepare_endpoint(loaded, models, &paths, local.as_ref())
        .map_err(CliError::from)
        .and_then(|prepared| {
            let definitions = prepared.definitions.clone();
            document.drain = Some(prepared.rules.drain);
            // Who finds a mark of a command that was killed here finds its definition too.
            private_dir(&paths.dir)?;
            definitions.iter().try_for_each(|definition| definition.write(&paths))?;
            document.write(&paths)?;
            let (at, new) = (runtime.name(), definitions.clone());
            let marks = Marks::set(context, name, &at, &definitions, new)?;
            let begun = if is_local {
                begin_endpoint(&document, prepared, reservation, &serving, &mut notify)
            } else {
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
                begin_in_cluster(&of, reservation, &serving, &mut notify)
            };
            match begun {
                Ok(begun) => {
                    // It serves: what is too much in the registry is no reason to say that it doesn't.
                    if let Err(error) = forget_earlier(context, store, &document, &definitions) {
                        context
                            .printer
                            .detail(format!("old deployments were not forgotten: {error}"));
                    }
                    Ok(begun)
                }
                Err(error) => {
                    marks.take_back();
                    Err(error.into())
                }
            }
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
    (loaded, models, callers): Meant<'_>,
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
        certificate: callers.certificate.as_ref().map(Found::fingerprint),
        ..document_of(loaded, &id, port, callers.tokens, runtime.name())
    };
    let local = is_local.then(|| context.local_with_secrets()).transpose()?;
    let folder = tempfile::tempdir()?;
    let aside = EndpointPaths { dir: folder.path().to_owned(), endpoint: id.clone() };
    let rehearsed = prepare_endpoint(loaded, models, &aside, local.as_ref())?;
    document.drain = Some(rehearsed.rules.drain);
    let lines = changes(&target.state, Some(target), &document, &rehearsed);
    warn_of_broken_callers(context, target, &rehearsed);
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
    if is_local && is_alive {
        secrets_reach(context, target, &rehearsed)?;
        certificate_reaches(context, target, callers.certificate.as_ref())?;
    }
    let prepared = prepare_endpoint(loaded, models, &target.paths, local.as_ref())?;
    let forgotten = forgotten(target, &prepared)?;
    let new = new_ones(target, &prepared)?;
    let user = context.user_in(runtime)?;
    for definition in &prepared.definitions {
        definition.write(&target.paths)?;
    }
    let at = runtime.name();
    let marks = Marks::set(context, name, &at, &prepared.definitions, new)?;
    let accepted = apply(context, store, runtime, (loaded, &document, &prepared), target, &user);
    if let Err(error) = accepted {
        marks.take_back();
        return Err(error);
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
    } else if let Some(url) = url.filter(|_| context.printer.verbosity == Verbosity::Quiet) {
        // Where it answers is what a script wants of it; people are told more.
        context.printer.show(url)?;
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

/// The port of an endpoint in a cluster.
pub(in crate::cli) fn port_within(loaded: &LoadedEndpoint) -> u16 {
    let usual = if loaded.endpoint.tls.is_some() { 443 } else { 80 };
    loaded.endpoint.port.unwrap_or(usual)
}

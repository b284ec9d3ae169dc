//! What applying a spec to an endpoint would change, for a person to look at before.

use crate::gang::RevisionName;
use crate::ui::{BOLD, Text};
use crate::work::serve::rollout::{EndpointState, RevisionRules, Rules};
use crate::work::serve::{Definition, EndpointDocument};

/// Finds the definition that an endpoint has under a digest.
pub(super) type Known<'a> = &'a dyn Fn(&str) -> Option<Definition>;

/// What would become of an endpoint; empty where nothing would.
pub(super) fn difference(
    state: &EndpointState,
    now: (&EndpointDocument, Known<'_>),
    then: (&EndpointDocument, &[Definition], &Rules),
) -> Vec<Text> {
    let (old_document, old_definition) = now;
    let (new_document, definitions, rules) = then;
    let mut lines = Vec::new();
    let empty = std::collections::BTreeMap::new();
    let old = state.rules.as_ref().map_or(&empty, |rules| &rules.revisions);
    for (name, new) in &rules.revisions {
        let head = |text: &str| Text::styled(BOLD, name.as_str()).then(text);
        let definition = definitions.iter().find(|one| one.digest == new.digest);
        match old.get(name) {
            None => {
                let model = definition.and_then(|one| one.model.asked.clone());
                let model = model.map(|model| format!(" with {model}")).unwrap_or_default();
                lines.push(head(&format!(" is new{model}, {}", shape(new))));
            }
            Some(old) if old.digest != new.digest => {
                let what = definition
                    .zip(old_definition(&old.digest))
                    .map(|(new, old)| changed_fields(&old, new).join(", "))
                    .filter(|what| !what.is_empty())
                    .unwrap_or_else(|| "its definition".to_owned());
                lines.push(head(&format!(" becomes another one: {what} changed; {}", shape(new))));
            }
            Some(old) if old != new => {
                lines.push(head(&format!(": {} -> {}", shape(old), shape(new))));
            }
            Some(_) => lines.extend(strayed(state, name, new).map(|text| head(&text))),
        }
    }
    for name in old.keys().filter(|name| !rules.revisions.contains_key(*name)) {
        lines.push(Text::styled(BOLD, name.as_str()).then(" goes, once it is no longer needed"));
    }
    if let Some(old) = &state.rules {
        for (word, differs) in [
            ("transition", old.transition != rules.transition),
            ("scaling", old.scaling != rules.scaling),
            ("rollout", old.rollout != rules.rollout),
            ("grace", old.drain != rules.drain),
        ] {
            if differs {
                lines.push(format!("{word} changes").into());
            }
        }
    }
    for (word, differs) in [
        ("modelName", old_document.model_name != new_document.model_name),
        ("limits", old_document.limits != new_document.limits),
        ("sticky", old_document.sticky != new_document.sticky),
        ("shadow", old_document.shadow != new_document.shadow),
        ("routers", old_document.routers != new_document.routers),
        ("expose", old_document.expose != new_document.expose),
        ("tls", old_document.tls != new_document.tls),
        ("the certificate", old_document.certificate != new_document.certificate),
        ("log", old_document.log != new_document.log),
        ("the tokens of callers", old_document.tokens != new_document.tokens),
    ] {
        if differs {
            lines.push(format!("{word} changes").into());
        }
    }
    lines
}

/// What serves is no longer what the same spec has asked for: by hand, or since a rollout has failed.
fn strayed(state: &EndpointState, name: &RevisionName, rules: &RevisionRules) -> Option<String> {
    let id = state.current(name).filter(|_| state.change.is_none())?;
    let now = state.weights.get(id);
    if now == rules.traffic {
        return None;
    }
    let condemned = state.revisions.get(id).and_then(|one| one.condemned.as_ref());
    let again = condemned.map(|reason| format!("; it was given up, and is tried again ({reason})"));
    let again = again.unwrap_or_default();
    Some(format!(": {now} % of the requests now, {} % by the spec{again}", rules.traffic))
}

/// A revision's share and replicas, in words.
fn shape(rules: &RevisionRules) -> String {
    let replicas = match (rules.min, rules.max) {
        (1, 1) => "1 replica".to_owned(),
        (min, max) if min == max => format!("{min} replicas"),
        (min, max) => format!("{min} to {max} replicas"),
    };
    format!("{} % of the requests, {replicas}", rules.traffic)
}

/// Which parts of a definition are others.
fn changed_fields(old: &Definition, new: &Definition) -> Vec<&'static str> {
    let mut fields = Vec::new();
    for (name, differs) in [
        (
            "its model",
            old.model != new.model || old.serving.server.model != new.serving.server.model,
        ),
        ("its code", old.code != new.code),
        ("a secret", old.secrets_digest != new.secrets_digest || old.looked_up != new.looked_up),
        ("its image", old.job.image != new.job.image),
        ("its command", commands(old) != commands(new)),
        ("its environment", old.job.env != new.job.env),
        ("its resources", resources(old) != resources(new)),
        ("its set-up", old.job.setup != new.job.setup),
        ("its server's ports, probes or warm-up", probes(old) != probes(new)),
    ] {
        if differs {
            fields.push(name);
        }
    }
    fields
}

fn commands(one: &Definition) -> (Option<&Vec<String>>, &crate::spec::Args) {
    (one.job.command.as_ref(), &one.job.args)
}

fn resources(one: &Definition) -> impl PartialEq + '_ {
    (one.job.cpu, one.job.memory, one.job.accelerators.as_ref(), one.max_concurrency)
}

fn probes(one: &Definition) -> impl PartialEq + '_ {
    let serving = &one.serving;
    let server = &serving.server;
    (server.port, serving.warmup.as_ref(), serving.grace, server.start_timeout)
}

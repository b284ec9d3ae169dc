//! Pods of roles as one job: what is the same in all of them is the job's.

use serde_json::Value as Json;

use super::pod::Pod;
use crate::spec::foreign::common::assemble::{Assembled, assemble};
use crate::spec::foreign::common::fields::Findings;
use crate::spec::foreign::common::gather::Located;
use crate::spec::foreign::common::pool::Pool;
use crate::spec::kinds::train::{EnvVar, Framework, Setup, TrainJob};
use crate::spec::syntax::{Diagnostic, KeyedSpan, Spans, key_path};
use crate::text::list_of;

/// Puts variables before those that the file has: a later one of the same name counts.
pub(in crate::spec::foreign) fn variables(job: &mut TrainJob, own: &[EnvVar]) {
    let lacking = |env: &[EnvVar]| {
        let is_new = |one: &&EnvVar| !env.iter().any(|other| other.name == one.name);
        own.iter().filter(is_new).cloned().collect::<Vec<_>>()
    };
    if job.roles.values().all(|role| role.env.is_empty()) {
        job.env.splice(0..0, lacking(&job.env));
        return;
    }
    for role in job.roles.values_mut() {
        let new = lacking(&role.env);
        role.env.splice(0..0, new);
    }
}

/// What of a job is the same in all roles, by our names and those of a pod.
const SHARED: [(&str, &str); 5] = [
    ("serviceAccount", "serviceAccountName"),
    ("priorityClass", "priorityClassName"),
    ("imagePullSecrets", "imagePullSecrets"),
    ("affinity", "affinity"),
    ("grace", "terminationGracePeriodSeconds"),
];

/// Fields of a pod that a job has for all roles, by the paths of the job, with their values.
fn shared_fields(job: &TrainJob) -> Vec<(String, String, Json)> {
    let whole = serde_json::to_value(job).unwrap_or_default();
    let simple = SHARED.iter().filter_map(|(ours, theirs)| {
        let value = whole.get(*ours).filter(|value| !value.is_null())?;
        Some(((*ours).to_owned(), (*theirs).to_owned(), value.clone()))
    });
    let mut all: Vec<_> = simple.collect();
    let of = |pointer: &str| whole.pointer(pointer).and_then(Json::as_object).into_iter().flatten();
    for (pointer, path) in [
        ("/podPatch/metadata", "podPatch.metadata"),
        ("/podPatch/spec", "podPatch.spec"),
        ("/podPatch/spec/containers/0", "podPatch.spec.containers[0]"),
    ] {
        let is_part = |name: &str| !matches!(name, "containers" | "name");
        for (name, value) in of(pointer).filter(|(name, _)| is_part(name)) {
            all.push((key_path(path, name), name.clone(), value.clone()));
        }
    }
    all
}

/// Names what pods of a role say of themselves that only a whole job says here.
fn name_differences(
    findings: &mut Findings,
    (first, shared): (&str, &Pod),
    (role, pod): (&str, &Pod),
    place: KeyedSpan,
) {
    let (of_first, own) = (shared_fields(&shared.job), shared_fields(&pod.job));
    for (path, name, value) in &own {
        if of_first.iter().any(|(other, _, same)| other == path && same == value) {
            continue;
        }
        let at = pod.places.key(path);
        findings.add(
            Diagnostic::warning(
                findings.system.left_out,
                format!("`{name}` of the pods of {role} is left out"),
            )
            .at(at, "")
            .help(format!("a job has it once for all roles: what the pods of {first} say")),
        );
    }
    let names = of_first.iter().filter(|(path, ..)| !own.iter().any(|(own, ..)| own == path));
    let names: Vec<String> = names.map(|(_, name, _)| format!("`{name}`")).collect();
    if !names.is_empty() {
        let names = list_of(&names.iter().map(String::as_str).collect::<Vec<_>>(), "and");
        findings.add(
            Diagnostic::warning(
                findings.system.instead,
                format!("the pods of {role} get {names} too, as those of {first} have"),
            )
            .at(place.value, "says nothing of it")
            .help("a job has it once for all roles"),
        );
    }
}

/// The job of all roles. What only a job has is that of its first role.
pub(in crate::spec::foreign) fn assembled(
    findings: &mut Findings,
    framework: Framework,
    pods: Vec<(&'static str, Located<u32>, Pod)>,
    spans: &mut Spans,
) -> TrainJob {
    let mut pools = Vec::new();
    let mut shared: Option<(&str, Pod)> = None;
    let mut own = Vec::new();
    let mut scripts: Vec<String> = Vec::new();
    for (role, replicas, mut pod) in pods {
        let place = replicas.place;
        let script = std::mem::take(&mut pod.script);
        if !script.is_empty() && !scripts.contains(&script) {
            scripts.push(script);
        }
        let selector = std::mem::take(&mut pod.job.node_selector);
        let tolerations = std::mem::take(&mut pod.job.tolerations);
        own.push((role, (selector, tolerations, std::mem::take(&mut pod.job.secrets))));
        pools.push(Pool {
            role,
            replicas,
            program: std::mem::take(&mut pod.program),
            resources: std::mem::take(&mut pod.resources),
            volumes: pod.volumes.take(),
        });
        match &shared {
            None => shared = Some((role, pod)),
            Some((first, shared)) => {
                name_differences(findings, (first, shared), (role, &pod), place);
            }
        }
    }
    let Assembled { image, command, args, env, cpu, memory, accelerators, volumes, mut roles } =
        assemble(&mut pools, spans);
    // One replica that meets nobody is what a job without roles is.
    if framework == Framework::None && roles.values().map(|role| role.replicas).sum::<u32>() == 1 {
        roles.clear();
    }
    let pod = shared.map(|(_, pod)| pod).unwrap_or_default();
    let mut job = pod.job;
    if !scripts.is_empty() {
        job.setup = Some(Setup { shell: Some(scripts.concat()), ..Setup::default() });
    }
    spans.insert_below("", &pod.places);
    // What is the same in all roles is the job's.
    if own.iter().all(|(_, parts)| *parts == own[0].1) {
        own.truncate(1);
        if let Some((_, parts)) = own.pop() {
            (job.node_selector, job.tolerations, job.secrets) = parts;
        }
    }
    for (name, parts) in own {
        if let Some(role) = roles.get_mut(name) {
            (role.node_selector, role.tolerations, role.secrets) = parts;
        }
    }
    TrainJob {
        framework,
        image,
        command,
        args: args.unwrap_or_default(),
        env,
        cpu,
        memory,
        accelerators,
        volumes,
        roles,
        ..job
    }
}

//! Pods of roles as one job: what is the same in all of them is the job's.

use super::pod::Pod;
use crate::spec::foreign::common::assemble::{Assembled, assemble};
use crate::spec::foreign::common::fields::Findings;
use crate::spec::foreign::common::gather::Located;
use crate::spec::foreign::common::pool::Pool;
use crate::spec::kinds::train::{EnvVar, Framework, Setup, TrainJob};
use crate::spec::syntax::{Diagnostic, KeyedSpan, Spans};

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

/// The job of all roles. What only a job has is that of its first role.
pub(in crate::spec::foreign) fn assembled(
    findings: &mut Findings,
    framework: Framework,
    pods: Vec<(&'static str, Located<u32>, Pod)>,
    spans: &mut Spans,
) -> TrainJob {
    let mut pools = Vec::new();
    let mut shared: Option<(Pod, KeyedSpan)> = None;
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
            None => shared = Some((pod, place)),
            Some((first, _)) if *first != pod => findings.add(
                Diagnostic::warning(
                    findings.system.instead,
                    "pods of all roles are placed and patched as those of the first",
                )
                .at(place.value, "says something else")
                .help("`mlctl convert` this file, then change the roles in it"),
            ),
            Some(_) => {}
        }
    }
    let Assembled { image, command, args, env, cpu, memory, accelerators, volumes, mut roles } =
        assemble(&mut pools, spans);
    // One replica that meets nobody is what a job without roles is.
    if framework == Framework::None && roles.values().map(|role| role.replicas).sum::<u32>() == 1 {
        roles.clear();
    }
    let (pod, _) = shared.unwrap_or_default();
    let mut job = pod.job;
    if !scripts.is_empty() {
        job.setup = Some(Setup { shell: Some(scripts.concat()), ..Setup::default() });
    }
    for (path, place) in pod.places {
        spans.insert(path, place);
    }
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

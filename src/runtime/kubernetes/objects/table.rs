//! What a run will be in a cluster, for a person: the part of `--dry-run` that the plan can't say.

use k8s_openapi::api::batch::v1::Job;

use super::container::MAIN;
use super::context::ManifestContext;
use super::manifests::Manifests;
use crate::plan::{ClusterLayout, Plan, Section};

/// The sections about the cluster, to be shown below those of the plan.
pub fn sections(plan: &Plan, context: &ManifestContext, manifests: &Manifests) -> Vec<Section> {
    vec![surroundings(plan, context), jobs(plan, manifests)]
}

/// Where the run will be, and what it brings along.
fn surroundings(plan: &Plan, context: &ManifestContext) -> Section {
    let namespace = match context.namespace.as_str() {
        "" => "the context's",
        namespace => namespace,
    };
    let mut rows = vec![("namespace", namespace.to_owned())];
    let runner = match &context.architectures[..] {
        [] => context.runner_image.clone(),
        some => format!("{} ({})", context.runner_image, some.join(", ")),
    };
    rows.push(("runner image", runner));
    let files = context.code.files.len();
    if files > 0 {
        let maps = context.code.map_count();
        let bytes = context.code.bytes().div_ceil(1024);
        rows.push(("code", format!("{files} files in {maps} ConfigMaps, {bytes} KiB")));
    }
    let pods = &plan.gang().pods;
    let named = [
        ("queue", &pods.queue),
        ("priority class", &pods.priority_class),
        ("service account", &pods.service_account),
    ];
    rows.extend(named.into_iter().filter_map(|(name, value)| Some((name, value.clone()?))));
    rows.extend(
        plan.gang().data.iter().map(|data| ("data", format!("{} at {}", data.uri, data.path))),
    );
    Section {
        title: "Cluster".into(),
        header: Vec::new(),
        rows: rows.into_iter().map(|(name, value)| vec![name.to_owned(), value]).collect(),
    }
}

/// One row for each Job.
fn jobs(plan: &Plan, manifests: &Manifests) -> Section {
    let layout = ClusterLayout::of(plan);
    let header = ["job", "pods", "roles", "image", "limits"].map(String::from).to_vec();
    let rows = manifests.jobs.iter().map(|job| {
        let name = job.metadata.name.clone().unwrap_or_default();
        let members = layout.jobs.iter().find(|layout| layout.name == name);
        let mut roles: Vec<&str> = members
            .iter()
            .flat_map(|job| job.replicas.iter().map(|replica| replica.role.as_str()))
            .collect();
        roles.dedup();
        let pods = members.map_or(0, |job| job.replicas.len());
        vec![name, pods.to_string(), roles.join(", "), image(job), limits(job)]
    });
    Section { title: "Jobs".into(), header, rows: rows.collect() }
}

/// The image of a Job's main container; `-` where it has none.
fn image(job: &Job) -> String {
    main(job).and_then(|main| main.image.clone()).unwrap_or_else(|| "-".into())
}

/// The limits of a Job's main container; `-` where it has none.
fn limits(job: &Job) -> String {
    let limits = main(job).and_then(|main| main.resources.as_ref()?.limits.as_ref());
    let limits = limits.into_iter().flatten().map(|(name, amount)| format!("{name} {}", amount.0));
    let limits: Vec<String> = limits.collect();
    if limits.is_empty() { "-".into() } else { limits.join(", ") }
}

fn main(job: &Job) -> Option<&k8s_openapi::api::core::v1::Container> {
    let pod = job.spec.as_ref()?.template.spec.as_ref()?;
    pod.containers.iter().find(|container| container.name == MAIN)
}

//! The volumes of a pod and where the main container sees them.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{
    ConfigMapProjection, ConfigMapVolumeSource, EmptyDirVolumeSource, KeyToPath,
    ProjectedVolumeSource, SecretVolumeSource, Volume, VolumeMount, VolumeProjection,
};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use serde_json::{Map, Value as Json};

use super::claim::{OWN, persistent};
use super::context::ManifestContext;
use super::error::Reason;
use super::names::{code_name, pod_config_name, secret_name};
use super::record::record_key;
use super::{data, output};
use crate::agent::pod::{
    CODE_DIR, CONFIG_DIR, HOME_DIR, OUTPUT_DIR, PAST_DIR, PROGRAM_DIR, ROOT, SECRET_DIR,
    TERMINATION_FILE, WORK_DIR,
};
use crate::plan::{Plan, RolePlan};
use crate::spec;
use crate::spec::syntax::freeform;
use crate::storage::{Place, mount_point, mount_touches};

/// The volume with the agent's binary.
pub(crate) const PROGRAM: &str = "mlctl-bin";
/// The volume with the agents' document.
const CONFIG: &str = "mlctl-config";
/// The volume with the run's Secret.
const SECRET: &str = "mlctl-secret";
/// The volume with what is remembered of the run.
pub(crate) const PAST: &str = "mlctl-past";
/// The volume with the code.
const CODE: &str = "mlctl-code";
/// The volumes whose contents the agent needs: a `podPatch` must not change them.
pub(crate) const OF_THE_AGENT: [&str; 5] = [PROGRAM, CONFIG, SECRET, PAST, CODE];

/// What the agent finds at fixed paths of its pod.
const RESERVED: [&str; 2] = [ROOT, TERMINATION_FILE];

/// Secrets are readable for the owner and for the group, which is `fsGroup`, and for nobody else.
pub(crate) const SECRET_MODE: i32 = 0o440;
/// Documents and code are readable for everybody.
const READ_ONLY: i32 = 0o444;

/// The volumes of a pod, and their mounts in the main container.
pub(crate) struct Volumes {
    pub(crate) volumes: Vec<Volume>,
    pub(crate) mounts: Vec<VolumeMount>,
}

impl Volumes {
    /// Adds a volume that is mounted once.
    fn add(&mut self, volume: Volume, mount_path: &str, read_only: bool) {
        self.mounts.push(VolumeMount {
            name: volume.name.clone(),
            mount_path: mount_path.into(),
            read_only: read_only.then_some(true),
            ..VolumeMount::default()
        });
        self.volumes.push(volume);
    }

    /// Lets all mounts of one claim come from the first of its volumes, because the kubelet waits
    /// for ever when two volumes of a pod are the same claim. Whether it is read-only becomes each
    /// mount's own matter.
    fn one_volume_per_claim(&mut self) {
        let mut first: BTreeMap<String, String> = BTreeMap::new();
        let mut merged: BTreeMap<String, String> = BTreeMap::new();
        for volume in &self.volumes {
            let Some(claim) = &volume.persistent_volume_claim else { continue };
            let kept = first.entry(claim.claim_name.clone()).or_insert_with(|| volume.name.clone());
            if *kept != volume.name {
                merged.insert(volume.name.clone(), kept.clone());
            }
            if claim.read_only == Some(true) {
                let mounts = self.mounts.iter_mut().filter(|mount| mount.name == volume.name);
                mounts.for_each(|mount| mount.read_only = Some(true));
            }
        }
        self.volumes.retain(|volume| !merged.contains_key(&volume.name));
        for volume in &mut self.volumes {
            if let Some(claim) = &mut volume.persistent_volume_claim
                && merged.values().any(|kept| *kept == volume.name)
            {
                claim.read_only = None;
            }
        }
        for mount in &mut self.mounts {
            if let Some(kept) = merged.get(&mount.name) {
                mount.name.clone_from(kept);
            }
        }
    }
}

/// All volumes of pods like those of `role`. Reasons against those of the spec go to `refused`.
pub(crate) fn volumes(
    plan: &Plan,
    context: &ManifestContext,
    role: &RolePlan,
    refused: &mut Vec<Reason>,
) -> Volumes {
    let mut all = Volumes { volumes: Vec::new(), mounts: Vec::new() };
    all.add(empty(PROGRAM, EmptyDirVolumeSource::default()), PROGRAM_DIR, true);
    all.add(config(plan), CONFIG_DIR, true);
    all.add(
        secret(SECRET, &secret_name(&plan.head.run, &context.token), SECRET_MODE),
        SECRET_DIR,
        true,
    );
    all.add(past(plan), PAST_DIR, true);
    let code = context.code.map_count();
    if code > 0 {
        all.add(projected(plan, code), CODE_DIR, true);
    }
    let wanted: Vec<Option<String>> = mount_paths(plan, role).map(mount_point).collect();
    let is_unmounted = |path: &str| wanted.iter().all(|wanted| wanted.as_deref() != Some(path));
    for (name, path) in [("mlctl-work", WORK_DIR), ("mlctl-home", HOME_DIR), ("mlctl-tmp", "/tmp")]
    {
        if is_unmounted(path) {
            all.add(empty(name, EmptyDirVolumeSource::default()), path, false);
        }
    }
    if is_unmounted("/dev/shm") {
        all.add(empty("mlctl-shm", shared_memory(role)), "/dev/shm", false);
    }
    if output::is_mounted(plan) {
        let claim = plan.gang().output.as_ref().and_then(Place::claim);
        let volume = match claim {
            Some(claim) => persistent("mlctl-output", &claim.name),
            None => empty("mlctl-output", EmptyDirVolumeSource::default()),
        };
        all.add(volume, OUTPUT_DIR, false);
    }
    let is_mounted =
        |path: &String| role.volumes.iter().any(|volume| mount_touches(path, &volume.mount_path));
    // Who mounts the bucket itself gets that.
    if let Some(path) = output::gcs_folder(plan).filter(|path| !is_mounted(path)) {
        let mut data = plan.gang().data.iter().filter(|data| data.path.starts_with('/'));
        let hides = data.find(|data| mount_touches(&path, &data.path));
        if let Some(data) = hides {
            let what = format!(
                "the output is kept at {path}, and data at {} would hide it or be hidden",
                data.path
            );
            let reason = Reason::new(what).of("data").at(&data.path).in_role(&role.name);
            refused.push(reason.help("name folders of which none is within the other"));
        }
        all.mounts.push(VolumeMount {
            name: "mlctl-output".into(),
            mount_path: path,
            ..VolumeMount::default()
        });
    }
    for (volume, mount) in data::claims(plan).chain(data::folders(plan)) {
        all.volumes.push(volume);
        all.mounts.push(mount);
    }
    for (index, whole) in role.secrets.iter().enumerate() {
        if let Some(path) = &whole.mount_path {
            let name = format!("{OWN}secret-{index}");
            all.add(secret(&name, &whole.name, SECRET_MODE), path, true);
        }
    }
    for volume in &role.volumes {
        match user_volume(volume) {
            Ok((volume, mount)) => {
                all.volumes.push(volume);
                all.mounts.push(mount);
            }
            Err(what) => {
                let reason = Reason::new(what).of("volumes").at(&volume.name);
                refused.push(reason.in_role(&role.name));
            }
        }
    }
    for (field, path) in mounts_of(plan, role) {
        if let Some(what) = against(path) {
            refused.push(Reason::new(what).of(field).at(path).in_role(&role.name));
        }
    }
    all.one_volume_per_claim();
    all
}

pub(crate) fn empty(name: &str, source: EmptyDirVolumeSource) -> Volume {
    Volume { name: name.into(), empty_dir: Some(source), ..Volume::default() }
}

/// Data loaders share batches here, and the 64 MiB that a container has otherwise end in bus
/// errors. What is in it counts as the container's memory, so its limit is the right size; without
/// one kubelet sizes it by the node.
fn shared_memory(role: &RolePlan) -> EmptyDirVolumeSource {
    EmptyDirVolumeSource {
        medium: Some("Memory".into()),
        size_limit: role.memory.map(|memory| Quantity(memory.to_string())),
    }
}

fn config(plan: &Plan) -> Volume {
    Volume {
        name: CONFIG.into(),
        config_map: Some(ConfigMapVolumeSource {
            name: pod_config_name(&plan.head.run),
            default_mode: Some(READ_ONLY),
            ..ConfigMapVolumeSource::default()
        }),
        ..Volume::default()
    }
}

/// Of the run's record only what says how it went: there is nothing of it at first, and the record may be
/// gone before a pod is made anew.
fn past(plan: &Plan) -> Volume {
    Volume {
        name: PAST.into(),
        config_map: Some(ConfigMapVolumeSource {
            name: plan.head.run.to_string(),
            default_mode: Some(READ_ONLY),
            items: Some(vec![KeyToPath {
                key: record_key::PAST.into(),
                path: record_key::PAST.into(),
                mode: None,
            }]),
            optional: Some(true),
        }),
        ..Volume::default()
    }
}

pub(crate) fn secret(name: &str, secret: &str, mode: i32) -> Volume {
    Volume {
        name: name.into(),
        secret: Some(SecretVolumeSource {
            secret_name: Some(secret.into()),
            default_mode: Some(mode),
            ..SecretVolumeSource::default()
        }),
        ..Volume::default()
    }
}

fn projected(plan: &Plan, maps: usize) -> Volume {
    let source = |index| VolumeProjection {
        config_map: Some(ConfigMapProjection {
            name: code_name(&plan.head.run, index),
            ..ConfigMapProjection::default()
        }),
        ..VolumeProjection::default()
    };
    Volume {
        name: CODE.into(),
        projected: Some(ProjectedVolumeSource {
            sources: Some((0..maps).map(source).collect()),
            default_mode: Some(READ_ONLY),
        }),
        ..Volume::default()
    }
}

/// The absolute paths at which a spec mounts something into the pods of a role.
fn mount_paths<'a>(plan: &'a Plan, role: &'a RolePlan) -> impl Iterator<Item = &'a str> {
    mounts_of(plan, role).map(|(_, path)| path)
}

/// The same, each with the field of the spec that says it.
fn mounts_of<'a>(
    plan: &'a Plan,
    role: &'a RolePlan,
) -> impl Iterator<Item = (&'static str, &'a str)> {
    let data = plan.gang().data.iter().filter(|data| !matches!(data.uri, Place::Path(_)));
    let data = data.map(|data| data.path.as_str()).filter(|path| path.starts_with('/'));
    let secrets = role.secrets.iter().filter_map(|secret| secret.mount_path.as_deref());
    let volumes = role.volumes.iter().map(|volume| volume.mount_path.as_str());
    let of = |field: &'static str| move |path| (field, path);
    data.map(of("data")).chain(secrets.map(of("secrets"))).chain(volumes.map(of("volumes")))
}

/// Why nothing may be mounted at a path: the agent would not find what it needs, or something else.
pub(super) fn against(path: &str) -> Option<String> {
    let place = RESERVED.iter().find(|place| mount_touches(path, place))?;
    Some(format!("nothing can be mounted at {path}: {place} is mlctl's own"))
}

/// A volume of the spec with its mount. Names and paths that mlctl uses itself are refused.
fn user_volume(volume: &spec::Volume) -> Result<(Volume, VolumeMount), String> {
    let spec::Volume { name, mount_path, sub_path, read_only, source } = volume;
    if name.starts_with(OWN) {
        return Err(format!("the volume `{name}`: names with `{OWN}` are mlctl's own"));
    }
    let mut fields: Map<String, Json> =
        source.iter().map(|(key, value)| (key.clone(), value.clone())).collect();
    fields.insert("name".into(), name.clone().into());
    let typed = freeform::typed::<Volume>(&Json::Object(fields))
        .map_err(|misfit| format!("the volume `{name}`: {misfit}"))?;
    let mount = VolumeMount {
        name: name.clone(),
        mount_path: mount_path.clone(),
        sub_path: sub_path.clone(),
        read_only: read_only.then_some(true),
        ..VolumeMount::default()
    };
    Ok((typed, mount))
}

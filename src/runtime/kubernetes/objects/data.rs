//! Data in pods: claims are mounted, files of the submitting machine travel with the code.

use std::path::Path;

use k8s_openapi::api::core::v1::{EmptyDirVolumeSource, Volume, VolumeMount};

use super::claim::{OWN, persistent};
use crate::agent::WorkLink;
use crate::agent::pod::DATA_DIR;
use crate::plan::{DataPlan, Plan};

/// The claims among a plan's data, each as a volume and its read-only mount.
pub(crate) fn claims(plan: &Plan) -> impl Iterator<Item = (Volume, VolumeMount)> {
    plan.gang().data.iter().enumerate().filter_map(|(index, data)| {
        let claim = data.uri.claim()?;
        let volume = persistent(&format!("{OWN}data-{index}"), &claim.name);
        let mount = VolumeMount {
            name: volume.name.clone(),
            mount_path: mount_path(index, data),
            sub_path: (!claim.path.is_empty()).then(|| claim.path.clone()),
            read_only: Some(true),
            ..VolumeMount::default()
        };
        Some((volume, mount))
    })
}

/// Folders for data in buckets whose path is absolute: the agents put links into them.
pub(crate) fn folders(plan: &Plan) -> impl Iterator<Item = (Volume, VolumeMount)> {
    plan.gang().fetched().filter(|data| Path::new(&data.path).is_absolute()).enumerate().map(
        |(index, data)| {
            let name = format!("{OWN}fetched-{index}");
            let mount = VolumeMount {
                name: name.clone(),
                mount_path: data.path.clone(),
                ..VolumeMount::default()
            };
            let empty_dir = Some(EmptyDirVolumeSource::default());
            (Volume { name, empty_dir, ..Volume::default() }, mount)
        },
    )
}

/// The links that agents make in working folders, for claims whose path is relative to those.
pub(crate) fn links(plan: &Plan) -> Vec<WorkLink> {
    let claims = plan.gang().data.iter().enumerate().filter(|(_, data)| data.uri.claim().is_some());
    claims
        .filter(|(_, data)| !Path::new(&data.path).is_absolute())
        .map(|(index, data)| WorkLink {
            path: data.path.clone().into(),
            target: mount_path(index, data).into(),
        })
        .collect()
}

/// Where a claim is mounted: at its own path if that is absolute, else in a folder of mlctl's.
fn mount_path(index: usize, data: &DataPlan) -> String {
    if Path::new(&data.path).is_absolute() {
        data.path.clone()
    } else {
        format!("{DATA_DIR}/{index}")
    }
}

//! Where a run's outputs go in a cluster.

use super::error::Reason;
use crate::agent::pod::OUTPUT_DIR;
use crate::plan::{Plan, RolePlan};
use crate::storage::{Place, mount_point};

/// The folder or address below which the outputs lie, as the primary's command sees it.
pub fn base(plan: &Plan) -> String {
    let Some(output) = &plan.gang().output else { return OUTPUT_DIR.into() };
    if plan.gang().sync.is_some() {
        return OUTPUT_DIR.into();
    }
    match output.claim() {
        // Below the mount and not as its `subPath`: a folder that kubelet makes belongs to root.
        Some(claim) if claim.path.is_empty() => OUTPUT_DIR.into(),
        Some(claim) => format!("{OUTPUT_DIR}/{}", claim.path),
        None => output.to_string(),
    }
}

/// The output is in a volume that mlctl mounts: a claim, or an empty folder of the pod.
pub(crate) fn is_mounted(plan: &Plan) -> bool {
    let gang = plan.gang();
    gang.sync.is_some() || gang.output.as_ref().is_none_or(|output| output.claim().is_some())
}

/// Where Vertex mounts the bucket of an output that the agents keep: commands written for it find their
/// folder there.
pub(crate) fn gcs_folder(plan: &Plan) -> Option<String> {
    let gang = plan.gang();
    let output = gang.output.as_ref().filter(|_| gang.sync.is_some())?;
    let place = output.as_str().strip_prefix("gs://")?;
    let path = format!("/gcs/{}", place.trim_end_matches('/'));
    // What leads elsewhere by `..`, or has a colon, is no folder that a pod may have mounted there.
    (mount_point(&path).as_ref() == Some(&path) && !path.contains(':')).then_some(path)
}

/// The reasons why the outputs can't go where the spec says. What the user should know of outputs
/// that can goes to `notices`.
pub(crate) fn reasons(plan: &Plan, notices: &mut Vec<String>) -> Vec<Reason> {
    let Some(output) = &plan.gang().output else {
        if plan.batch().is_some() {
            // The workers write to the stores themselves.
            return Vec::new();
        }
        notices.push(
            "no `output`: what the run writes is gone with its pods; keep it in a claim with \
             `output: pvc://CLAIM/PATH`"
                .into(),
        );
        return Vec::new();
    };
    let local = match output {
        Place::Claim(claim) if !claim.is_sound() => {
            let what = format!("output: {output} is not pvc://CLAIM/PATH");
            return vec![Reason::new(what).of("output")];
        }
        Place::Claim(_) | Place::Object(_) => return Vec::new(),
        Place::Path(path) => path.as_path(),
    };
    let mounted =
        |role: &RolePlan| role.volumes.iter().any(|volume| local.starts_with(&volume.mount_path));
    if plan.gang().roles.iter().all(mounted) {
        return Vec::new();
    }
    let what = "`output` is a folder of this machine, which pods don't see";
    let reason = Reason::new(what).of("output");
    vec![reason.help("write it into a claim: --set output=pvc://CLAIM/PATH")]
}

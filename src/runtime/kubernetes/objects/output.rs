//! Where a run's outputs go in a cluster.

use crate::agent::pod::OUTPUT_DIR;
use crate::plan::{Plan, RolePlan};
use crate::storage::{Claim, is_uri};

/// The base of the outputs as the primary's command sees it.
pub fn base(plan: &Plan) -> String {
    let Some(output) = &plan.gang().output else { return OUTPUT_DIR.into() };
    match Claim::of(output) {
        // Below the mount and not as its `subPath`: a folder that kubelet makes belongs to root.
        Some(Claim { path: "", .. }) => OUTPUT_DIR.into(),
        Some(Claim { path, .. }) => format!("{OUTPUT_DIR}/{path}"),
        None => output.clone(),
    }
}

/// The output is in a volume that mlctl mounts: a claim, or an empty folder of the pod.
pub(crate) fn is_mounted(plan: &Plan) -> bool {
    plan.gang().output.as_deref().is_none_or(|output| Claim::of(output).is_some())
}

/// Why the outputs can't go there.
pub(crate) fn reasons(plan: &Plan, notices: &mut Vec<String>) -> Vec<String> {
    let Some(output) = &plan.gang().output else {
        notices.push(
            "no `output`: what the run writes is gone with its pods; keep it in a claim with \
             `output: pvc://CLAIM/PATH`"
                .into(),
        );
        return Vec::new();
    };
    if let Some(claim) = Claim::of(output) {
        if !claim.is_sound() {
            return vec![format!("output: {output} is not pvc://CLAIM/PATH")];
        }
        return Vec::new();
    }
    let local = output.strip_prefix("file://").unwrap_or(output);
    let mounted = |role: &RolePlan| {
        role.volumes.iter().any(|volume| {
            let below = local.strip_prefix(volume.mount_path.trim_end_matches('/'));
            below.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
    };
    if is_uri(local) || plan.gang().roles.iter().all(mounted) {
        return Vec::new();
    }
    vec![format!(
        "output: {output} is a folder of this machine, which pods don't see; write it into a claim: \
         --set output=pvc://CLAIM/PATH"
    )]
}

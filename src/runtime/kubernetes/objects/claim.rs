//! The volume that a claim of the namespace becomes in a pod.

use k8s_openapi::api::core::v1::{PersistentVolumeClaimVolumeSource, Volume};

/// Every name of a volume that mlctl makes starts like this, so that none can be a user's.
pub(crate) const OWN: &str = "mlctl-";

/// A volume called `name` of the claim called `claim`. Whether it is read-only is each mount's own
/// matter: several mounts share one volume.
pub(crate) fn persistent(name: &str, claim: &str) -> Volume {
    Volume {
        name: name.into(),
        persistent_volume_claim: Some(PersistentVolumeClaimVolumeSource {
            claim_name: claim.into(),
            read_only: None,
        }),
        ..Volume::default()
    }
}

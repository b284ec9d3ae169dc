//! Security contexts by the standard that the spec names.

use k8s_openapi::api::core::v1::{
    Capabilities, PodSecurityContext, SeccompProfile, SecurityContext,
};

use crate::spec::Security;

/// The user and group of pods that don't run as the user of their image.
const USER: i64 = 1000;

/// What holds for all containers of a pod. `fsGroup` makes claims and the Secret's files readable
/// and writable for whatever user the command has; OpenShift gives one itself.
pub(crate) fn pod(security: Security) -> PodSecurityContext {
    let own = security == Security::Restricted;
    PodSecurityContext {
        run_as_non_root: (security != Security::Root).then_some(true),
        run_as_user: own.then_some(USER),
        run_as_group: own.then_some(USER),
        fs_group: (security != Security::Openshift).then_some(USER),
        // Otherwise every start of a pod would change the group of all files of a claim.
        fs_group_change_policy: (security != Security::Openshift)
            .then(|| "OnRootMismatch".to_owned()),
        seccomp_profile: Some(SeccompProfile {
            type_: "RuntimeDefault".into(),
            ..SeccompProfile::default()
        }),
        ..PodSecurityContext::default()
    }
}

/// What holds for the main container, which runs the user's command.
pub(crate) fn main(security: Security) -> SecurityContext {
    match security {
        Security::Restricted | Security::Openshift => restricted(),
        Security::Baseline => SecurityContext {
            allow_privilege_escalation: Some(false),
            ..SecurityContext::default()
        },
        Security::Root => SecurityContext::default(),
    }
}

/// What holds for the init container. It runs mlctl, which needs no rights, whatever the command
/// needs.
pub(crate) fn init(security: Security) -> SecurityContext {
    let own = security != Security::Openshift;
    SecurityContext {
        run_as_non_root: Some(true),
        run_as_user: own.then_some(USER),
        run_as_group: own.then_some(USER),
        read_only_root_filesystem: Some(true),
        ..restricted()
    }
}

/// What the Pod Security Standard `restricted` asks of a container.
fn restricted() -> SecurityContext {
    SecurityContext {
        allow_privilege_escalation: Some(false),
        capabilities: Some(Capabilities {
            drop: Some(vec!["ALL".into()]),
            ..Capabilities::default()
        }),
        ..SecurityContext::default()
    }
}

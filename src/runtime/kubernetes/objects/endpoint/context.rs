//! What the objects of an endpoint depend on besides its plan.

use std::collections::BTreeMap;

use crate::gang::RunId;
use crate::plan::{Plan, RevisionPods};
use crate::runtime::SecretValues;
use crate::runtime::kubernetes::objects::{BundleError, CodeBundle, ManifestContext};

/// What the objects of an endpoint depend on besides its plan.
#[derive(Clone, Default)]
pub struct EndpointContext {
    /// What they have in common with those of other runs; its code counts for nothing.
    pub common: ManifestContext,
    /// The code of each revision that has some, by the name of its Deployment.
    pub code: BTreeMap<RunId, CodeBundle>,
}

impl EndpointContext {
    /// Reads the code of all revisions.
    pub fn of(plan: &Plan, common: ManifestContext) -> Result<Self, BundleError> {
        let revisions = plan.service().into_iter().flat_map(|service| &service.revisions);
        let code = revisions
            .map(|one| Ok((one.deployment.clone(), CodeBundle::of(&one.plan)?)))
            .collect::<Result<_, BundleError>>()?;
        Ok(Self { common, code })
    }

    /// What counts for the pods of one revision: its own code, and no secret of another one.
    pub(super) fn of_revision(&self, revision: &RevisionPods) -> ManifestContext {
        let is_own = |role: &String| {
            revision.plan.gang().roles.iter().any(|own| own.name.as_str() == role.as_str())
        };
        let secrets = self.common.secrets.0.iter().filter(|(role, _)| is_own(role));
        let secrets = secrets.map(|(role, values)| (role.clone(), values.clone())).collect();
        ManifestContext {
            secrets: SecretValues(secrets),
            code: self.code.get(&revision.deployment).cloned().unwrap_or_default(),
            ..self.common.clone()
        }
    }
}

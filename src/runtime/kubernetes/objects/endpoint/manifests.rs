//! All objects of one endpoint.

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::api::core::v1::{ConfigMap, Secret, Service, ServiceAccount};
use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use k8s_openapi::api::rbac::v1::{Role, RoleBinding};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde_json::Value as Json;

use super::context::EndpointContext;
use super::revision::{RevisionManifests, revision_manifests};
use super::{access, address, routers, state};
use crate::plan::Plan;
use crate::runtime::kubernetes::objects::decided::gang_of;
use crate::runtime::kubernetes::objects::manifests::{metadata_first, owner, too_little_memory};
use crate::runtime::kubernetes::objects::{ManifestError, Reason, record};

/// The objects of one endpoint, in the order in which they are made: what is told to callers and to the
/// controller comes last, so that whoever dies between two of them has served nothing wrong.
#[derive(Clone, Debug)]
pub struct EndpointManifests {
    /// The record and owner of everything. Deleting it deletes all.
    pub record: ConfigMap,
    /// Whom the routers are for the cluster.
    pub account: ServiceAccount,
    /// What they may do there.
    pub role: Role,
    /// Gives them that.
    pub binding: RoleBinding,
    /// Which of them decides.
    pub lease: Lease,
    /// What they write: how the endpoint is, and its journal. These are made once.
    pub written: Vec<ConfigMap>,
    /// What each revision's pods are and read.
    pub revisions: Vec<RevisionManifests>,
    /// What the controller reads.
    pub documents: ConfigMap,
    /// Values that the routers alone may know; `None` where there are none.
    pub secret: Option<Secret>,
    /// What callers reach.
    pub service: Service,
    /// Keeps one router at work while nodes are emptied; `None` for one router.
    pub budget: Option<PodDisruptionBudget>,
    /// An Ingress or an HTTPRoute; `None` where the endpoint is not shown by one.
    pub way: Option<Json>,
    /// The pods that route.
    pub routers: Deployment,
    /// Sentences for the user about what the objects will do, which are no reason against them.
    pub notices: Vec<String>,
}

/// Writes the objects of an endpoint. The error has every reason against them, so that one correction of
/// a spec is enough.
pub fn endpoint_manifests(
    plan: &Plan,
    context: &EndpointContext,
) -> Result<EndpointManifests, ManifestError> {
    let Some(service) = plan.service() else {
        return Err(ManifestError::Refused(vec![Reason::new("the plan is of no endpoint")]));
    };
    let mut refused = too_little_memory(gang_of(plan));
    let mut notices = Vec::new();
    if context.common.namespace.is_empty() {
        // Who applies them chooses it, and a binding names its account's namespace.
        notices.push(
            "the routers' RoleBinding needs to know the namespace: name it with --namespace".into(),
        );
    }
    let mut revisions = Vec::new();
    for revision in &service.revisions {
        match revision_manifests(plan, service, revision, context, &mut notices) {
            Ok(made) => revisions.push(made),
            Err(reasons) => refused.extend(reasons),
        }
    }
    refused.extend(address::reasons(service));
    let common = &context.common;
    let mut keep = |reason: Reason| refused.push(reason);
    let record = record::record(plan, common).map_err(&mut keep).ok();
    let documents = state::documents(plan, common, service).map_err(&mut keep).ok();
    let written = state::written(plan, common, service).map_err(&mut keep).ok();
    let routers = routers::routers(plan, common, service).map_err(|all| refused.extend(all)).ok();
    match (record, documents, written, routers) {
        (Some(record), Some(documents), Some(written), Some((routers, secret)))
            if refused.is_empty() =>
        {
            Ok(EndpointManifests {
                record,
                account: access::account(plan, common),
                role: access::role(plan, common, service),
                binding: access::binding(plan, common),
                lease: state::lease(plan, common),
                written,
                revisions,
                documents,
                secret,
                service: address::service(plan, common, service),
                budget: routers::budget(plan, common, service),
                way: address::way(plan, common, service).map_err(unwritten)?,
                routers,
                notices,
            })
        }
        _ => Err(ManifestError::Refused(refused)),
    }
}

fn unwritten(error: serde_json::Error) -> ManifestError {
    ManifestError::Refused(vec![Reason::new(format!("expose: {error}")).of("expose")])
}

impl EndpointManifests {
    /// Makes the record the owner of everything else, so that deleting it deletes all. `uid` is the
    /// record's, known once it is created.
    pub fn own(&mut self, uid: &str) {
        let owner = owner(&self.record, uid);
        let owned = |meta: &mut ObjectMeta| meta.owner_references = Some(vec![owner.clone()]);
        owned(&mut self.account.metadata);
        owned(&mut self.role.metadata);
        owned(&mut self.binding.metadata);
        owned(&mut self.lease.metadata);
        self.written.iter_mut().for_each(|map| owned(&mut map.metadata));
        for one in &mut self.revisions {
            one.config_maps.iter_mut().for_each(|map| owned(&mut map.metadata));
            owned(&mut one.secret.metadata);
            owned(&mut one.deployment.metadata);
            one.scaler.iter_mut().for_each(|scaler| owned(&mut scaler.metadata));
        }
        owned(&mut self.documents.metadata);
        self.secret.iter_mut().for_each(|secret| owned(&mut secret.metadata));
        owned(&mut self.service.metadata);
        self.budget.iter_mut().for_each(|budget| owned(&mut budget.metadata));
        if let Some(way) = &mut self.way {
            way["metadata"]["ownerReferences"] = serde_json::json!([owner]);
        }
        owned(&mut self.routers.metadata);
    }

    /// Lets the routers scale these Deployments too: revisions that the spec has no more and that are
    /// still there.
    pub fn keep(&mut self, deployments: &[String]) {
        access::keep(&mut self.role, deployments);
    }

    /// All objects as JSON, in the order in which they are made.
    pub fn documents(&self) -> Result<Vec<Json>, serde_json::Error> {
        let mut all = vec![
            serde_json::to_value(&self.record)?,
            serde_json::to_value(&self.account)?,
            serde_json::to_value(&self.role)?,
            serde_json::to_value(&self.binding)?,
            serde_json::to_value(&self.lease)?,
        ];
        for map in &self.written {
            all.push(serde_json::to_value(map)?);
        }
        for one in &self.revisions {
            for map in &one.config_maps {
                all.push(serde_json::to_value(map)?);
            }
            all.push(serde_json::to_value(&one.secret)?);
            all.push(serde_json::to_value(&one.deployment)?);
            if let Some(scaler) = &one.scaler {
                all.push(serde_json::to_value(scaler)?);
            }
        }
        all.push(serde_json::to_value(&self.documents)?);
        if let Some(secret) = &self.secret {
            all.push(serde_json::to_value(secret)?);
        }
        all.push(serde_json::to_value(&self.service)?);
        if let Some(budget) = &self.budget {
            all.push(serde_json::to_value(budget)?);
        }
        all.extend(self.way.clone());
        all.push(serde_json::to_value(&self.routers)?);
        Ok(all.into_iter().map(metadata_first).collect())
    }
}

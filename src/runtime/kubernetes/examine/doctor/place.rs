//! What a namespace holds that decides over runs: its labels, quotas, claims and pull secrets.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{
    Namespace, PersistentVolumeClaim, ResourceQuota, Secret, ServiceAccount,
};
use k8s_openapi::api::storage::v1::StorageClass;
use kube::Api;
use kube::api::ListParams;

use crate::doctor::{ClaimFacts, ClassFacts, NamespaceFacts, PullSecret, QuotaFacts, pull_secret};
use crate::runtime::ClusterError;
use crate::runtime::kubernetes::client::Cluster;

const ENFORCE: &str = "pod-security.kubernetes.io/enforce";
const DEFAULT_CLASS: &str = "storageclass.kubernetes.io/is-default-class";
const DOCKER_CONFIG: &str = ".dockerconfigjson";

/// The service account of pods that name none: nodes pull their images with its credentials.
pub(crate) const ACCOUNT: &str = "default";

/// What the namespace says of itself.
pub(crate) async fn namespace(cluster: &Cluster) -> Result<NamespaceFacts, ClusterError> {
    let api: Api<Namespace> = Api::all(cluster.client.clone());
    let name = cluster.location.namespace.clone();
    let found = cluster.retry(|| api.get(&name)).await;
    let found = found.map_err(|error| cluster.target.explain(error))?;
    Ok(NamespaceFacts {
        enforce: found.metadata.labels.and_then(|mut labels| labels.remove(ENFORCE)),
        is_going: found.metadata.deletion_timestamp.is_some(),
        name,
    })
}

/// The quotas of the namespace.
pub(crate) async fn quotas(cluster: &Cluster) -> Result<Vec<QuotaFacts>, ClusterError> {
    let all: Vec<ResourceQuota> = cluster.list("", "").await?;
    let facts = |quota: ResourceQuota| {
        let status = quota.status.unwrap_or_default();
        let hard = status.hard.or_else(|| quota.spec.and_then(|spec| spec.hard));
        let amounts = |all: Option<BTreeMap<String, _>>| {
            all.unwrap_or_default()
                .into_iter()
                .map(|(name, k8s_openapi::apimachinery::pkg::api::resource::Quantity(amount))| {
                    (name, amount)
                })
                .collect()
        };
        QuotaFacts {
            name: quota.metadata.name.unwrap_or_default(),
            hard: amounts(hard),
            used: amounts(status.used),
        }
    };
    Ok(all.into_iter().map(facts).collect())
}

/// The claims of the namespace.
pub(crate) async fn claims(cluster: &Cluster) -> Result<Vec<ClaimFacts>, ClusterError> {
    let all: Vec<PersistentVolumeClaim> = cluster.list("", "").await?;
    let facts = |claim: PersistentVolumeClaim| ClaimFacts {
        name: claim.metadata.name.unwrap_or_default(),
        phase: claim.status.and_then(|status| status.phase).unwrap_or_default(),
        class: claim.spec.and_then(|spec| spec.storage_class_name),
    };
    Ok(all.into_iter().map(facts).collect())
}

/// The classes of volumes that the cluster has.
pub(crate) async fn classes(cluster: &Cluster) -> Result<Vec<ClassFacts>, ClusterError> {
    let api: Api<StorageClass> = Api::all(cluster.client.clone());
    let params = ListParams::default();
    let all = cluster.retry(|| api.list(&params)).await;
    let all = all.map_err(|error| cluster.target.explain(error))?;
    let facts = |class: StorageClass| {
        let annotations = class.metadata.annotations.unwrap_or_default();
        ClassFacts {
            name: class.metadata.name.unwrap_or_default(),
            is_default: annotations.get(DEFAULT_CLASS).is_some_and(|value| value == "true"),
            waits_for_pod: class.volume_binding_mode.as_deref() == Some("WaitForFirstConsumer"),
        }
    };
    Ok(all.items.into_iter().map(facts).collect())
}

/// The Secrets with which pods pull images, each by its name: those of the default service account,
/// and those in `named`.
pub(crate) async fn pull_secrets(
    cluster: &Cluster,
    named: &[String],
) -> Result<Vec<(String, PullSecret)>, ClusterError> {
    let account: Option<ServiceAccount> = cluster.find(ACCOUNT).await?;
    let own = account.and_then(|account| account.image_pull_secrets).unwrap_or_default();
    let mut names: Vec<String> = own.into_iter().map(|secret| secret.name).collect();
    names.extend(named.iter().filter(|name| !names.contains(name)).cloned().collect::<Vec<_>>());
    let mut secrets = Vec::new();
    for name in names {
        let found = match cluster.find::<Secret>(&name).await {
            Ok(None) => PullSecret::Missing,
            Ok(Some(secret)) => {
                let config = secret.data.as_ref().and_then(|data| data.get(DOCKER_CONFIG));
                let config = config.map(|bytes| bytes.0.as_slice());
                pull_secret(secret.type_.as_deref().unwrap_or("Opaque"), config)
            }
            Err(ClusterError::Forbidden { .. }) => PullSecret::Unseen,
            Err(error) => return Err(error),
        };
        secrets.push((name, found));
    }
    Ok(secrets)
}

//! Making objects: once, although an answer may be lost, and never taking another's for one's own.

use std::cell::Cell;

use k8s_openapi::NamespaceResourceScope;
use kube::Resource;
use kube::api::{DeleteParams, PostParams, Preconditions};
use kube::core::{Request, Status};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::api::Cluster;
use crate::runtime::ClusterError;
use crate::runtime::kubernetes::objects::label;

/// What can be made in a namespace.
pub(crate) trait Makeable:
    Resource<Scope = NamespaceResourceScope, DynamicType = ()>
    + Serialize
    + DeserializeOwned
    + std::fmt::Debug
    + Clone
{
}

impl<K> Makeable for K where
    K: Resource<Scope = NamespaceResourceScope, DynamicType = ()>
        + Serialize
        + DeserializeOwned
        + std::fmt::Debug
        + Clone
{
}

impl Cluster {
    /// Creates an object with strict validation. One that an earlier try of this very call has made,
    /// whose answer was lost, is success; one that was there before is somebody else's.
    pub(crate) async fn create<K: Makeable>(&self, object: &K) -> Result<K, ClusterError> {
        match self.post(object, false).await? {
            Posted::Made(made) => Ok(made),
            Posted::Perhaps(status) => self.own(object, &status).await,
        }
    }

    /// Creates an object that this user may not read afterwards, and whose name nobody else can
    /// know: what is there after a lost answer is this call's own.
    pub(crate) async fn create_unread<K: Makeable>(&self, object: &K) -> Result<(), ClusterError> {
        self.post(object, false).await.map(|_| ())
    }

    /// Asks whether the cluster would take an object, without creating it.
    pub(crate) async fn rehearse<K: Makeable>(&self, object: &K) -> Result<(), ClusterError> {
        match self.post(object, true).await? {
            Posted::Made(_) => Ok(()),
            Posted::Perhaps(status) => Err(ClusterError::Taken(status.message)),
        }
    }

    async fn post<K: Makeable>(
        &self,
        object: &K,
        dry_run: bool,
    ) -> Result<Posted<K>, ClusterError> {
        let path = K::url_path(&(), Some(&self.location.namespace));
        let body =
            serde_json::to_vec(object).map_err(|error| ClusterError::Invalid(error.to_string()))?;
        let params = PostParams { dry_run, field_manager: Some(label::MLCTL.into()) };
        let request = || -> kube::Result<_> {
            let request = Request::new(&path)
                .create(&params, body.clone())
                .map_err(kube::Error::BuildRequest)?;
            let (mut parts, body) = request.into_parts();
            let strict = format!("{}&fieldValidation=Strict", parts.uri);
            parts.uri = strict.parse().map_err(|_| kube::Error::LinesCodecMaxLineLengthExceeded)?;
            Ok(http::Request::from_parts(parts, body))
        };
        let tries = Cell::new(0);
        let sent = self
            .retry(|| {
                tries.set(tries.get() + 1);
                let request = request();
                async { self.client.request::<K>(request?).await }
            })
            .await;
        match sent {
            Ok(made) => Ok(Posted::Made(made)),
            Err(kube::Error::Api(status)) if status.code == 409 && tries.get() > 1 => {
                Ok(Posted::Perhaps(status))
            }
            Err(kube::Error::Api(status)) if status.code == 409 => {
                Err(ClusterError::Taken(status.message))
            }
            Err(error) => Err(self.target.explain(error)),
        }
    }

    /// The object that is there under the name of `object`, if an earlier try has made it; else
    /// `status` says what is in the way. Labels alone prove nothing: everybody in the namespace may write them.
    async fn own<K: Makeable>(&self, object: &K, status: &Status) -> Result<K, ClusterError> {
        let name = object.meta().name.clone().unwrap_or_default();
        match self.find::<K>(&name).await? {
            Some(there) if is_same(&there, object) => Ok(there),
            _ => Err(ClusterError::Taken(status.message.clone())),
        }
    }

    /// Deletes an object that [`Self::create`] has made, or may have made, with all that it owns.
    /// One of the same name that holds something else is somebody else's and stays.
    pub(crate) async fn take_back<K: Makeable>(&self, object: &K) -> Result<(), ClusterError> {
        let name = object.meta().name.clone().unwrap_or_default();
        let there = self.find::<K>(&name).await?;
        let Some(there) = there.filter(|there| is_same(there, object)) else { return Ok(()) };
        let params = DeleteParams {
            preconditions: Some(Preconditions {
                uid: there.meta().uid.clone(),
                resource_version: None,
            }),
            ..DeleteParams::background()
        };
        self.delete::<K>(&name, &params).await
    }
}

/// What came of asking for an object to be made.
enum Posted<K> {
    /// It is made.
    Made(K),
    /// There is one of this name, and the answer to an earlier try was lost: that may have made it.
    Perhaps(Box<Status>),
}

/// Both belong to the same run and owner, and hold the same.
fn is_same<K: Resource + Serialize>(there: &K, object: &K) -> bool {
    let run = |object: &K| object.meta().labels.as_ref()?.get(label::RUN).cloned();
    let held = |object: &K| {
        let value = serde_json::to_value(object).ok()?;
        let part = |name: &str| value.get(name).cloned();
        Some((part("data"), part("binaryData"), object.meta().owner_references.clone()))
    };
    run(there).is_some() && run(there) == run(object) && held(there) == held(object)
}

#[cfg(test)]
mod tests {
    use k8s_openapi::api::core::v1::ConfigMap;
    use serde_json::json;

    use super::*;

    fn map(run: &str, owner: &str, text: &str) -> ConfigMap {
        serde_json::from_value(json!({
            "metadata": {"name": "a", "labels": {"mlctl.dev/run": run}, "ownerReferences": [
                {"apiVersion": "v1", "kind": "ConfigMap", "name": "a", "uid": owner}]},
            "data": {"train.py": text},
        }))
        .unwrap()
    }

    /// Everybody in the namespace may write labels, and an owner's uid is no secret.
    #[test]
    fn what_holds_something_else_is_not_ones_own() {
        let mine = map("a-123456", "u", "print(1)");
        let mut there = mine.clone();
        there.metadata.uid = Some("given by the server".into());
        assert!(is_same(&there, &mine));
        assert!(!is_same(&map("a-123456", "u", "steal()"), &mine));
        assert!(!is_same(&map("a-123456", "v", "print(1)"), &mine));
        assert!(!is_same(&map("b-123456", "u", "print(1)"), &mine));
        assert!(!is_same(&ConfigMap::default(), &ConfigMap::default()));
    }
}

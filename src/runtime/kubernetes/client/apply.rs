//! Server-side apply: an object becomes what is written, and what others have set in it stays.

use kube::Api;
use kube::api::{
    ApiResource, DeleteParams, DynamicObject, Patch, PatchParams, ValidationDirective,
};
use kube::core::GroupVersionKind;
use kube::core::metadata::PartialObjectMeta;
use serde_json::Value as Json;

use super::api::Cluster;
use super::create::Makeable;
use super::error::is_not_found;
use crate::runtime::ClusterError;
use crate::runtime::kubernetes::objects::label;

impl Cluster {
    /// Makes an object, or changes the one of its name, whoever has made that.
    pub(crate) async fn apply<K: Makeable>(&self, object: &K) -> Result<K, ClusterError> {
        self.send(object, false).await
    }

    /// Asks whether the cluster would take an object, without making or changing any.
    pub(crate) async fn rehearse_apply<K: Makeable>(&self, object: &K) -> Result<(), ClusterError> {
        self.send(object, true).await.map(|_| ())
    }

    async fn send<K: Makeable>(&self, object: &K, dry_run: bool) -> Result<K, ClusterError> {
        let api: Api<K> = self.api();
        let name = object.meta().name.clone().unwrap_or_default();
        let (params, patch) = (params(dry_run), Patch::Apply(object));
        let sent = self.retry(|| api.patch(&name, &params, &patch)).await;
        sent.map_err(|error| self.target.explain(error))
    }

    /// The same as [`Self::apply`] of an object of any kind, as JSON.
    pub(crate) async fn apply_json(
        &self,
        object: &Json,
        dry_run: bool,
    ) -> Result<(), ClusterError> {
        let word = |value: &Json| value.as_str().unwrap_or_default().to_owned();
        let (api_version, kind) = (word(&object["apiVersion"]), word(&object["kind"]));
        let name = word(&object["metadata"]["name"]);
        let api = self.dynamic(&api_version, &kind);
        let (params, patch) = (params(dry_run), Patch::Apply(object));
        let sent = self.retry(|| api.patch(&name, &params, &patch)).await;
        sent.map(|_| ()).map_err(|error| match error {
            // Such a cluster has no object of the kind either.
            error if is_not_found(&error) => {
                ClusterError::Invalid(format!("it knows no {kind} of {api_version}"))
            }
            error => self.target.explain(error),
        })
    }

    /// Deletes an object of any kind. It is no error when it is not there, or the cluster has none of its
    /// kind.
    pub(crate) async fn delete_any(
        &self,
        (api_version, kind): (&str, &str),
        name: &str,
        params: &DeleteParams,
    ) -> Result<(), ClusterError> {
        let api = self.dynamic(api_version, kind);
        match self.retry(|| api.delete(name, params)).await {
            Ok(_) => Ok(()),
            Err(error) if is_not_found(&error) => Ok(()),
            Err(kube::Error::Api(status))
                if status.code == 409 && params.preconditions.is_some() =>
            {
                Ok(())
            }
            Err(error) => Err(self.target.explain(error)),
        }
    }

    /// The metadata of all objects of any kind that a selector of labels matches; none where the cluster
    /// has none of the kind.
    pub(crate) async fn list_any(
        &self,
        (api_version, kind): (&str, &str),
        selector: &str,
    ) -> Result<Vec<PartialObjectMeta<DynamicObject>>, ClusterError> {
        let api = self.dynamic(api_version, kind);
        let params = kube::api::ListParams::default().labels(selector);
        match self.retry(|| api.list_metadata(&params)).await {
            Ok(list) => Ok(list.items),
            Err(error) if is_not_found(&error) => Ok(Vec::new()),
            Err(error) => Err(self.target.explain(error)),
        }
    }

    fn dynamic(&self, api_version: &str, kind: &str) -> Api<DynamicObject> {
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        let resource = ApiResource::from_gvk(&GroupVersionKind::gvk(group, version, kind));
        Api::namespaced_with(self.client.clone(), &self.location.namespace, &resource)
    }
}

fn params(dry_run: bool) -> PatchParams {
    PatchParams {
        dry_run,
        // What an earlier mlctl has written under another name is ours all the same.
        force: true,
        field_manager: Some(label::MLCTL.into()),
        field_validation: Some(ValidationDirective::Strict),
    }
}

//! Requests to one namespace: bounded in time, tried again where that helps.

use std::future::Future;
use std::time::Duration;

use k8s_openapi::NamespaceResourceScope;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::api::{DeleteParams, ListParams, Patch, PatchParams};
use kube::{Api, Client, Resource};
use serde::de::DeserializeOwned;

use super::connect::Location;
use super::error::{Target, is_not_found, is_of_node, is_passing, is_refused};
use crate::runtime::ClusterError;
use crate::runtime::kubernetes::objects::label;

/// The API server has answered one request within this time, or the request counts as lost.
const ANSWER_LIMIT: Duration = Duration::from_secs(30);

/// Pauses between two tries of a request, in milliseconds. Each is made up to a quarter longer or
/// shorter, so that many clients which were cut off together don't come back together.
const RETRY_PAUSES_MILLIS: [u64; 5] = [100, 400, 1_000, 3_000, 6_000];

/// How many objects one page of a list has.
const PAGE_SIZE: u32 = 500;

/// A client of one namespace of a cluster.
#[derive(Clone)]
pub(crate) struct Cluster {
    pub(crate) client: Client,
    pub(crate) location: Location,
    /// Where requests go, for messages.
    pub(crate) target: Target,
}

impl Cluster {
    /// The objects of one kind in the namespace. Requests over it are not tried again.
    pub(crate) fn api<K>(&self) -> Api<K>
    where
        K: Resource<Scope = NamespaceResourceScope>,
        K::DynamicType: Default,
    {
        Api::namespaced(self.client.clone(), &self.location.namespace)
    }

    /// Sends a request, and sends it again when the server is busy or the connection broke. It may
    /// then arrive twice, so it must be one for which that makes no difference.
    pub(crate) async fn retry<T, F>(&self, mut send: impl FnMut() -> F) -> kube::Result<T>
    where
        F: Future<Output = kube::Result<T>>,
    {
        let mut pauses = RETRY_PAUSES_MILLIS.iter();
        loop {
            let answer = match tokio::time::timeout(ANSWER_LIMIT, send()).await {
                Ok(answer) => answer,
                Err(_) => Err(kube::Error::Service(
                    std::io::Error::new(std::io::ErrorKind::TimedOut, "no answer in time").into(),
                )),
            };
            let error = match answer {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            match pauses.next() {
                Some(pause) if is_passing(&error) && !is_refused(&error) && !is_of_node(&error) => {
                    let spread = fastrand::u64(pause * 3 / 4..=pause * 5 / 4);
                    tokio::time::sleep(Duration::from_millis(spread)).await;
                }
                _ => return Err(error),
            }
        }
    }

    /// The object of this name; `None` when it is not there.
    pub(crate) async fn find<K>(&self, name: &str) -> Result<Option<K>, ClusterError>
    where
        K: Resource<Scope = NamespaceResourceScope> + DeserializeOwned + Clone + std::fmt::Debug,
        K::DynamicType: Default,
    {
        let api: Api<K> = self.api();
        let found = self.retry(|| get(&api, name)).await;
        found.map_err(|error| self.target.explain(error))
    }

    /// All objects of the namespace that a selector of labels and one of fields match. An empty
    /// selector matches all.
    pub(crate) async fn list<K>(&self, selector: &str, fields: &str) -> Result<Vec<K>, ClusterError>
    where
        K: Resource<Scope = NamespaceResourceScope> + DeserializeOwned + Clone + std::fmt::Debug,
        K::DynamicType: Default,
    {
        self.list_pages(&self.api(), selector, fields).await
    }

    async fn list_pages<K>(
        &self,
        api: &Api<K>,
        selector: &str,
        fields: &str,
    ) -> Result<Vec<K>, ClusterError>
    where
        K: Resource + DeserializeOwned + Clone + std::fmt::Debug,
        K::DynamicType: Default,
    {
        let mut params = ListParams::default().labels(selector).fields(fields).limit(PAGE_SIZE);
        let mut all = Vec::new();
        loop {
            let page = self
                .retry(|| api.list(&params))
                .await
                .map_err(|error| self.target.explain(error))?;
            all.extend(page.items);
            match page.metadata.continue_.filter(|token| !token.is_empty()) {
                Some(token) => params.continue_token = Some(token),
                None => return Ok(all),
            }
        }
    }

    /// All objects of a kind in the whole cluster that a selector of fields matches.
    pub(crate) async fn list_everywhere<K>(&self, fields: &str) -> Result<Vec<K>, ClusterError>
    where
        K: Resource + DeserializeOwned + Clone + std::fmt::Debug,
        K::DynamicType: Default,
    {
        self.list_pages(&Api::all(self.client.clone()), "", fields).await
    }

    /// The metadata of all objects of the namespace that a selector of labels matches. Contents,
    /// such as those of Secrets, are not sent.
    pub(crate) async fn list_metadata<K>(
        &self,
        selector: &str,
    ) -> Result<Vec<ObjectMeta>, ClusterError>
    where
        K: Resource<Scope = NamespaceResourceScope> + DeserializeOwned + Clone + std::fmt::Debug,
        K::DynamicType: Default,
    {
        let api: Api<K> = self.api();
        let mut params = ListParams::default().labels(selector).limit(PAGE_SIZE);
        let mut all = Vec::new();
        loop {
            let page = self
                .retry(|| api.list_metadata(&params))
                .await
                .map_err(|error| self.target.explain(error))?;
            all.extend(page.items.into_iter().map(|item| item.metadata));
            match page.metadata.continue_.filter(|token| !token.is_empty()) {
                Some(token) => params.continue_token = Some(token),
                None => return Ok(all),
            }
        }
    }

    /// Changes some fields of an object by a JSON merge patch; `false` when it is not there.
    pub(crate) async fn change<K>(
        &self,
        name: &str,
        change: &serde_json::Value,
    ) -> Result<bool, ClusterError>
    where
        K: Resource<Scope = NamespaceResourceScope> + DeserializeOwned + Clone + std::fmt::Debug,
        K::DynamicType: Default,
    {
        let api: Api<K> = self.api();
        let params = PatchParams { field_manager: Some(label::MLCTL.into()), ..Default::default() };
        let patch = Patch::Merge(change);
        match self.retry(|| api.patch(name, &params, &patch)).await {
            Ok(_) => Ok(true),
            Err(error) if is_not_found(&error) => Ok(false),
            Err(error) => Err(self.target.explain(error)),
        }
    }

    /// Deletes an object. It is no error when it is not there, nor when there is another one of the
    /// same name and `params` say by a precondition which one is meant.
    pub(crate) async fn delete<K>(
        &self,
        name: &str,
        params: &DeleteParams,
    ) -> Result<(), ClusterError>
    where
        K: Resource<Scope = NamespaceResourceScope> + DeserializeOwned + Clone + std::fmt::Debug,
        K::DynamicType: Default,
    {
        let api: Api<K> = self.api();
        match self.retry(|| api.delete(name, params)).await {
            Ok(_) => Ok(()),
            Err(kube::Error::Api(status))
                if status.code == 409 && params.preconditions.is_some() =>
            {
                Ok(())
            }
            Err(error) if is_not_found(&error) => Ok(()),
            Err(error) => Err(self.target.explain(error)),
        }
    }
}

/// One object; `None` when it is not there.
async fn get<K>(api: &Api<K>, name: &str) -> kube::Result<Option<K>>
where
    K: DeserializeOwned + Clone + std::fmt::Debug,
{
    match api.get(name).await {
        Ok(object) => Ok(Some(object)),
        Err(error) if is_not_found(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

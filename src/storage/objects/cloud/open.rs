//! Opening a bucket: endpoint, credentials, time limits.

use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use http::header::{ACCEPT_ENCODING, HeaderMap, HeaderValue};
use object_store::aws::{AmazonS3, AmazonS3Builder, AmazonS3ConfigKey};
use object_store::azure::{AzureConfigKey, MicrosoftAzure, MicrosoftAzureBuilder};
use object_store::gcp::{GcpCredential, GoogleCloudStorage, GoogleCloudStorageBuilder};
use object_store::list::PaginatedListStore;
use object_store::{
    BackoffConfig, ClientOptions, ObjectStore, RetryConfig, StaticCredentialProvider,
};

use super::Bucket;
use super::credentials::{Aws, Azure, Google, NoCredentials, aws, azure, google};
use super::trust::trusting;
use super::unnamed::Connector;
use crate::storage::Place;
use crate::storage::objects::address::{Cloud, Home};
use crate::storage::objects::{BucketSettings, StorageConfig, StorageError, StorageErrorKind};

/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(10);
/// How long a store may stay silent within an answer. The whole of an answer has no limit: a range may
/// take minutes on a slow line.
const SILENCE: Duration = Duration::from_secs(30);
/// How long one request is tried again while a store is overloaded or away.
const PATIENCE: Duration = Duration::from_mins(1);

impl Bucket {
    /// Opens a bucket.
    pub(in crate::storage::objects) async fn open(
        config: &StorageConfig,
        home: &Home,
        operation: &'static str,
        place: &Place,
    ) -> Result<Self, StorageError> {
        let Home::Bucket { cloud, bucket, account } = home else {
            let kind = StorageErrorKind::Unsupported;
            return Err(StorageError::told(operation, place, kind, "it is in no bucket"));
        };
        let settings = settings(config, *cloud, bucket);
        let missing = |none: NoCredentials| {
            let reason = format!("{bucket}: {}", none.reason);
            StorageError::told(operation, place, none.kind, reason)
        };
        let told = |error| StorageError::of(operation, place, &error);
        let (store, pages, identity): (Arc<dyn ObjectStore>, Arc<dyn PaginatedListStore>, _) =
            match cloud {
                Cloud::S3 => {
                    let found = aws(config, &settings).await.map_err(missing)?;
                    let store = Arc::new(s3(config, &settings, &found, bucket).map_err(told)?);
                    (store.clone(), store, found.identity)
                }
                Cloud::Gcs => {
                    let found = google(config, &settings).await.map_err(missing)?;
                    let identity = found.identity.clone();
                    let store = Arc::new(gcs(&settings, found, bucket).map_err(told)?);
                    (store.clone(), store, identity)
                }
                Cloud::Azure => {
                    let found = azure(config, &settings, account.as_deref()).await;
                    let found = found.map_err(missing)?;
                    let store = Arc::new(blobs(config, &settings, &found, bucket).map_err(told)?);
                    (store.clone(), store, found.identity)
                }
            };
        Ok(Self { cloud: *cloud, name: bucket.clone(), identity, store, pages })
    }
}

/// What the settings say of a bucket: its own entry, else that of its scheme.
fn settings(config: &StorageConfig, cloud: Cloud, bucket: &str) -> BucketSettings {
    let scheme = match cloud {
        Cloud::S3 => "s3",
        Cloud::Gcs => "gs",
        Cloud::Azure => "az",
    };
    let all = format!("{scheme}://");
    let found = config.buckets.get(&format!("{all}{bucket}")).or(config.buckets.get(&all));
    found.cloned().unwrap_or_default()
}

/// All variables with such a beginning that are set and not empty.
fn vars<'a>(config: &'a StorageConfig, begin: &'a str) -> impl Iterator<Item = (String, &'a str)> {
    let of_cloud = config
        .env
        .iter()
        .filter(move |(name, value)| name.starts_with(begin) && !value.trim().is_empty());
    of_cloud.map(|(name, value)| (name.to_ascii_lowercase(), value.trim()))
}

fn s3(
    config: &StorageConfig,
    settings: &BucketSettings,
    found: &Aws,
    bucket: &str,
) -> object_store::Result<AmazonS3> {
    let mut builder = AmazonS3Builder::new();
    for (name, value) in vars(config, "AWS_") {
        // Profiles and their like were looked at before; the rest says how requests are made.
        if let Ok(key) = AmazonS3ConfigKey::from_str(&name)
            && !matches!(key, AmazonS3ConfigKey::Endpoint | AmazonS3ConfigKey::S3Endpoint)
        {
            builder = builder.with_config(key, value);
        }
    }
    let endpoint = settings.endpoint.clone().or_else(|| found.endpoint.clone());
    if let Some(region) = settings.region.as_ref().or(found.region.as_ref()) {
        builder = builder.with_region(region);
    }
    if let Some(credentials) = &found.credentials {
        builder = builder.with_credentials(Arc::clone(credentials));
    }
    // A name with a dot matches no certificate of the cloud.
    let path_style = settings.path_style.or(found.path_style);
    let path_style = path_style.unwrap_or(endpoint.is_some() || bucket.contains('.'));
    if let Some(endpoint) = &endpoint {
        builder = builder.with_endpoint(addressed(endpoint, bucket, path_style));
    }
    builder
        .with_virtual_hosted_style_request(!path_style)
        .with_bucket_name(bucket)
        .with_skip_signature(!found.asks_itself && found.credentials.is_none())
        .with_request_payer(settings.requester_pays)
        .with_disable_bulk_delete(true)
        .with_retry(retry())
        .with_client_options(client(endpoint.as_deref()))
        .with_http_connector(Connector)
        .build()
}

/// The endpoint as the client wants it: with the bucket in its host where the path doesn't have it.
fn addressed(endpoint: &str, bucket: &str, path_style: bool) -> String {
    let endpoint = endpoint.trim_end_matches('/');
    match endpoint.split_once("://") {
        Some((scheme, host)) if !path_style && !host.starts_with(&format!("{bucket}.")) => {
            format!("{scheme}://{bucket}.{host}")
        }
        _ => endpoint.to_owned(),
    }
}

fn gcs(
    settings: &BucketSettings,
    found: Google,
    bucket: &str,
) -> object_store::Result<GoogleCloudStorage> {
    let endpoint = settings.endpoint.clone().or(found.endpoint);
    let mut headers = HeaderMap::new();
    // Without it the store unpacks what was stored with `Content-Encoding: gzip`, and its ranges and
    // lengths are wrong then.
    headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("gzip"));
    if settings.requester_pays
        && let Some(Ok(project)) = found.project.as_deref().map(HeaderValue::from_str)
    {
        headers.insert("x-goog-user-project", project);
    }
    let mut builder = GoogleCloudStorageBuilder::new();
    if let Some(endpoint) = &endpoint {
        builder = builder.with_base_url(endpoint.trim_end_matches('/'));
    }
    let is_anonymous = found.credentials.is_none();
    let none = GcpCredential { bearer: String::new() };
    let none = || Arc::new(StaticCredentialProvider::new(none)) as _;
    builder
        .with_credentials(found.credentials.unwrap_or_else(none))
        .with_skip_signature(is_anonymous)
        .with_bucket_name(bucket)
        .with_retry(retry())
        .with_client_options(client(endpoint.as_deref()).with_default_headers(headers))
        .with_http_connector(Connector)
        .build()
}

fn blobs(
    config: &StorageConfig,
    settings: &BucketSettings,
    found: &Azure,
    container: &str,
) -> object_store::Result<MicrosoftAzure> {
    let mut builder = MicrosoftAzureBuilder::new();
    for (name, value) in vars(config, "AZURE_") {
        // Its own emulator mode reads the environment; the endpoint says all of it.
        if let Ok(key) = AzureConfigKey::from_str(&name)
            && !matches!(key, AzureConfigKey::UseEmulator)
        {
            builder = builder.with_config(key, value);
        }
    }
    if let Some(account) = &found.account {
        builder = builder.with_account(account);
    }
    if let Some(key) = &found.key {
        builder = builder.with_access_key(key);
    }
    if let Some(signature) = &found.signature {
        builder = builder.with_config(AzureConfigKey::SasKey, signature);
    }
    let endpoint = settings.endpoint.clone().or_else(|| found.endpoint.clone());
    if let Some(endpoint) = &endpoint {
        builder = builder.with_endpoint(endpoint.clone());
    }
    builder
        .with_use_azure_cli(found.by_cli)
        .with_container_name(container)
        .with_skip_signature(settings.anonymous)
        .with_retry(retry())
        .with_client_options(client(endpoint.as_deref()))
        .with_http_connector(Connector)
        .build()
}

/// A store of one's own may be spoken to in plain HTTP, where its URL says so.
fn client(endpoint: Option<&str>) -> ClientOptions {
    trusting(ClientOptions::new())
        .with_connect_timeout(CONNECT)
        .with_timeout_disabled()
        .with_read_timeout(SILENCE)
        .with_allow_http(endpoint.is_some_and(|endpoint| endpoint.starts_with("http://")))
}

fn retry() -> RetryConfig {
    RetryConfig {
        backoff: BackoffConfig {
            init_backoff: Duration::from_millis(100),
            max_backoff: Duration::from_secs(10),
            base: 2.0,
        },
        // The time rules: with some luck many attempts pass in a few seconds.
        max_retries: 1000,
        retry_timeout: PATIENCE,
    }
}

//! Where Google's tools look: the variables, the file of `gcloud auth application-default login`, the
//! machine's metadata.

use std::sync::Arc;

use async_trait::async_trait;
use google_cloud_auth::credentials::service_account::AccessSpecifier;
use google_cloud_auth::credentials::{
    AccessTokenCredentials, external_account, external_account_authorized_user, impersonated, mds,
    service_account, user_account,
};
use object_store::CredentialProvider;
use object_store::gcp::{GcpCredential, GcpCredentialProvider};
use serde_json::Value;

use super::{NoCredentials, document, file, metadata, var};
use crate::storage::objects::{BucketSettings, StorageConfig};

/// What may be done with a token.
const SCOPE: &str = "https://www.googleapis.com/auth/devstorage.full_control";

/// What was found for Google Cloud Storage.
pub(in crate::storage::objects::cloud) struct Google {
    /// `None`: requests aren't signed.
    pub(in crate::storage::objects::cloud) credentials: Option<GcpCredentialProvider>,
    /// Whose they are, for messages.
    pub(in crate::storage::objects::cloud) identity: String,
    pub(in crate::storage::objects::cloud) endpoint: Option<String>,
    /// The project that pays for the requests, where the credentials name one.
    pub(in crate::storage::objects::cloud) project: Option<String>,
}

/// Google's own library, as the client wants it. It keeps a token and renews it before its end.
#[derive(Debug)]
struct Tokens(AccessTokenCredentials);

#[async_trait]
impl CredentialProvider for Tokens {
    type Credential = GcpCredential;

    async fn get_credential(&self) -> object_store::Result<Arc<GcpCredential>> {
        let failed = |error| object_store::Error::Unauthenticated {
            path: String::new(),
            source: Box::new(error),
        };
        let token = self.0.access_token().await.map_err(failed)?;
        Ok(Arc::new(GcpCredential { bearer: token.token }))
    }
}

/// Finds what to use for a bucket of Google Cloud Storage.
pub(in crate::storage::objects::cloud) async fn google(
    config: &StorageConfig,
    settings: &BucketSettings,
) -> Result<Google, NoCredentials> {
    let key = var(config, "GOOGLE_SERVICE_ACCOUNT_KEY")
        .map(|key| parsed(key, "GOOGLE_SERVICE_ACCOUNT_KEY"))
        .transpose()?;
    let of_key = |name: &str| key.as_ref().and_then(|key| key.get(name));
    let endpoint = var(config, "GOOGLE_BASE_URL")
        .or(var(config, "STORAGE_EMULATOR_HOST"))
        .or_else(|| of_key("gcs_base_url")?.as_str().filter(|url| !url.is_empty()));
    // The emulator's variable often has no scheme.
    let endpoint = endpoint.map(|endpoint| {
        if endpoint.contains("://") { endpoint.to_owned() } else { format!("http://{endpoint}") }
    });
    let project = ["GOOGLE_CLOUD_QUOTA_PROJECT", "GOOGLE_CLOUD_PROJECT"];
    let mut found = Google {
        credentials: None,
        identity: "nobody (anonymous)".into(),
        endpoint,
        project: project.iter().find_map(|name| var(config, name)).map(str::to_owned),
    };
    let is_emulator = var(config, "STORAGE_EMULATOR_HOST").is_some();
    let is_open = of_key("disable_oauth").and_then(Value::as_bool) == Some(true);
    if settings.anonymous || is_emulator || is_open {
        return Ok(found);
    }
    let named = ["GOOGLE_SERVICE_ACCOUNT_PATH", "GOOGLE_SERVICE_ACCOUNT"]
        .into_iter()
        .chain(["GOOGLE_APPLICATION_CREDENTIALS"])
        .find(|name| var(config, name).is_some());
    let folder = var(config, "CLOUDSDK_CONFIG")
        .map(|folder| format!("{folder}/application_default_credentials.json"));
    let name = "application_default_credentials.json";
    let path = match (named, &folder) {
        (Some(variable), _) => file(config, variable, name),
        (None, Some(path)) => Some(path.into()),
        (None, None) => file(config, "", &format!(".config/gcloud/{name}")),
    };
    let place = path.as_ref().map_or("~/.config/gcloud".into(), |path| path.display().to_string());
    let document = match key {
        Some(key) => Some((key, "GOOGLE_SERVICE_ACCOUNT_KEY".to_owned())),
        None => match path.as_deref().map(document).transpose()?.flatten() {
            Some(text) => Some((parsed(&text, &place)?, place.clone())),
            None if named.is_some() => {
                let variable = named.unwrap_or_default();
                let reason = format!("{place}, which {variable} names, does not exist");
                return Err(NoCredentials::denied(reason));
            }
            None => None,
        },
    };
    if let Some((document, from)) = document {
        let text = |name: &str| document.get(name).and_then(Value::as_str).map(str::to_owned);
        let whose = match text("type").as_deref() {
            Some("authorized_user") => "the user who signed in by gcloud".to_owned(),
            Some("external_account") => {
                format!("a federated identity of {}", text("audience").unwrap_or_default())
            }
            Some("impersonated_service_account") => {
                let url = text("service_account_impersonation_url").unwrap_or_default();
                let name = url.rsplit('/').next().unwrap_or_default();
                format!("the service account {}", name.split(':').next().unwrap_or_default())
            }
            _ => format!("the service account {}", text("client_email").unwrap_or_default()),
        };
        found.identity = format!("{whose} ({from})");
        found.project = text("quota_project_id").or(found.project).or_else(|| text("project_id"));
        found.credentials = Some(Arc::new(Tokens(tokens(document, &from)?)));
        return Ok(found);
    }
    let host = var(config, "GCE_METADATA_HOST");
    let address = host.map_or_else(|| "169.254.169.254".to_owned(), str::to_owned);
    let address = if address.contains(':') { address } else { format!("{address}:80") };
    if metadata::answers(&address).await {
        let endpoint = format!("http://{address}");
        let tokens = mds::Builder::default().with_endpoint(endpoint).with_scopes([SCOPE]);
        let tokens = tokens.build_access_token_credentials();
        let tokens = tokens.map_err(|error| NoCredentials::denied(error.to_string()))?;
        found.identity = "the service account of this machine".into();
        found.credentials = Some(Arc::new(Tokens(tokens)));
        return Ok(found);
    }
    Err(NoCredentials::nowhere(
        &["GOOGLE_APPLICATION_CREDENTIALS", &place, "the machine's metadata"],
        "run `gcloud auth application-default login`, or name a key file; a bucket that is open to \
         everybody has `anonymous: true` in the settings under `storage`",
    ))
}

fn parsed(text: &str, place: &str) -> Result<Value, NoCredentials> {
    // The text is a secret, so the error says nothing of it.
    serde_json::from_str(text)
        .map_err(|_| NoCredentials::denied(format!("{place} is not a JSON document")))
}

/// Tokens by a document of whichever type.
fn tokens(document: Value, place: &str) -> Result<AccessTokenCredentials, NoCredentials> {
    let kind = document.get("type").and_then(Value::as_str).unwrap_or("service_account").to_owned();
    let built = match kind.as_str() {
        "service_account" => service_account::Builder::new(document)
            .with_access_specifier(AccessSpecifier::from_scopes([SCOPE]))
            .build_access_token_credentials(),
        "authorized_user" => user_account::Builder::new(document).build_access_token_credentials(),
        "external_account" => external_account::Builder::new(document)
            .with_scopes([SCOPE])
            .build_access_token_credentials(),
        "external_account_authorized_user" => {
            external_account_authorized_user::Builder::new(document)
                .build_access_token_credentials()
        }
        "impersonated_service_account" => impersonated::Builder::new(document)
            .with_scopes([SCOPE])
            .build_access_token_credentials(),
        other => {
            let reason = format!("{place} is of the type {other}, which mlctl can't use");
            return Err(NoCredentials::denied(reason));
        }
    };
    built.map_err(|error| NoCredentials::denied(format!("{place}: {error}")))
}

//! Where Azure's tools look: a connection string, keys and tokens in variables, a managed identity, and
//! at last the session of `az login`.

use super::{NoCredentials, metadata, var};
use crate::storage::objects::{BucketSettings, StorageConfig};

/// The emulator's account and key, which are the same everywhere and in its documentation.
const EMULATOR: (&str, &str) = (
    "devstoreaccount1",
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==",
);
/// Where the emulator listens unless told otherwise.
const EMULATOR_URL: &str = "http://127.0.0.1:10000";
/// Where a machine of Azure finds its identity's tokens.
const METADATA: &str = "169.254.169.254:80";

/// What was found for Azure.
#[derive(Default)]
pub(in crate::storage::objects::cloud) struct Azure {
    pub(in crate::storage::objects::cloud) account: Option<String>,
    pub(in crate::storage::objects::cloud) key: Option<String>,
    pub(in crate::storage::objects::cloud) signature: Option<String>,
    pub(in crate::storage::objects::cloud) endpoint: Option<String>,
    /// `az` is asked for tokens.
    pub(in crate::storage::objects::cloud) by_cli: bool,
    /// Whose they are, for messages.
    pub(in crate::storage::objects::cloud) identity: String,
}

/// Finds what to use for a container; `account` is the one that its URL names.
pub(in crate::storage::objects::cloud) async fn azure(
    config: &StorageConfig,
    settings: &BucketSettings,
    account: Option<&str>,
) -> Result<Azure, NoCredentials> {
    let mut found = Azure::default();
    let is_emulator = var(config, "AZURE_STORAGE_USE_EMULATOR")
        .is_some_and(|value| matches!(value.to_lowercase().as_str(), "true" | "1" | "yes" | "on"));
    let connection = var(config, "AZURE_STORAGE_CONNECTION_STRING");
    if let Some(connection) = connection {
        found = of_connection_string(connection, config)?;
    } else if is_emulator {
        found = emulator(config);
    }
    let named = var(config, "AZURE_STORAGE_ACCOUNT_NAME").or(var(config, "AZURE_STORAGE_ACCOUNT"));
    if let Some(account) = account {
        if found.account.as_deref().is_some_and(|other| other != account) {
            // What is set is for another account than the URL's.
            found = Azure::default();
        }
        found.account = Some(account.to_owned());
    } else if found.account.is_none() {
        found.account = named.map(str::to_owned);
    }
    let Some(account) = found.account.clone() else {
        return Err(NoCredentials::denied(
            "no storage account is named: set AZURE_STORAGE_ACCOUNT_NAME or \
             AZURE_STORAGE_CONNECTION_STRING, or write abfss://CONTAINER@ACCOUNT.dfs.core.windows.net/",
        ));
    };
    if settings.anonymous {
        found.identity = "nobody (anonymous)".into();
        return Ok(found);
    }
    if found.key.is_none() && found.signature.is_none() {
        // The last is that of the command `az`, which the client doesn't know.
        let names = ["AZURE_STORAGE_ACCOUNT_KEY", "AZURE_STORAGE_ACCESS_KEY", "AZURE_STORAGE_KEY"];
        found.key = names.iter().find_map(|name| var(config, name)).map(str::to_owned);
    }
    if found.key.is_some() || found.signature.is_some() {
        found.identity = format!("a key of the account {account}");
        return Ok(found);
    }
    let any = |names: &[&str]| names.iter().any(|name| var(config, name).is_some());
    // These the client takes from the variables itself.
    for (names, identity) in [
        (
            &["AZURE_STORAGE_SAS_KEY", "AZURE_STORAGE_SAS_TOKEN"][..],
            "a shared access signature".into(),
        ),
        (&["AZURE_STORAGE_TOKEN"], "the token of AZURE_STORAGE_TOKEN".into()),
        (&["AZURE_FEDERATED_TOKEN_FILE"], client(config, "the workload identity")),
        (
            &["AZURE_STORAGE_CLIENT_SECRET", "AZURE_CLIENT_SECRET"],
            client(config, "the application"),
        ),
        (
            &["AZURE_MSI_ENDPOINT", "MSI_ENDPOINT", "IDENTITY_ENDPOINT"],
            client(config, "the managed identity"),
        ),
    ] {
        if any(names) {
            found.identity = identity;
            return Ok(found);
        }
    }
    let has_cli = var(config, "PATH")
        .is_some_and(|path| std::env::split_paths(path).any(|folder| folder.join("az").is_file()));
    if metadata::answers(METADATA).await {
        found.identity = client(config, "the managed identity");
        return Ok(found);
    }
    if has_cli {
        found.by_cli = true;
        found.identity = "the user who signed in by az".into();
        return Ok(found);
    }
    Err(NoCredentials::nowhere(
        &[
            "AZURE_STORAGE_CONNECTION_STRING",
            "AZURE_STORAGE_ACCOUNT_KEY",
            "AZURE_STORAGE_SAS_TOKEN",
            "AZURE_CLIENT_SECRET",
            "AZURE_FEDERATED_TOKEN_FILE",
            "the machine's metadata",
            "the Azure CLI",
        ],
        "run `az login`, or set the variables; a container that is open to everybody has `anonymous: \
         true` in the settings under `storage`",
    ))
}

fn client(config: &StorageConfig, what: &str) -> String {
    let id = var(config, "AZURE_STORAGE_CLIENT_ID").or(var(config, "AZURE_CLIENT_ID"));
    id.map_or_else(|| what.to_owned(), |id| format!("{what} {id}"))
}

fn emulator(config: &StorageConfig) -> Azure {
    let (account, key) = EMULATOR;
    let account = var(config, "AZURE_STORAGE_ACCOUNT_NAME").unwrap_or(account);
    let url = var(config, "AZURITE_BLOB_STORAGE_URL").unwrap_or(EMULATOR_URL).trim_end_matches('/');
    // The emulator has the account in the path.
    let is_whole = url.ends_with(&format!("/{account}"));
    let endpoint = if is_whole { url.to_owned() } else { format!("{url}/{account}") };
    let own = ["AZURE_STORAGE_ACCOUNT_KEY", "AZURE_STORAGE_ACCESS_KEY"];
    let key = own.iter().find_map(|name| var(config, name)).unwrap_or(key);
    Azure {
        account: Some(account.into()),
        key: Some(key.into()),
        endpoint: Some(endpoint),
        ..Azure::default()
    }
}

/// `AccountName=...;AccountKey=...;BlobEndpoint=...`.
fn of_connection_string(text: &str, config: &StorageConfig) -> Result<Azure, NoCredentials> {
    let pairs: Vec<(&str, &str)> =
        text.split(';').filter_map(|pair| pair.trim().split_once('=')).collect();
    let get = |name: &str| {
        let pair = pairs.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
        pair.map(|(_, value)| (*value).to_owned()).filter(|value| !value.is_empty())
    };
    if get("UseDevelopmentStorage").is_some_and(|value| value.eq_ignore_ascii_case("true")) {
        return Ok(emulator(config));
    }
    let mut found = Azure {
        account: get("AccountName"),
        key: get("AccountKey"),
        signature: get("SharedAccessSignature"),
        endpoint: get("BlobEndpoint").map(|url| url.trim_end_matches('/').to_owned()),
        ..Azure::default()
    };
    if found.endpoint.is_none()
        && let (Some(account), Some(suffix)) = (&found.account, get("EndpointSuffix"))
    {
        let protocol = get("DefaultEndpointsProtocol").unwrap_or_else(|| "https".into());
        found.endpoint = Some(format!("{protocol}://{account}.blob.{suffix}"));
    }
    if found.account.is_none() {
        // A string with a signature names the account in the endpoint alone.
        let host = found.endpoint.as_deref().and_then(|url| url.split("://").nth(1));
        found.account = host.and_then(|host| host.split(['.', '/']).next()).map(str::to_owned);
    }
    if found.key.is_none() && found.signature.is_none() {
        return Err(NoCredentials::denied(
            "AZURE_STORAGE_CONNECTION_STRING has no AccountKey and no SharedAccessSignature",
        ));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_connection_string_says_account_key_and_endpoint() {
        let found = async |text: &str, account| {
            let env = [("AZURE_STORAGE_CONNECTION_STRING".to_owned(), text.to_owned())].into();
            let config = StorageConfig { env, ..StorageConfig::default() };
            azure(&config, &BucketSettings::default(), account).await.ok().unwrap()
        };
        let text = "DefaultEndpointsProtocol=https;AccountName=acc;AccountKey=a2V5==;\
                    EndpointSuffix=core.windows.net";
        let whole = found(text, None).await;
        assert_eq!(whole.key.as_deref(), Some("a2V5=="));
        assert_eq!(whole.endpoint.as_deref(), Some("https://acc.blob.core.windows.net"));
        assert_eq!(whole.identity, "a key of the account acc");
        assert_eq!(found(text, Some("acc")).await.key.as_deref(), Some("a2V5=="));
        let signed =
            "BlobEndpoint=https://acc2.blob.core.windows.net/;SharedAccessSignature=sv=1&sig=x";
        let signed = found(signed, None).await;
        assert_eq!(signed.account.as_deref(), Some("acc2"));
        assert_eq!(signed.signature.as_deref(), Some("sv=1&sig=x"));
        let emulator = found("UseDevelopmentStorage=true", None).await;
        assert_eq!(emulator.endpoint.as_deref(), Some("http://127.0.0.1:10000/devstoreaccount1"));
    }
}

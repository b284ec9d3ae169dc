//! Where the AWS tools look: variables, profiles, roles of a pod, a container or a machine.

use std::sync::Arc;

use object_store::StaticCredentialProvider;
use object_store::aws::{AwsCredential, AwsCredentialProvider};

use super::command::{Process, words};
use super::ini::Ini;
use super::{NoCredentials, document, file, metadata, var};
use crate::storage::objects::{BucketSettings, StorageConfig};

/// Where a machine of AWS finds its role's credentials.
const METADATA: &str = "169.254.169.254:80";

/// What was found for S3.
pub(in crate::storage::objects::cloud) struct Aws {
    /// `None`: requests aren't signed, or the client asks for the role of this pod or machine itself.
    pub(in crate::storage::objects::cloud) credentials: Option<AwsCredentialProvider>,
    /// Whose they are, for messages.
    pub(in crate::storage::objects::cloud) identity: String,
    /// The client has to ask for a role itself, by the variables.
    pub(in crate::storage::objects::cloud) asks_itself: bool,
    pub(in crate::storage::objects::cloud) region: Option<String>,
    pub(in crate::storage::objects::cloud) endpoint: Option<String>,
    pub(in crate::storage::objects::cloud) path_style: Option<bool>,
}

/// The two files of profiles.
struct Profiles {
    config: Ini,
    credentials: Ini,
    places: String,
}

impl Profiles {
    fn read(config: &StorageConfig) -> Result<Self, NoCredentials> {
        let read = |variable, name| -> Result<(Ini, String), NoCredentials> {
            let Some(path) = file(config, variable, name) else {
                return Ok((Ini::default(), format!("~/{name} (there is no home)")));
            };
            let text = document(&path)?.unwrap_or_default();
            Ok((Ini::parse(&text), path.display().to_string()))
        };
        let (config_file, one) = read("AWS_CONFIG_FILE", ".aws/config")?;
        let (credentials, other) = read("AWS_SHARED_CREDENTIALS_FILE", ".aws/credentials")?;
        let places = format!("{one} and {other}");
        Ok(Self { config: config_file, credentials, places })
    }

    /// A value of a profile; that of the credentials file counts, as with the tools.
    fn get(&self, profile: &str, name: &str) -> Option<&str> {
        let in_config = || self.config.get(&section(profile), name);
        self.credentials.get(profile, name).or_else(in_config)
    }

    fn has(&self, profile: &str) -> bool {
        self.credentials.has(profile) || self.config.has(&section(profile))
    }

    /// The endpoint of S3 in a profile: its own section of services, then its own.
    fn endpoint(&self, profile: &str) -> Option<&str> {
        let services = self.get(profile, "services").map(|name| format!("services {name}"));
        let of_services = services.and_then(|section| self.config.get(&section, "s3.endpoint_url"));
        of_services.or_else(|| self.get(profile, "endpoint_url"))
    }
}

/// Finds what to use for a bucket of S3.
pub(in crate::storage::objects::cloud) async fn aws(
    config: &StorageConfig,
    settings: &BucketSettings,
) -> Result<Aws, NoCredentials> {
    let profiles = Profiles::read(config)?;
    let named = settings.profile.as_deref();
    let chosen = named.or(var(config, "AWS_PROFILE")).or(var(config, "AWS_DEFAULT_PROFILE"));
    if let Some(profile) = chosen.filter(|profile| !profiles.has(profile)) {
        let places = &profiles.places;
        return Err(NoCredentials::denied(format!("there is no profile {profile} in {places}")));
    }
    let profile = chosen.unwrap_or("default");
    let is_ignored = var(config, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS") == Some("true");
    let endpoint = var(config, "AWS_ENDPOINT_URL_S3")
        .or(var(config, "AWS_ENDPOINT_URL"))
        .or_else(|| profiles.endpoint(profile))
        .filter(|_| !is_ignored);
    let region = var(config, "AWS_REGION").or(var(config, "AWS_DEFAULT_REGION"));
    let style = profiles.get(profile, "s3.addressing_style");
    let mut found = Aws {
        credentials: None,
        identity: "nobody (anonymous)".into(),
        asks_itself: false,
        region: region.or_else(|| profiles.get(profile, "region")).map(str::to_owned),
        endpoint: endpoint.map(str::to_owned),
        path_style: style.and_then(|style| match style {
            "path" => Some(true),
            "virtual" => Some(false),
            _ => None,
        }),
    };
    if settings.anonymous {
        return Ok(found);
    }
    // A profile that the settings name for a bucket is meant; the variables are meant for all.
    if named.is_none()
        && let Some(key) = var(config, "AWS_ACCESS_KEY_ID")
        && let Some(secret) = var(config, "AWS_SECRET_ACCESS_KEY")
    {
        let token = var(config, "AWS_SESSION_TOKEN");
        found.identity = format!("the access key {key} of AWS_ACCESS_KEY_ID");
        found.credentials = Some(fixed(key, secret, token));
        return Ok(found);
    }
    let has_web_identity = var(config, "AWS_WEB_IDENTITY_TOKEN_FILE").is_some()
        && var(config, "AWS_ROLE_ARN").is_some();
    if chosen.is_some() || !has_web_identity {
        if let Some((credentials, identity)) = of_profile(config, &profiles, profile).await? {
            (found.credentials, found.identity) = (Some(credentials), identity);
            return Ok(found);
        }
        if chosen.is_some() {
            return Err(NoCredentials::denied(format!(
                "the profile {profile} in {} says of no credentials",
                profiles.places
            )));
        }
    }
    found.asks_itself = true;
    if has_web_identity {
        let role = var(config, "AWS_ROLE_ARN").unwrap_or_default();
        found.identity = format!("the role {role} by a web identity");
        return Ok(found);
    }
    let is_container = ["RELATIVE_URI", "FULL_URI"]
        .iter()
        .any(|end| var(config, &format!("AWS_CONTAINER_CREDENTIALS_{end}")).is_some());
    if is_container {
        found.identity = "the role of this container".into();
        return Ok(found);
    }
    let is_disabled = var(config, "AWS_EC2_METADATA_DISABLED") == Some("true");
    let own_server = var(config, "AWS_METADATA_ENDPOINT").is_some();
    if !is_disabled && (own_server || metadata::answers(METADATA).await) {
        found.identity = "the role of this machine".into();
        return Ok(found);
    }
    Err(NoCredentials::nowhere(
        &[
            "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
            &profiles.places,
            "AWS_WEB_IDENTITY_TOKEN_FILE and AWS_ROLE_ARN",
            "AWS_CONTAINER_CREDENTIALS_*",
            "the machine's metadata",
        ],
        "run `aws configure`, or set the variables; a bucket that is open to everybody has \
         `anonymous: true` in the settings under `storage`",
    ))
}

fn fixed(key: &str, secret: &str, token: Option<&str>) -> AwsCredentialProvider {
    Arc::new(StaticCredentialProvider::new(AwsCredential {
        key_id: key.into(),
        secret_key: secret.into(),
        token: token.map(str::to_owned),
    }))
}

/// The credentials of a profile; `None` where it says of none.
async fn of_profile(
    config: &StorageConfig,
    profiles: &Profiles,
    profile: &str,
) -> Result<Option<(AwsCredentialProvider, String)>, NoCredentials> {
    let get = |name| profiles.get(profile, name);
    let is_for_cli =
        ["sso_session", "sso_account_id", "sso_start_url", "role_arn", "login_session"]
            .iter()
            .any(|name| get(name).is_some());
    if !is_for_cli
        && let Some(key) = get("aws_access_key_id")
        && let Some(secret) = get("aws_secret_access_key")
    {
        let identity = format!("the access key {key} of the profile {profile}");
        return Ok(Some((fixed(key, secret, get("aws_session_token")), identity)));
    }
    let line = match get("credential_process") {
        _ if is_for_cli => ["aws", "configure", "export-credentials", "--format", "process"]
            .into_iter()
            .chain(["--profile", profile])
            .map(str::to_owned)
            .collect(),
        Some(line) => words(line),
        None => return Ok(None),
    };
    // The CLI would take the keys of the variables before the profile.
    let own = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"];
    let mut env = config.env.clone();
    env.retain(|name, _| !own.contains(&name.as_str()));
    let process = Process::new(line, env);
    let first = process.get().await.map_err(|reason| {
        let next = if is_for_cli {
            format!(
                "; such a profile (SSO or a role) is read by the AWS CLI 2: install it and run `aws \
                 sso login --profile {profile}`, or give keys"
            )
        } else {
            String::new()
        };
        NoCredentials::denied(format!("the profile {profile}: {reason}{next}"))
    })?;
    let identity = format!("the access key {} of the profile {profile}", first.key_id);
    Ok(Some((Arc::new(process), identity)))
}

/// How the file of the settings calls a profile.
fn section(profile: &str) -> String {
    if profile == "default" { profile.to_owned() } else { format!("profile {profile}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::objects::StorageErrorKind;

    const CONFIG: &str = "[default]\nregion = eu-1\n[profile dev]\nregion = us-2\n\
        services = local\n[services local]\ns3 =\n  endpoint_url = http://h:1\n\
        [profile sso]\nsso_session = x\n[profile run]\ncredential_process = \
        sh -c 'echo \"{\\\"AccessKeyId\\\":\\\"AKRUN\\\",\\\"SecretAccessKey\\\":\\\"s\\\"}\"'\n";
    const CREDENTIALS: &str = "[dev]\naws_access_key_id = AKDEV\naws_secret_access_key = hush\n";

    fn config(home: &tempfile::TempDir, vars: &[(&str, &str)]) -> StorageConfig {
        fs_err::create_dir_all(home.path().join(".aws")).unwrap();
        fs_err::write(home.path().join(".aws/config"), CONFIG).unwrap();
        fs_err::write(home.path().join(".aws/credentials"), CREDENTIALS).unwrap();
        let path = [("PATH", "/usr/bin:/bin"), ("AWS_EC2_METADATA_DISABLED", "true")];
        let vars = path.iter().chain(vars);
        StorageConfig {
            env: vars.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
            home: Some(home.path().to_owned()),
            ..StorageConfig::default()
        }
    }

    async fn found(vars: &[(&str, &str)], profile: Option<&str>) -> Result<Aws, NoCredentials> {
        let home = tempfile::tempdir().unwrap();
        let profile = profile.map(str::to_owned);
        let settings = BucketSettings { profile, ..BucketSettings::default() };
        aws(&config(&home, vars), &settings).await
    }

    #[tokio::test]
    async fn the_places_are_looked_at_in_the_order_of_the_tools() {
        let keys = [("AWS_ACCESS_KEY_ID", "AKENV"), ("AWS_SECRET_ACCESS_KEY", "hush")];
        let identity = |found: Result<Aws, NoCredentials>| found.ok().unwrap().identity;
        assert!(identity(found(&keys, None).await).contains("AKENV"));
        let dev = found(&[("AWS_PROFILE", "dev")], None).await.ok().unwrap();
        assert_eq!(dev.identity, "the access key AKDEV of the profile dev");
        assert_eq!(
            (dev.region.as_deref(), dev.endpoint.as_deref()),
            (Some("us-2"), Some("http://h:1"))
        );
        assert!(identity(found(&keys, Some("dev")).await).contains("AKDEV"));
        assert!(identity(found(&[("AWS_PROFILE", "run")], None).await).contains("AKRUN"));
        let role = [("AWS_WEB_IDENTITY_TOKEN_FILE", "/t"), ("AWS_ROLE_ARN", "arn:r")];
        let role = found(&role, None).await.ok().unwrap();
        assert!(role.asks_itself && role.identity.contains("arn:r"));
    }

    #[tokio::test]
    async fn without_any_the_error_names_every_place() {
        for (vars, words) in [
            (&[][..], &["AWS_ACCESS_KEY_ID", ".aws/config", "metadata", "anonymous"][..]),
            // An empty variable is none.
            (&[("AWS_ACCESS_KEY_ID", ""), ("AWS_ENDPOINT_URL", "")], &["AWS_ACCESS_KEY_ID"]),
            (&[("AWS_PROFILE", "none")], &["no profile none", ".aws/credentials"]),
            (&[("AWS_PROFILE", "sso")], &["aws sso login --profile sso"]),
        ] {
            let error = found(vars, None).await.err().unwrap();
            assert_eq!(error.kind, StorageErrorKind::Denied);
            for word in words {
                assert!(error.reason.contains(word), "{word}: {}", error.reason);
            }
        }
    }
}

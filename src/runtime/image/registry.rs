//! One registry, with the user's credentials.

use std::path::Path;
use std::time::Duration;

use oci_client::client::{ClientConfig, ClientProtocol};
use oci_client::errors::{OciDistributionError, OciErrorCode};
use oci_client::manifest::ImageIndexEntry;
use oci_client::secrets::RegistryAuth;
use oci_client::{Client, Reference, RegistryOperation};

use super::credentials::{Credentials, credentials};

/// A connection to the registry is made within this time, or it counts as unreachable.
const CONNECT_LIMIT: Duration = Duration::from_secs(10);

/// Why a registry didn't do what was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RegistryError {
    /// The text is no name of an image.
    #[error("`{image}` is no name of an image: {reason}")]
    Name {
        /// The text that was given.
        image: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Nobody answers at its address.
    #[error("the registry {registry} can't be reached: {reason}")]
    Unreachable {
        /// The address of the registry.
        registry: String,
        /// What the system says.
        reason: String,
    },
    /// The registry wants other credentials.
    #[error("the registry {registry} refuses: {reason}")]
    Refused {
        /// The address of the registry.
        registry: String,
        /// What the registry says.
        reason: String,
    },
    /// The registry has no such image.
    #[error("the registry {registry} has no image {image}")]
    NotFound {
        /// The address of the registry.
        registry: String,
        /// The name of the image.
        image: String,
    },
    /// The registry has the image for other architectures only.
    #[error("{image} is not there for linux/{architecture}")]
    NoPlatform {
        /// The name of the image.
        image: String,
        /// The architecture that was asked for.
        architecture: String,
    },
    /// Any other failure of the registry.
    #[error("the registry {registry}: {reason}")]
    Failed {
        /// The address of the registry.
        registry: String,
        /// What the registry says.
        reason: String,
    },
}

/// The registry that an image's name leads to, and how to talk to it.
pub(crate) struct Registry {
    pub(crate) client: Client,
    pub(crate) image: Reference,
    pub(crate) auth: RegistryAuth,
    trouble: Option<String>,
    architecture: String,
}

impl Registry {
    /// The registry of `image`. `answer_limit` is for each single answer; of an image for several
    /// architectures the one for `architecture` counts. No request is sent yet.
    pub(crate) async fn of(
        image: &str,
        architecture: &str,
        docker_config: &Path,
        answer_limit: Duration,
    ) -> Result<Self, RegistryError> {
        let reference: Reference = image.parse().map_err(|error: oci_client::ParseError| {
            RegistryError::Name { image: image.into(), reason: error.to_string() }
        })?;
        // Docker's configuration may name a helper program, which may take its time.
        let (asked, path) = (reference.clone(), docker_config.to_owned());
        let found = tokio::task::spawn_blocking(move || credentials(&asked, &path)).await;
        let Credentials { auth, trouble } = found.unwrap_or_else(|error| Credentials {
            auth: RegistryAuth::Anonymous,
            trouble: Some(error.to_string()),
        });
        let registry = reference.resolve_registry().to_owned();
        // The provider is one for the whole process, so that an error means that it was chosen
        // before.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let wanted = architecture.to_owned();
        let config = ClientConfig {
            protocol: if is_loopback(&registry) {
                ClientProtocol::HttpsExcept(vec![registry.clone()])
            } else {
                ClientProtocol::Https
            },
            platform_resolver: Some(Box::new(move |entries| for_linux(entries, &wanted))),
            use_monolithic_push: true,
            connect_timeout: Some(CONNECT_LIMIT),
            read_timeout: Some(answer_limit),
            user_agent: concat!("mlctl/", env!("CARGO_PKG_VERSION")),
            ..ClientConfig::default()
        };
        let client = Client::try_from(config).map_err(|error| RegistryError::Failed {
            registry: registry.clone(),
            reason: error.to_string(),
        })?;
        let architecture = architecture.to_owned();
        Ok(Self { client, image: reference, auth, trouble, architecture })
    }

    /// Logs in. Other requests would log in by themselves, but they hide why that fails.
    pub(crate) async fn log_in(&self, operation: RegistryOperation) -> Result<(), RegistryError> {
        self.client
            .auth(&self.image, &self.auth, operation)
            .await
            .map(drop)
            .map_err(|error| self.explain(error))
    }

    /// Turns an error of the client into one that says what a user can do about it.
    pub(crate) fn explain(&self, error: OciDistributionError) -> RegistryError {
        let registry = self.image.resolve_registry().to_owned();
        let image = self.image.whole();
        match error {
            OciDistributionError::RequestError(error) => match error.status() {
                Some(status) if matches!(status.as_u16(), 401 | 403) => {
                    self.refused(registry, "not authorized")
                }
                Some(status) if status.as_u16() == 404 => {
                    RegistryError::NotFound { registry, image }
                }
                Some(status) => RegistryError::Failed { registry, reason: status.to_string() },
                None => RegistryError::Unreachable { registry, reason: innermost(&error) },
            },
            OciDistributionError::AuthenticationFailure(reason) => self.refused(registry, &reason),
            OciDistributionError::UnauthorizedError { .. } => {
                self.refused(registry, "not authorized")
            }
            OciDistributionError::ServerError { code: 401 | 403, message, .. } => {
                self.refused(registry, &message)
            }
            OciDistributionError::ServerError { code: 404, .. } => {
                RegistryError::NotFound { registry, image }
            }
            OciDistributionError::ImageManifestNotFoundError(_) => {
                RegistryError::NoPlatform { image, architecture: self.architecture.clone() }
            }
            OciDistributionError::RegistryError { ref envelope, .. } => {
                let has = |codes: &[OciErrorCode]| {
                    envelope.errors.iter().any(|error| codes.contains(&error.code))
                };
                let messages: Vec<_> =
                    envelope.errors.iter().map(|error| error.message.as_str()).collect();
                if has(&[OciErrorCode::Unauthorized, OciErrorCode::Denied]) {
                    self.refused(registry, &messages.join("; "))
                } else if has(&[
                    OciErrorCode::ManifestUnknown,
                    OciErrorCode::NameUnknown,
                    OciErrorCode::NotFound,
                ]) {
                    RegistryError::NotFound { registry, image }
                } else {
                    RegistryError::Failed { registry, reason: messages.join("; ") }
                }
            }
            other => RegistryError::Failed { registry, reason: other.to_string() },
        }
    }

    fn refused(&self, registry: String, message: &str) -> RegistryError {
        let mut reason = match message.trim() {
            "" => "not authorized".to_owned(),
            message => message.to_owned(),
        };
        if self.auth == RegistryAuth::Anonymous {
            reason += ", and docker's configuration has no credentials for it (`docker login`)";
        }
        if let Some(trouble) = &self.trouble {
            reason = format!("{reason}; {trouble}");
        }
        RegistryError::Refused { registry, reason }
    }
}

/// The registry is on this machine. Only then plain HTTP is safe; container engines have the same
/// rule.
fn is_loopback(registry: &str) -> bool {
    let host = match registry.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => registry,
    };
    let address: Option<std::net::IpAddr> = host.trim_matches(['[', ']']).parse().ok();
    host == "localhost" || address.is_some_and(|address| address.is_loopback())
}

/// The digest of the image for Linux on an architecture; `None` when there is none.
fn for_linux(entries: &[ImageIndexEntry], architecture: &str) -> Option<String> {
    entries
        .iter()
        .find(|entry| {
            entry.platform.as_ref().is_some_and(|platform| {
                platform.os.to_string() == "linux"
                    && platform.architecture.to_string() == architecture
            })
        })
        .map(|entry| entry.digest.clone())
}

/// The last cause of an error, which says what happened. Those before it only repeat the URL.
fn innermost(error: &dyn std::error::Error) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_is_for_this_machine_only() {
        for registry in ["localhost", "localhost:5000", "127.0.0.1:5000", "127.0.0.2", "[::1]:80"] {
            assert!(is_loopback(registry), "{registry}");
        }
        for registry in ["localhost.example", "10.0.0.1:5000", "docker.io", "example:5000"] {
            assert!(!is_loopback(registry), "{registry}");
        }
    }
}

//! The user's own credentials for a registry, as docker keeps them.

use std::path::Path;

use docker_credential::{CredentialRetrievalError, DockerCredential, get_credential_from_reader};
use oci_client::Reference;
use oci_client::secrets::RegistryAuth;

use crate::storage::{DOCUMENT_LIMIT, read};

/// The user name that registries expect together with an identity token.
const TOKEN_USER: &str = "00000000-0000-0000-0000-000000000000";

/// What a registry is shown.
pub(crate) struct Credentials {
    pub(crate) auth: RegistryAuth,
    /// Why there are no credentials where there should be some; `None` when there are, or need not
    /// be.
    pub(crate) trouble: Option<String>,
}

/// Looks up the registry of an image in docker's configuration; helper programs are asked. Without
/// an entry, or without the file, access is anonymous.
pub(crate) fn credentials(image: &Reference, docker_config: &Path) -> Credentials {
    let anonymous = |trouble| Credentials { auth: RegistryAuth::Anonymous, trouble };
    let Ok(text) = read(docker_config, DOCUMENT_LIMIT) else { return anonymous(None) };
    let mut trouble = None;
    for name in names(image.registry()) {
        match get_credential_from_reader(text.as_slice(), name) {
            Ok(DockerCredential::UsernamePassword(user, password)) => {
                return Credentials { auth: RegistryAuth::Basic(user, password), trouble: None };
            }
            Ok(DockerCredential::IdentityToken(token)) => {
                let auth = RegistryAuth::Basic(TOKEN_USER.into(), token);
                return Credentials { auth, trouble: None };
            }
            Err(error) if is_absent(&error) => {}
            Err(error) => trouble = Some(format!("{}: {error}", docker_config.display())),
        }
    }
    anonymous(trouble)
}

/// The names under which docker may keep a registry. Its own registry has an old name.
fn names(registry: &str) -> Vec<&str> {
    match registry {
        "docker.io" | "index.docker.io" => vec!["https://index.docker.io/v1/", "docker.io"],
        other => vec![other],
    }
}

/// There is no entry for the registry. Helper programs say so by failing.
fn is_absent(error: &CredentialRetrievalError) -> bool {
    match error {
        CredentialRetrievalError::NoCredentialConfigured
        | CredentialRetrievalError::ConfigNotFound => true,
        CredentialRetrievalError::HelperFailure { stdout, stderr, .. } => {
            [stdout, stderr].iter().any(|output| output.contains("credentials not found"))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(image: &str, config: &str) -> Credentials {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("config.json");
        fs_err::write(&path, config).unwrap();
        credentials(&image.parse().unwrap(), &path)
    }

    #[test]
    fn the_registrys_own_entry_is_taken() {
        // "me:secret"
        let config = r#"{"auths":{"registry.example:5000":{"auth":"bWU6c2VjcmV0"}}}"#;
        let basic = RegistryAuth::Basic("me".into(), "secret".into());
        assert_eq!(of("registry.example:5000/a/b:1", config).auth, basic);
        assert_eq!(of("other.example/a:1", config).auth, RegistryAuth::Anonymous);
        let hub = r#"{"auths":{"https://index.docker.io/v1/":{"auth":"bWU6c2VjcmV0"}}}"#;
        assert_eq!(of("me/image", hub).auth, basic);
        let token = r#"{"auths":{"r.example":{"auth":"bWU6","identitytoken":"t"}}}"#;
        assert_eq!(
            of("r.example/x", token).auth,
            RegistryAuth::Basic(TOKEN_USER.into(), "t".into())
        );
    }

    #[test]
    fn a_helper_that_is_missing_is_named() {
        let config = r#"{"credHelpers":{"r.example":"no-such-helper"}}"#;
        let found = of("r.example/x", config);
        assert_eq!(found.auth, RegistryAuth::Anonymous);
        assert!(found.trouble.is_some_and(|trouble| trouble.contains("config.json")));
        let missing = credentials(&"r.example/x".parse().unwrap(), Path::new("/none/config.json"));
        assert!(missing.trouble.is_none());
    }
}

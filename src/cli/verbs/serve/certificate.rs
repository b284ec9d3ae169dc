//! The certificate of an endpoint of this machine, which its spec names as a Secret. Its key is looked up where
//! the router is and written down nowhere; the certificate itself is no secret.

use std::sync::{Arc, PoisonError, RwLock};

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::server::{ClientHello, ParsedCertificate, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use sha2::{Digest, Sha256};

use crate::cli::{CliError, Context, ErrorKind};
use crate::runtime::local::{SecretFrom, secret_variable};
use crate::text::hex;

/// The keys of the Secret, as in a cluster.
const KEYS: [&str; 2] = ["tls.crt", "tls.key"];

/// A certificate with its key.
pub(super) struct Found {
    /// The chain, in PEM.
    pub(super) chain: String,
    /// Variables of the shell that have given a part of it.
    pub(super) variables: Vec<String>,
    key: Arc<CertifiedKey>,
}

/// Looks up the certificate that a Secret of this machine has now.
pub(super) fn certificate_of(context: &Context, secret: &str) -> Result<Found, CliError> {
    let local = context.local_with_secrets()?;
    let mut variables = Vec::new();
    let mut texts = Vec::new();
    for key in KEYS {
        let variable = secret_variable(secret, key);
        let Some((text, from)) = local.secret_in(&local.secrets, secret, key) else {
            let message = format!("tls.secret: key {key} of secret {secret} is not known here");
            return Err(CliError::new(ErrorKind::Refused, message)
                .hint(format!("write it in PEM into the secrets file, or set {variable}")));
        };
        if from == SecretFrom::Variable {
            variables.push(variable);
        }
        texts.push(text.clone());
    }
    let [chain, key] = <[String; 2]>::try_from(texts).unwrap_or_default();
    let key = certified(&chain, &key).map_err(|reason| {
        let message = format!("tls.secret: secret {secret} has no certificate with its key: {reason}");
        CliError::new(ErrorKind::Refused, message)
            .hint("its keys are tls.crt, the certificate and those that it is signed by, and tls.key, in PEM")
    })?;
    Ok(Found { chain, variables, key: Arc::new(key) })
}

impl Found {
    /// What tells it from another one.
    pub(super) fn fingerprint(&self) -> String {
        hex::encode(Sha256::digest(self.chain.as_bytes()))
    }
}

fn certified(chain: &str, key: &str) -> Result<CertifiedKey, String> {
    let certificates: Result<Vec<_>, _> =
        CertificateDer::pem_slice_iter(chain.as_bytes()).collect();
    let certificates = certificates.map_err(|error| format!("tls.crt: {error}"))?;
    if certificates.is_empty() {
        return Err("tls.crt: it has no certificate in PEM".to_owned());
    }
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes());
    let key = key.map_err(|error| format!("tls.key: {error}"))?;
    let provider = rustls::crypto::ring::default_provider();
    CertifiedKey::from_der(certificates, key, &provider).map_err(|error| error.to_string())
}

/// What callers of this machine call the endpoint by: the name that its certificate has, if it has one of them.
pub(super) fn host_of(chain: &str) -> Option<&'static str> {
    let first = CertificateDer::pem_slice_iter(chain.as_bytes()).next()?.ok()?;
    let parsed = ParsedCertificate::try_from(&first).ok()?;
    ["127.0.0.1", "localhost"].into_iter().find(|host| {
        let name = ServerName::try_from(*host);
        name.is_ok_and(|name| rustls::client::verify_server_name(&parsed, &name).is_ok())
    })
}

/// What a router shows callers: the newest certificate that could be looked up.
#[derive(Debug)]
pub(super) struct Shown(RwLock<(Arc<CertifiedKey>, String)>);

impl Shown {
    pub(super) fn new(found: Found) -> Arc<Self> {
        Arc::new(Self(RwLock::new((found.key, found.chain))))
    }

    /// Callers see another one from now on.
    pub(super) fn becomes(&self, found: Found) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = (found.key, found.chain);
    }

    /// The chain, in PEM.
    pub(super) fn chain(&self) -> String {
        self.0.read().unwrap_or_else(PoisonError::into_inner).1.clone()
    }

    /// What a listener needs.
    pub(super) fn config(self: &Arc<Self>) -> Result<Arc<ServerConfig>, CliError> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| CliError::new(ErrorKind::Internal, error.to_string()))?;
        let resolver: Arc<dyn ResolvesServerCert> = self.clone();
        let mut config = config.with_no_client_auth().with_cert_resolver(resolver);
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }
}

impl ResolvesServerCert for Shown {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.read().unwrap_or_else(PoisonError::into_inner).0.clone())
    }
}

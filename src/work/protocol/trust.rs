//! Which certificate a server may have where the URL and the system don't say it.

use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
};

/// Whose certificates are trusted, and for which names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trust {
    /// Trusted instead of the system's, where there are any: what they have signed, and they themselves,
    /// whatever the server is called by.
    own: Vec<CertificateDer<'static>>,
    /// Names of the server, where it is reached by another one than its own: a way through an API server
    /// begins at this machine, and leads to somebody else. Empty: that of the URL.
    names: Vec<String>,
}

impl Trust {
    /// The certificates of a text in PEM; the error says what is wrong with it.
    pub fn of_pem(pem: &[u8]) -> Result<Self, String> {
        let all: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
        let own = all.map_err(|error| error.to_string())?;
        if own.is_empty() {
            return Err("it has no certificate in PEM".to_owned());
        }
        Ok(Self { own, names: Vec::new() })
    }

    /// A certificate of one of these names for which somebody vouches whom the system trusts.
    pub fn named(names: Vec<String>) -> Self {
        Self { own: Vec::new(), names }
    }

    /// The same certificates, for the names that are known of the server otherwise.
    #[must_use]
    pub fn known_as(self, known: Option<Self>) -> Self {
        Self { names: known.map(|known| known.names).unwrap_or_default(), ..self }
    }

    /// TLS that trusts these.
    pub(super) fn config(&self) -> Result<ClientConfig, String> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut roots = RootCertStore::empty();
        if self.own.is_empty() {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        } else {
            // A server's own certificate is no authority, and is trusted as itself.
            roots.add_parsable_certificates(self.own.iter().cloned());
        }
        let signed = (!roots.is_empty())
            .then(|| {
                WebPkiServerVerifier::builder_with_provider(roots.into(), provider.clone()).build()
            })
            .transpose()
            .map_err(|error| error.to_string())?;
        let names = self.names.iter().filter_map(|name| ServerName::try_from(name.clone()).ok());
        let verifier = Verifier {
            own: self.own.clone(),
            names: names.collect(),
            signed,
            provider: provider.clone(),
        };
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| error.to_string())?;
        let config = config.dangerous().with_custom_certificate_verifier(Arc::new(verifier));
        Ok(config.with_no_client_auth())
    }
}

/// Knows some certificates, what authorities have signed, and for whom.
#[derive(Debug)]
struct Verifier {
    own: Vec<CertificateDer<'static>>,
    names: Vec<ServerName<'static>>,
    signed: Option<Arc<WebPkiServerVerifier>>,
    provider: Arc<CryptoProvider>,
}

fn is_about_the_name(error: &Error) -> bool {
    matches!(
        error,
        Error::InvalidCertificate(
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. }
        )
    )
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        called: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if self.own.iter().any(|known| known.as_ref() == end_entity.as_ref()) {
            return Ok(ServerCertVerified::assertion());
        }
        let signed = self
            .signed
            .as_ref()
            .ok_or_else(|| Error::InvalidCertificate(CertificateError::UnknownIssuer))?;
        if self.names.is_empty() {
            return signed.verify_server_cert(end_entity, intermediates, called, ocsp, now);
        }
        for name in &self.names {
            match signed.verify_server_cert(end_entity, intermediates, name, ocsp, now) {
                Err(error) if is_about_the_name(&error) => {}
                verified => return verified,
            }
        }
        let names: Vec<_> = self.names.iter().map(ServerName::to_str).collect();
        Err(Error::General(format!("its certificate is for none of {}", names.join(", "))))
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let known = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, cert, dss, known)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let known = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, cert, dss, known)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

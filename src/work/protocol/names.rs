//! Certificates that are held against other names than the one that is connected to: a way through an API server
//! begins at this machine, and leads to somebody else.

use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
};

/// Takes a certificate of one of these names that somebody vouches for whom the system trusts. The variable
/// `SSL_CERT_FILE` names a file of others.
#[derive(Debug)]
struct Names {
    trusted: Arc<WebPkiServerVerifier>,
    names: Vec<ServerName<'static>>,
}

/// TLS for a server whose certificate has one of these names.
pub(super) fn named(names: &[String]) -> Result<ClientConfig, String> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let trusted =
        WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider));
    let trusted = trusted
        .build()
        .map_err(|error| format!("the system's certificates can't be read: {error}"))?;
    let names = names.iter().filter_map(|name| ServerName::try_from(name.clone()).ok()).collect();
    let config =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let config = config.map_err(|error| error.to_string())?;
    let verifier = Arc::new(Names { trusted, names });
    Ok(config.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth())
}

fn is_about_the_name(error: &Error) -> bool {
    matches!(
        error,
        Error::InvalidCertificate(
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. }
        )
    )
}

impl ServerCertVerifier for Names {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        for name in &self.names {
            match self.trusted.verify_server_cert(end_entity, intermediates, name, ocsp, now) {
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
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.trusted.verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.trusted.verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.trusted.supported_verify_schemes()
    }
}

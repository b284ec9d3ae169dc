//! How a server is connected to, in plain text or with TLS.

use std::sync::Arc;
use std::time::Duration;

use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use rustls::{ClientConfig, RootCertStore};

use super::trust::Trust;

/// A server that has acknowledged nothing for so long is gone.
const GONE: Duration = Duration::from_secs(30);

/// What is spoken over a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Version {
    /// HTTP/1.1.
    One,
    /// HTTP/2, which gRPC needs; in plain text from the first byte on.
    Two,
}

/// Makes connections to the server at `base`. With `https://` the system's certificates say who is
/// trusted and it has the URL's name, where nothing else was said; the error says why they can't be read.
pub(super) fn connector(
    base: &str,
    version: Version,
    trust: Option<&Trust>,
) -> Result<HttpsConnector<HttpConnector>, String> {
    let builder = if let Some(trust) = trust.filter(|_| base.starts_with("https://")) {
        HttpsConnectorBuilder::new().with_tls_config(trust.config()?).https_only()
    } else if base.starts_with("https://") {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = HttpsConnectorBuilder::new().with_provider_and_native_roots(provider);
        let tls = tls.map_err(|error| {
            format!("the system's certificates, which {base} needs, can't be read: {error}")
        })?;
        tls.https_only()
    } else {
        // The image of a model server may have no certificates, and a server beside needs none.
        HttpsConnectorBuilder::new().with_tls_config(without_roots()?).https_or_http()
    };
    let mut connections = HttpConnector::new();
    connections.enforce_http(false);
    // Else the end of a request waits until its begin has been acknowledged.
    connections.set_nodelay(true);
    // Many requests share one connection of HTTP/2, and each would wait for a server that is gone until
    // the kernel gives up after a quarter of an hour.
    connections.set_tcp_user_timeout(Some(GONE));
    connections.set_keepalive(Some(GONE));
    Ok(match version {
        Version::One => builder.enable_http1().wrap_connector(connections),
        Version::Two => builder.enable_http2().wrap_connector(connections),
    })
}

/// TLS that trusts nobody, for servers that are spoken to without it.
fn without_roots() -> Result<ClientConfig, String> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let config = config.map_err(|error| error.to_string())?;
    Ok(config.with_root_certificates(RootCertStore::empty()).with_no_client_auth())
}

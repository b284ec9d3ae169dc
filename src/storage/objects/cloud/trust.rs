//! Whom a store's client trusts where the system has no list of authorities: the image of an endpoint's routers
//! is mlctl alone.

use std::sync::OnceLock;

use object_store::{Certificate, ClientOptions};

/// Lets a client trust the authorities that are compiled in, where the system has none of its own; without any
/// not even a client of plain HTTP could be made.
pub(super) fn trusting(options: ClientOptions) -> ClientOptions {
    static HAS_OWN: OnceLock<bool> = OnceLock::new();
    if *HAS_OWN.get_or_init(|| !rustls_native_certs::load_native_certs().certs.is_empty()) {
        return options;
    }
    compiled_in().fold(options, ClientOptions::with_root_certificate)
}

fn compiled_in() -> impl Iterator<Item = Certificate> {
    let all = webpki_root_certs::TLS_SERVER_ROOT_CERTS.iter();
    all.filter_map(|one| Certificate::from_der(one).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_authority_can_be_read() {
        assert_eq!(compiled_in().count(), webpki_root_certs::TLS_SERVER_ROOT_CERTS.len());
    }
}

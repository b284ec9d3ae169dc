//! The end of a router, and TLS.

use std::sync::Arc;

use http::Response;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::support::{Backend, Running, config, full, get, header, read, revision, until};

#[tokio::test]
async fn what_is_under_way_ends_and_nobody_else_is_let_in() {
    let gate = Arc::new(tokio::sync::Semaphore::new(0));
    let waits = gate.clone();
    let server = Backend::http1(move |_| {
        let waits = waits.clone();
        Box::pin(async move {
            waits.acquire().await.unwrap().forget();
            Response::new(full("done"))
        })
    })
    .await;
    let mut router = Running::new(config(vec![revision("v1", 1, &[server.address])])).await;
    let mut http1 = router.http1().await;
    let mut http2 = router.http2().await;
    let _unused = router.http1().await;
    let one = tokio::spawn(async move { read(http1.send_request(get("/")).await.unwrap()).await });
    let request = http::Request::get("http://h/").body(full("")).unwrap();
    let two = tokio::spawn(async move { read(http2.send_request(request).await.unwrap()).await });
    until("both are under way", || router.router.snapshot().revisions[0].in_flight == 2).await;
    router.stop();
    let address = router.address;
    while TcpStream::connect(address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    gate.add_permits(2);
    assert_eq!(one.await.unwrap().2, "done");
    assert_eq!(two.await.unwrap().2, "done");
    router.stopped().await;
    assert_eq!(router.router.snapshot().connections, 0);
}

#[tokio::test]
async fn tls_carries_both_protocols() {
    let server = Backend::http1(|request| {
        Box::pin(async move {
            let proto = request.headers()["x-forwarded-proto"].to_str().unwrap().to_owned();
            Response::new(full(proto))
        })
    })
    .await;
    let issued = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let certificate = issued.cert.der().clone();
    let key =
        rustls::pki_types::PrivateKeyDer::try_from(issued.signing_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut tls = rustls::ServerConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], key)
        .unwrap();
    tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let wanted = config(vec![revision("v1", 1, &[server.address])]);
    let router = Running::with(wanted, None, Some(Arc::new(tls))).await;

    let mut roots = rustls::RootCertStore::empty();
    roots.add(certificate).unwrap();
    let client = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    for protocol in ["h2", "http/1.1"] {
        let mut client = client.clone();
        client.alpn_protocols = vec![protocol.as_bytes().to_vec()];
        let connector = tokio_rustls::TlsConnector::from(Arc::new(client));
        let stream = TcpStream::connect(router.address).await.unwrap();
        let stream = connector.connect("localhost".try_into().unwrap(), stream).await.unwrap();
        let io = TokioIo::new(stream);
        let request = http::Request::get("http://localhost/").header("host", "h");
        let request = request.body(full("")).unwrap();
        let answer = if protocol == "h2" {
            let executor = hyper_util::rt::TokioExecutor::new();
            let (mut client, connection) =
                hyper::client::conn::http2::handshake(executor, io).await.unwrap();
            tokio::spawn(connection);
            client.send_request(request).await.unwrap()
        } else {
            let (mut client, connection) = hyper::client::conn::http1::handshake(io).await.unwrap();
            tokio::spawn(connection);
            client.send_request(request).await.unwrap()
        };
        assert_eq!(header(&answer, "x-mlctl-revision"), "v1");
        assert_eq!(read(answer).await.2, "https");
    }
}

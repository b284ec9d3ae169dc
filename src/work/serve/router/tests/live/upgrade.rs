//! Connections that become something else.

use http::Request;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::support::{Backend, Running, config, empty, header, read, revision, until};

/// One that switches to a protocol that sends everything back.
async fn switching() -> Backend {
    Backend::raw(|mut stream| async move {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.unwrap());
        }
        let head = String::from_utf8(head).unwrap().to_lowercase();
        assert!(head.contains("upgrade: echo") && head.contains("connection: upgrade"), "{head}");
        stream
            .write_all(
                b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n",
            )
            .await
            .unwrap();
        let (mut reads, mut writes) = stream.split();
        let _ = tokio::io::copy(&mut reads, &mut writes).await;
    })
    .await
}

fn request(protocol: &str) -> Request<super::support::Bodies> {
    Request::get("/")
        .header("host", "h")
        .header("connection", "upgrade")
        .header("upgrade", protocol)
        .body(empty())
        .unwrap()
}

#[tokio::test]
async fn a_tunnel_carries_bytes_both_ways() {
    let server = switching().await;
    let router = Running::new(config(vec![revision("v1", 1, &[server.address])])).await;
    let mut client = router.http1().await;
    let answer = client.send_request(request("echo")).await.unwrap();
    assert_eq!(answer.status(), 101);
    assert_eq!(header(&answer, "upgrade"), "echo");
    assert_eq!(header(&answer, "x-mlctl-revision"), "v1");
    let mut tunnel = TokioIo::new(hyper::upgrade::on(answer).await.unwrap());
    for text in [&b"hello"[..], b"\0\r\n\r\n", b"bye"] {
        tunnel.write_all(text).await.unwrap();
        let mut back = vec![0; text.len()];
        tunnel.read_exact(&mut back).await.unwrap();
        assert_eq!(back, text);
    }
    assert_eq!(router.router.snapshot().revisions[0].in_flight, 1);
    tunnel.shutdown().await.unwrap();
    assert_eq!(tunnel.read(&mut [0; 1]).await.unwrap(), 0);
    let stats = || router.router.snapshot();
    until("it has ended", || stats().in_flight == 0).await;
    assert_eq!(stats().revisions[0].counts.ok, 1);
}

#[tokio::test]
async fn a_server_may_stay_with_http() {
    let server = Backend::says("no").await;
    let router = Running::new(config(vec![revision("v1", 1, &[server.address])])).await;
    for protocol in ["websocket", "h2c"] {
        assert_eq!(read(router.send(request(protocol)).await).await.2, "no");
    }
}

#[tokio::test]
async fn a_tunnel_ends_when_the_router_must() {
    let server = switching().await;
    let mut wanted = config(vec![revision("v1", 1, &[server.address])]);
    wanted.limits.idle_timeout = std::time::Duration::from_millis(200);
    let mut router = Running::new(wanted).await;
    let mut client = router.http1().await;
    let answer = client.send_request(request("echo")).await.unwrap();
    let mut tunnel = TokioIo::new(hyper::upgrade::on(answer).await.unwrap());
    router.stop();
    // Nothing moves, so that it ends long before the time that it would have.
    assert_eq!(tunnel.read(&mut [0; 1]).await.unwrap_or(0), 0);
    router.stopped().await;
}

#[tokio::test]
async fn a_tunnel_is_one_of_the_connections() {
    let server = switching().await;
    let mut wanted = config(vec![revision("v1", 1, &[server.address])]);
    wanted.limits.max_connections = 1;
    let router = Running::new(wanted).await;
    let mut client = router.http1().await;
    let answer = client.send_request(request("echo")).await.unwrap();
    let mut tunnel = TokioIo::new(hyper::upgrade::on(answer).await.unwrap());
    tunnel.write_all(b"x").await.unwrap();
    tunnel.read_u8().await.unwrap();
    until("it is counted once", || router.router.snapshot().connections == 1).await;
    // The kernel takes the next one, the router does not.
    let mut other = router.http1().await;
    let mut waiting = std::pin::pin!(other.send_request(request("echo")));
    let early = tokio::time::timeout(std::time::Duration::from_millis(100), waiting.as_mut());
    assert!(early.await.is_err());
    drop(tunnel);
    assert_eq!(waiting.await.unwrap().status(), 101);
}

#[tokio::test]
async fn connect_is_refused_in_words() {
    let server = Backend::says("x").await;
    let router = Running::new(config(vec![revision("v1", 1, &[server.address])])).await;
    let answer =
        router.bytes(b"CONNECT h:1 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 501 "), "{answer}");
    assert!(answer.contains("CONNECT"), "{answer}");
}

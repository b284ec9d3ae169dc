//! What is told of requests, and who is let in.

use http_body_util::BodyExt;
use tokio::sync::mpsc;

use super::support::{Backend, Running, config, full, get, header, post, read, revision, until};
use crate::{LogConfig, Record, Router, ShadowConfig, TokenHash};

#[tokio::test]
async fn each_request_is_told_with_its_bodies() {
    let server = Backend::http1(|request| {
        Box::pin(async move {
            let body = request.into_body().collect().await.unwrap().to_bytes();
            http::Response::builder().header("content-type", "text/x").body(full(body)).unwrap()
        })
    })
    .await;
    let mut wanted = config(vec![revision("v1", 1, &[server.address])]);
    wanted.access_log = true;
    wanted.log = Some(LogConfig { sample: 1.0, max_body: 4 });
    let (sender, mut records) = mpsc::channel(10);
    let router = Running::with(wanted, Some(sender), None).await;
    read(router.send(post("/p?q", "123456")).await).await;
    let Some(Record::Sample(sample)) = records.recv().await else { panic!("no sample") };
    assert_eq!((&sample.request[..], sample.request_cut), (&b"1234"[..], true));
    assert_eq!((&sample.answer[..], sample.answer_cut), (&b"1234"[..], true));
    assert_eq!(sample.answer_type.as_deref(), Some("text/x"));
    let Some(Record::Access(access)) = records.recv().await else { panic!("no access") };
    assert_eq!((access.path.as_str(), access.status, access.sent), ("/p?q", 200, 6));
    assert_eq!((access.revision.as_deref(), access.replica.as_deref()), (Some("v1"), Some("v1-0")));
    assert_eq!((access.attempts, access.outcome), (1, "ok"));
}

#[tokio::test]
async fn records_that_nobody_reads_cost_no_request() {
    let server = Backend::says("x").await;
    let mut wanted = config(vec![revision("v1", 1, &[server.address])]);
    wanted.access_log = true;
    let (sender, _records) = mpsc::channel(2);
    let router = Running::with(wanted, Some(sender), None).await;
    for _ in 0..10 {
        assert_eq!(router.get("/").await.0, 200);
    }
    assert_eq!(router.router.snapshot().dropped.records, 8);
}

#[tokio::test]
async fn a_shadow_gets_copies_and_says_nothing() {
    let (one, two) = (Backend::says("1").await, Backend::says("2").await);
    let mut wanted =
        config(vec![revision("v1", 1, &[one.address]), revision("v2", 0, &[two.address])]);
    wanted.shadow = Some(ShadowConfig { revision: "v2".to_owned(), percent: 100.0 });
    let router = Running::new(wanted).await;
    for _ in 0..10 {
        assert_eq!(read(router.send(post("/", "body")).await).await.2, "1");
    }
    let stats = || router.router.snapshot().revision("v2").unwrap().clone();
    until("all copies ended", || stats().replicas[0].counts.ok == 10).await;
    assert_eq!((stats().shadowed, stats().counts.total()), (10, 0));
    // What does not fit is left out.
    assert_eq!(read(router.send(post("/", vec![0; 100_000])).await).await.0, 200);
    assert_eq!(router.router.snapshot().dropped.shadows, 1);
}

#[tokio::test]
async fn only_tokens_let_in() {
    let server = Backend::says("x").await;
    let mut wanted = config(vec![revision("v1", 1, &[server.address])]);
    wanted.auth = vec![TokenHash::of(b"one"), TokenHash::of(b"two")];
    let router = Running::new(wanted).await;
    let answer = router.send(get("/")).await;
    assert_eq!(
        (answer.status().as_u16(), header(&answer, "www-authenticate").as_str()),
        (401, "Bearer")
    );
    for (token, status) in [("one", 200), ("two", 200), ("three", 401)] {
        let mut request = get("/");
        let value = format!("Bearer {token}").parse().unwrap();
        request.headers_mut().insert("authorization", value);
        assert_eq!(router.send(request).await.status(), status);
    }
}

#[tokio::test]
async fn operators_ask_elsewhere() {
    let router = Router::new(config(vec![revision("v1", 1, &[])]), None).unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let task = tokio::spawn(async move {
        router.serve_admin(listener, async { drop(stopped.await) }).await;
    });
    let ask = async |path: &str| {
        let stream = tokio::net::TcpStream::connect(address).await.unwrap();
        let io = hyper_util::rt::TokioIo::new(stream);
        let (mut client, connection) = hyper::client::conn::http1::handshake(io).await.unwrap();
        tokio::spawn(connection);
        let answer = client.send_request(get(path)).await.unwrap();
        let status = answer.status().as_u16();
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        (status, String::from_utf8_lossy(&body).into_owned())
    };
    assert_eq!(ask("/healthz").await, (200, "ok\n".to_owned()));
    assert!(ask("/metrics").await.1.contains("mlctl_router_in_flight 0"));
    let (_, text) = ask("/snapshot").await;
    let snapshot: crate::Snapshot = serde_json::from_str(&text).unwrap();
    assert_eq!(snapshot.endpoint, "digits");
    assert_eq!(ask("/").await.0, 404);
    drop(stop);
    task.await.unwrap();
}

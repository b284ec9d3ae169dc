//! What gRPC needs of HTTP/2.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use http_body_util::BodyExt;
use hyper::body::Frame;

use super::support::{
    Backend, Running, channel, config, data, empty, full, header, nowhere, revision, until,
};
use crate::{RevisionConfig, RouterConfig};

fn served(name: &str, grpc: std::net::SocketAddr, http: std::net::SocketAddr) -> RevisionConfig {
    let mut revision = revision(name, 1, &[http]);
    revision.replicas[0].grpc_address = Some(grpc);
    revision
}

fn call(body: super::support::Bodies) -> Request<super::support::Bodies> {
    Request::post("http://name.example/inference.Service/Call")
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        .body(body)
        .unwrap()
}

fn trailers(status: &'static str) -> HeaderMap {
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", status.parse().unwrap());
    trailers
}

/// One that sends back each piece as it comes, and ends with a status.
async fn echo(status: &'static str) -> Backend {
    Backend::http2(move |request| {
        Box::pin(async move {
            assert_eq!(request.uri().authority().unwrap(), "name.example");
            assert_eq!(request.headers()["te"], "trailers");
            let (pieces, body) = channel();
            tokio::spawn(async move {
                let mut incoming = request.into_body();
                while let Some(Ok(frame)) = incoming.frame().await {
                    if let Ok(piece) = frame.into_data() {
                        pieces.send(Ok(Frame::data(piece))).await.unwrap();
                    }
                }
                let _ = pieces.send(Ok(Frame::trailers(trailers(status)))).await;
            });
            Response::builder().header("content-type", "application/grpc").body(body).unwrap()
        })
    })
    .await
}

async fn running(grpc: &Backend) -> Running {
    let wanted: RouterConfig = config(vec![served("v1", grpc.address, nowhere().await)]);
    Running::new(wanted).await
}

#[tokio::test]
async fn a_call_comes_back_with_its_trailers() {
    let server = echo("0").await;
    let router = running(&server).await;
    let mut client = router.http2().await;
    for _ in 0..3 {
        let answer = client.send_request(call(full("message"))).await.unwrap();
        assert_eq!(header(&answer, "x-mlctl-revision"), "v1");
        let collected = answer.into_body().collect().await.unwrap();
        assert_eq!(collected.trailers().unwrap()["grpc-status"], "0");
        assert_eq!(collected.to_bytes(), "message");
    }
    assert_eq!(router.router.snapshot().revisions[0].counts.ok, 3);
}

#[tokio::test]
async fn both_directions_stream_at_once() {
    let server = echo("0").await;
    let router = running(&server).await;
    let mut client = router.http2().await;
    let (pieces, body) = channel();
    let mut answer = client.send_request(call(body)).await.unwrap();
    for piece in ["one", "two", "three"] {
        pieces.send(data(piece)).await.unwrap();
        let frame = answer.body_mut().frame().await.unwrap().unwrap();
        assert_eq!(frame.into_data().unwrap(), piece);
    }
    drop(pieces);
    let last = answer.body_mut().frame().await.unwrap().unwrap();
    assert_eq!(last.into_trailers().unwrap()["grpc-status"], "0");
}

#[tokio::test]
async fn what_an_answer_means_is_in_its_trailers() {
    for (status, failed, client_error) in [("13", 1, 0), ("5", 0, 1), ("14", 1, 0)] {
        let server = echo(status).await;
        let router = running(&server).await;
        let answer = router.http2().await.send_request(call(full("x"))).await.unwrap();
        assert_eq!(answer.status(), 200);
        answer.into_body().collect().await.unwrap();
        let counts = router.router.snapshot().revisions[0].counts;
        assert_eq!((counts.failed(), counts.client_error), (failed, client_error), "{status}");
    }
}

#[tokio::test]
async fn refusals_are_those_of_grpc() {
    let mut nothing = revision("v1", 1, &[nowhere().await]);
    let router = Running::new(config(vec![nothing.clone()])).await;
    let answer = router.http2().await.send_request(call(full("x"))).await.unwrap();
    assert_eq!((answer.status().as_u16(), header(&answer, "grpc-status").as_str()), (200, "12"));
    nothing.replicas[0].grpc_address = Some(nowhere().await);
    router.router.configure(config(vec![nothing])).unwrap();
    let answer = router.http2().await.send_request(call(full("x"))).await.unwrap();
    assert_eq!(header(&answer, "grpc-status"), "14");
    assert!(answer.into_body().collect().await.unwrap().to_bytes().is_empty());
}

#[tokio::test]
async fn a_caller_that_resets_its_stream_resets_the_one_behind() {
    let gone = Arc::new(AtomicUsize::new(0));
    let asked = Arc::new(AtomicUsize::new(0));
    let (goes, comes) = (gone.clone(), asked.clone());
    let server = Backend::http2(move |mut request| {
        let (gone, asked) = (goes.clone(), comes.clone());
        Box::pin(async move {
            asked.fetch_add(1, Ordering::SeqCst);
            let (pieces, body) = channel();
            tokio::spawn(async move {
                while let Some(Ok(_)) = request.body_mut().frame().await {}
                pieces.closed().await;
                gone.fetch_add(1, Ordering::SeqCst);
            });
            Response::builder().header("content-type", "application/grpc").body(body).unwrap()
        })
    })
    .await;
    let router = running(&server).await;
    let mut client = router.http2().await;
    let (pieces, body) = channel();
    let answer = client.send_request(call(body)).await.unwrap();
    drop((answer, pieces));
    until("it is gone", || gone.load(Ordering::SeqCst) == 1).await;
    assert_eq!(asked.load(Ordering::SeqCst), 1);
    until("none is left", || router.router.snapshot().in_flight == 0).await;
    // The connection behind is still the same and works.
    let answer = client.send_request(call(empty())).await.unwrap();
    assert_eq!(answer.status(), 200);
}

#[tokio::test]
async fn many_calls_at_once_are_all_answered() {
    let server = echo("0").await;
    let router = running(&server).await;
    let client = router.http2().await;
    let mut calls = Vec::new();
    for number in 0..300_u32 {
        let mut client = client.clone();
        calls.push(tokio::spawn(async move {
            let text = Bytes::from(number.to_string());
            let answer = client.send_request(call(full(text.clone()))).await.unwrap();
            assert_eq!(answer.into_body().collect().await.unwrap().to_bytes(), text);
        }));
    }
    for call in calls {
        call.await.unwrap();
    }
    assert_eq!(router.router.snapshot().revisions[0].counts.ok, 300);
}

/// A server that counts its connections, and waits with its answers for permits.
async fn counted(gate: Arc<tokio::sync::Semaphore>, open: Arc<AtomicUsize>) -> Backend {
    Backend::raw(move |stream| {
        let (gate, open) = (gate.clone(), open.clone());
        async move {
            open.fetch_add(1, Ordering::SeqCst);
            let answer = hyper::service::service_fn(move |_| {
                let gate = gate.clone();
                async move {
                    gate.acquire().await.unwrap().forget();
                    let head = Response::builder().header("content-type", "application/grpc");
                    let ends = full("x").with_trailers(async { Some(Ok(trailers("0"))) });
                    Ok::<_, std::convert::Infallible>(head.body(ends).unwrap())
                }
            });
            let server =
                hyper::server::conn::http2::Builder::new(hyper_util::rt::TokioExecutor::new());
            let _ = server.serve_connection(hyper_util::rt::TokioIo::new(stream), answer).await;
            open.fetch_sub(1, Ordering::SeqCst);
        }
    })
    .await
}

#[tokio::test]
async fn connections_of_a_replica_that_left_end_with_their_last_call() {
    let (gate, open) = (Arc::new(tokio::sync::Semaphore::new(1)), Arc::new(AtomicUsize::new(0)));
    let server = counted(gate.clone(), open.clone()).await;
    let with = config(vec![served("v1", server.address, nowhere().await)]);
    let router = Running::new(with.clone()).await;
    let mut client = router.http2().await;
    let answer = client.send_request(call(full("x"))).await.unwrap();
    answer.into_body().collect().await.unwrap();
    assert_eq!(open.load(Ordering::SeqCst), 1);
    // Unused, at once.
    router.router.configure(config(vec![revision("v1", 1, &[])])).unwrap();
    until("it is closed", || open.load(Ordering::SeqCst) == 0).await;
    // Used, once the call has ended.
    router.router.configure(with).unwrap();
    let asking = tokio::spawn(client.send_request(call(full("x"))));
    until("a call is there", || open.load(Ordering::SeqCst) == 1).await;
    router.router.configure(config(vec![revision("v1", 1, &[])])).unwrap();
    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    assert_eq!(open.load(Ordering::SeqCst), 1);
    gate.add_permits(1);
    let collected = asking.await.unwrap().unwrap().into_body().collect().await.unwrap();
    assert_eq!(collected.trailers().unwrap()["grpc-status"], "0");
    until("it is closed", || open.load(Ordering::SeqCst) == 0).await;
}

#[tokio::test]
async fn a_connection_that_nobody_uses_is_closed() {
    let (gate, open) = (Arc::new(tokio::sync::Semaphore::new(1)), Arc::new(AtomicUsize::new(0)));
    let server = counted(gate, open.clone()).await;
    let mut wanted = config(vec![served("v1", server.address, nowhere().await)]);
    wanted.limits.idle_timeout = std::time::Duration::from_millis(100);
    let router = Running::new(wanted).await;
    let answer = router.http2().await.send_request(call(full("x"))).await.unwrap();
    answer.into_body().collect().await.unwrap();
    until("it is closed", || open.load(Ordering::SeqCst) == 0).await;
}

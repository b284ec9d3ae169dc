//! Streams of gRPC that end before they should.

use std::sync::Arc;

use bytes::Bytes;
use h2::Reason;
use http::{HeaderMap, Request, Response};
use tokio::net::TcpStream;
use tokio::sync::{Notify, mpsc};

use super::neighbour::Neighbour;
use super::servers;
use super::support::{House, config, server};
use crate::Counts;

/// What a server saw of its streams.
#[derive(Debug, PartialEq, Eq)]
enum Seen {
    Headed,
    Reset(Reason),
}

/// One that answers each stream with its head and one message and then waits for the caller.
async fn open_ended() -> (std::net::SocketAddr, mpsc::UnboundedReceiver<Seen>) {
    let (seen, received) = mpsc::unbounded_channel();
    let address = server(move |stream, _| {
        let seen = seen.clone();
        async move {
            let mut connection = h2::server::handshake(stream).await.unwrap();
            while let Some(Ok((request, mut respond))) = connection.accept().await {
                let seen = seen.clone();
                tokio::spawn(async move {
                    let _request = request;
                    let answer = Response::builder().header("content-type", "application/grpc");
                    let mut body = respond.send_response(answer.body(()).unwrap(), false).unwrap();
                    body.send_data(Bytes::from_static(b"\0\0\0\0\0"), false).unwrap();
                    seen.send(Seen::Headed).unwrap();
                    let reason = std::future::poll_fn(|cx| body.poll_reset(cx)).await.unwrap();
                    seen.send(Seen::Reset(reason)).unwrap();
                });
            }
        }
    })
    .await;
    (address, received)
}

fn call() -> Request<()> {
    Request::post("http://x/tensorflow.serving.PredictionService/Predict")
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        .header("x-mlctl-revision", "bad")
        .body(())
        .unwrap()
}

#[tokio::test]
async fn a_caller_that_resets_its_stream_resets_the_servers() {
    let (good, _) = servers::good().await;
    let (bad, mut seen) = open_ended().await;
    let house = House::new(config(good, bad)).await;
    let neighbour = Neighbour::new(house.address);
    let stream = TcpStream::connect(house.address).await.unwrap();
    let (mut sender, connection) = h2::client::handshake(stream).await.unwrap();
    tokio::spawn(connection);

    let (answer, mut body) = sender.send_request(call(), false).unwrap();
    let mut answer = answer.await.unwrap();
    assert_eq!(answer.headers()["x-mlctl-revision"], "bad");
    assert_eq!(answer.body_mut().data().await.unwrap().unwrap(), &b"\0\0\0\0\0"[..]);
    assert_eq!(seen.recv().await, Some(Seen::Headed));
    body.send_reset(Reason::CANCEL);
    assert_eq!(seen.recv().await, Some(Seen::Reset(Reason::CANCEL)));

    // The connections on both sides stay for the next one.
    let (answer, mut body) = sender.send_request(call(), false).unwrap();
    answer.await.unwrap();
    assert_eq!(seen.recv().await, Some(Seen::Headed));
    body.send_reset(Reason::CANCEL);
    assert_eq!(seen.recv().await, Some(Seen::Reset(Reason::CANCEL)));

    neighbour.unhurt().await;
    let snapshot = house.settled(|snapshot| snapshot.in_flight == 0).await;
    let counts = snapshot.revision("bad").unwrap().counts;
    assert_eq!(counts, Counts { cancelled: 2, ..Counts::default() });
}

#[tokio::test]
async fn a_caller_that_closes_its_connection_resets_the_servers_stream() {
    let (good, _) = servers::good().await;
    let (bad, mut seen) = open_ended().await;
    let house = House::new(config(good, bad)).await;
    let stream = TcpStream::connect(house.address).await.unwrap();
    let (mut sender, connection) = h2::client::handshake(stream).await.unwrap();
    let connection = tokio::spawn(connection);
    let (answer, _body) = sender.send_request(call(), false).unwrap();
    answer.await.unwrap();
    assert_eq!(seen.recv().await, Some(Seen::Headed));
    connection.abort();
    assert_eq!(seen.recv().await, Some(Seen::Reset(Reason::CANCEL)));
    house.empty(0).await;
}

/// What a server does to a stream whose head is out: the caller's stream does not end as if it were
/// whole.
#[tokio::test]
async fn a_server_that_resets_its_stream_breaks_the_callers() {
    let begun = Arc::new(Notify::new());
    let reset = begun.clone();
    let bad = server(move |stream, _| {
        let reset = reset.clone();
        async move {
            let mut connection = h2::server::handshake(stream).await.unwrap();
            while let Some(Ok((_, mut respond))) = connection.accept().await {
                let reset = reset.clone();
                tokio::spawn(async move {
                    let answer = Response::builder().header("content-type", "application/grpc");
                    let mut body = respond.send_response(answer.body(()).unwrap(), false).unwrap();
                    body.send_data(Bytes::from_static(b"\0\0\0"), false).unwrap();
                    reset.notified().await;
                    body.send_reset(Reason::INTERNAL_ERROR);
                });
            }
        }
    })
    .await;
    let (good, _) = servers::good().await;
    let house = House::new(config(good, bad)).await;
    let neighbour = Neighbour::new(house.address);
    let stream = TcpStream::connect(house.address).await.unwrap();
    let (mut sender, connection) = h2::client::handshake(stream).await.unwrap();
    tokio::spawn(connection);
    let (answer, _) = sender.send_request(call(), true).unwrap();
    let mut answer = answer.await.unwrap();
    assert_eq!(answer.body_mut().data().await.unwrap().unwrap(), &b"\0\0\0"[..]);
    begun.notify_one();
    let end = answer.body_mut().data().await.expect("an end without trailers looks whole");
    assert_eq!(end.unwrap_err().reason(), Some(Reason::INTERNAL_ERROR));
    neighbour.unhurt().await;
    let snapshot = house.settled(|snapshot| snapshot.in_flight == 0).await;
    let counts = snapshot.revision("bad").unwrap().counts;
    assert_eq!(counts, Counts { cut: 1, ..Counts::default() });
}

/// Servers that speak no HTTP/2 on their port of gRPC, or nothing.
#[tokio::test]
async fn a_server_that_speaks_no_grpc_is_unavailable() {
    for bytes in
        [&b"HTTP/1.1 400 Bad Request\r\n\r\n"[..], b"\xff\xff\xff\xff\xff\xff\xff\xff\xff", b""]
    {
        let bad = server(move |mut stream, _| async move {
            let _ = tokio::io::AsyncWriteExt::write_all(&mut stream, bytes).await;
            let _ = tokio::io::AsyncWriteExt::shutdown(&mut stream).await;
            servers::drain(&mut stream).await;
        })
        .await;
        let (good, _) = servers::good().await;
        let house = House::new(config(good, bad)).await;
        let neighbour = Neighbour::new(house.address);
        let stream = TcpStream::connect(house.address).await.unwrap();
        let (mut sender, connection) = h2::client::handshake(stream).await.unwrap();
        tokio::spawn(connection);
        let (answer, _) = sender.send_request(call(), true).unwrap();
        let answer = answer.await.unwrap();
        assert_eq!(answer.status(), 200);
        let head: &HeaderMap = answer.headers();
        assert_eq!(head["grpc-status"], "14", "{head:?}");
        assert!(answer.body().is_end_stream(), "it is an answer of headers alone");
        neighbour.unhurt().await;
    }
}

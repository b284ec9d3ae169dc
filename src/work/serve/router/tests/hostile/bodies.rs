//! Bodies over the limit.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::Request;
use http_body::{Body, Frame};
use http_body_util::BodyExt;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;

use super::attacks;
use super::neighbour::Neighbour;
use super::servers;
use super::support::{House, config};
use super::wire::Wire;

const TOO_LARGE: &str =
    "the request's body has more than 100000 bytes, the limit of this endpoint: send less at once";

fn words(body: &[u8]) -> String {
    let value: serde_json::Value = serde_json::from_slice(body).unwrap();
    value["error"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn one_that_says_its_length_is_refused_before_it_is_sent() {
    let ((good, _), (bad, seen)) = (servers::good().await, servers::good().await);
    let house = House::new(config(good, bad)).await;
    let neighbour = Neighbour::new(house.address);
    let mut wire = Wire::open(house.address).await;
    wire.send(
        "POST / HTTP/1.1\r\nhost: x\r\nx-mlctl-revision: bad\r\nexpect: 100-continue\r\n\
         content-length: 100001\r\n\r\n",
    )
    .await;
    let answer = wire.answer().await.unwrap();
    assert_eq!((answer.status, words(&answer.body).as_str()), (413, TOO_LARGE));
    assert!(wire.closed().await, "what is left of it is not read as a request");
    assert_eq!(seen.requests(), 0);

    let mut wire = Wire::open(house.address).await;
    let body = "x".repeat(100_000);
    wire.send(format!(
        "POST / HTTP/1.1\r\nhost: x\r\nx-mlctl-revision: bad\r\ncontent-length: 100000\r\n\r\n{body}"
    ))
    .await;
    let answer = wire.answer().await.unwrap();
    assert_eq!((answer.status, answer.text()), (200, "good 100000"), "the limit itself");
    neighbour.unhurt().await;
}

#[tokio::test]
async fn one_without_a_length_is_refused_when_it_is_over() {
    let ((good, _), (bad, seen)) = (servers::good().await, servers::good().await);
    let house = House::new(config(good, bad)).await;
    let neighbour = Neighbour::new(house.address);
    let (answer, _) = attacks::body_bomb(house.address, "bad").await;
    let answer = answer.unwrap();
    assert_eq!((answer.status, words(&answer.body).as_str()), (413, TOO_LARGE));
    neighbour.unhurt().await;
    house.empty(0).await;
    assert_eq!(seen.whole(), 0, "a body that was cut must not look whole");
    assert_eq!(house.router.snapshot().revision("bad").unwrap().counts.client_error, 1);
}

/// Chunks without an end.
struct Endless;

impl Body for Endless {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(&[0; 1000])))))
    }
}

#[tokio::test]
async fn one_of_http2_is_refused_and_the_connection_stays() {
    let ((good, _), (bad, seen)) = (servers::good().await, servers::good().await);
    let house = House::new(config(good, bad)).await;
    let neighbour = Neighbour::new(house.address);
    let stream = TcpStream::connect(house.address).await.unwrap();
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream))
            .await
            .unwrap();
    tokio::spawn(connection);
    for _ in 0..3 {
        let request = Request::post("http://x/").header("x-mlctl-revision", "bad").body(Endless);
        let answer = sender.send_request(request.unwrap()).await.unwrap();
        assert_eq!(answer.status(), 413);
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(words(&body), TOO_LARGE);
    }
    neighbour.unhurt().await;
    house.settled(|snapshot| snapshot.in_flight == 0).await;
    assert_eq!(seen.whole(), 0);
}

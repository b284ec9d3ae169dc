//! Heads that are too large, or that two readers could read in two ways.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::attacks;
use super::neighbour::Neighbour;
use super::servers;
use super::support::{House, config, server};
use super::wire::Wire;

#[tokio::test]
async fn bombs_are_refused_with_431() {
    let ((good, _), (bad, seen)) = (servers::good().await, servers::good().await);
    let house = House::new(config(good, bad)).await;
    let neighbour = Neighbour::new(house.address);
    let (answer, _) = attacks::head_bomb(house.address).await;
    assert_eq!(answer.unwrap().status, 431);

    let many = "a: b\r\n".repeat(1000);
    let long = format!("x-long: {}\r\n", "x".repeat(100_000));
    for fields in [many, long] {
        let mut wire = Wire::open(house.address).await;
        wire.send(format!("GET / HTTP/1.1\r\nx-mlctl-revision: bad\r\n{fields}\r\n")).await;
        assert_eq!(wire.answer().await.unwrap().status, 431);
        assert!(wire.closed().await);
    }
    let mut wire = Wire::open(house.address).await;
    wire.send(format!("GET /{} HTTP/1.1\r\nhost: x\r\n\r\n", "x".repeat(100_000))).await;
    let status = wire.answer().await.unwrap().status;
    assert!([414, 431].contains(&status), "{status}");
    neighbour.unhurt().await;
    house.empty(0).await;
    assert_eq!(seen.requests(), 0);
}

/// Each of these has a second request in what one of two readers takes for the body.
#[tokio::test]
async fn what_can_be_read_in_two_ways_is_refused_and_never_passed_on() {
    let ((good, _), (bad, seen)) = (servers::good().await, servers::good().await);
    let house = House::new(config(good, bad)).await;
    let neighbour = Neighbour::new(house.address);
    for framing in [
        "content-length: 0\r\ncontent-length: 36\r\n",
        "content-length: 36\r\ncontent-length: 0\r\n",
        "content-length: 5\r\ncontent-length: 5\r\n",
        "content-length: 0, 36\r\n",
        "content-length: +0\r\n",
        "content-length: 0x0\r\n",
        "content-length: -1\r\n",
        "content-length: 3 6\r\n",
        "content-length: 99999999999999999999999\r\n",
        "content-length: 36\r\ntransfer-encoding: chunked\r\n",
        "transfer-encoding: chunked\r\ncontent-length: 36\r\n",
        "transfer-encoding: chunked\r\ntransfer-encoding: identity\r\n",
        "transfer-encoding: identity\r\n",
        "transfer-encoding: gzip\r\n",
        "transfer-encoding: chunked, gzip\r\n",
        "transfer-encoding: xchunked\r\n",
        "transfer-encoding : chunked\r\n",
        "transfer-encoding\t: chunked\r\n",
        "content-length : 36\r\n",
        "x: y\r\n transfer-encoding: chunked\r\n",
        "x: y\rtransfer-encoding: chunked\r\n",
        "\0: y\r\n",
    ] {
        let mut wire = Wire::open(house.address).await;
        let head = "POST / HTTP/1.1\r\nhost: x\r\nx-mlctl-revision: bad\r\n";
        let smuggled = "GET /smuggled HTTP/1.1\r\nhost: x\r\nx-mlctl-revision: bad\r\n\r\n";
        wire.send(format!("{head}{framing}\r\n0\r\n\r\n{smuggled}")).await;
        let answer = wire.answer().await.unwrap_or_else(|| panic!("{framing:?} has no answer"));
        assert!([400, 501].contains(&answer.status), "{framing:?}: {}", answer.status);
        assert!(wire.closed().await, "{framing:?} leaves the connection open");
        assert_eq!(seen.requests(), 0, "{framing:?} was passed on");
    }
    neighbour.unhurt().await;
}

/// A head that comes with the request before it, so that nobody sees it before it is parsed, is read
/// as RFC 9112 (6.3) has it: chunks go before a length, and the connection ends after them; of two
/// lengths that are equal one is passed on. The server's reading is the router's.
#[tokio::test]
async fn what_is_passed_on_has_one_length() {
    for (framing, closes) in [
        ("content-length: 36\r\ntransfer-encoding: chunked\r\n", true),
        ("transfer-encoding: chunked\r\ncontent-length: 36\r\n", true),
        ("content-length: 5\r\ncontent-length: 5\r\n", false),
    ] {
        let heard = Arc::new(Mutex::new(Vec::new()));
        let hears = heard.clone();
        let bad = server(move |mut stream, _| {
            let hears = hears.clone();
            async move {
                while let Some(head) = servers::read_head(&mut stream).await {
                    hears.lock().unwrap().push(String::from_utf8(head).unwrap());
                    let mut body = [0; 5];
                    stream.read_exact(&mut body).await.unwrap();
                    assert_eq!(&body, b"0\r\n\r\n");
                    let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\ngood";
                    stream.write_all(answer).await.unwrap();
                }
            }
        })
        .await;
        let (good, seen) = servers::good().await;
        let house = House::new(config(good, bad)).await;
        let mut wire = Wire::open(house.address).await;
        let before = "GET /before HTTP/1.1\r\nhost: x\r\n\r\n";
        let head = "POST / HTTP/1.1\r\nhost: x\r\nx-mlctl-revision: bad\r\n";
        let after = "GET /after HTTP/1.1\r\nhost: x\r\n\r\n";
        wire.send(format!("{before}{head}{framing}\r\n0\r\n\r\n{after}")).await;
        assert_eq!(wire.answer().await.unwrap().text(), "good 0");
        assert_eq!(wire.answer().await.unwrap().text(), "good", "{framing:?}");
        if closes {
            assert!(wire.closed().await, "{framing:?} leaves the connection open");
            assert_eq!(seen.requests(), 1);
        } else {
            assert_eq!(
                wire.answer().await.unwrap().text(),
                "good 0",
                "it is a request, and no body"
            );
        }
        let heard = heard.lock().unwrap();
        assert_eq!(heard.len(), 1, "{heard:?}");
        let fields = ["content-length:", "transfer-encoding:"];
        let count = fields.iter().map(|field| heard[0].matches(field).count()).sum::<usize>();
        assert_eq!(count, 1, "{heard:?}");
    }
}

#[tokio::test]
async fn what_is_no_http_is_refused() {
    let ((good, _), (bad, seen)) = (servers::good().await, servers::good().await);
    let house = House::new(config(good, bad)).await;
    let neighbour = Neighbour::new(house.address);
    for bytes in [
        &b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"[..],
        b"hello\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET  / HTTP/1.1\r\n\r\n",
        b"\r\n\r\n\r\n\0\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n",
    ] {
        let mut wire = Wire::open(house.address).await;
        wire.send(bytes).await;
        if let Some(answer) = wire.answer().await {
            assert!((400..600).contains(&answer.status), "{bytes:?}: {}", answer.status);
        }
        assert!(wire.closed().await);
    }
    neighbour.unhurt().await;
    assert_eq!(seen.requests(), 0);
}

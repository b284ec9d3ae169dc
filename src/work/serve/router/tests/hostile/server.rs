//! Servers that answer wrongly, half, or not at all.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::neighbour::Neighbour;
use super::servers::{self, drain, read_head, scripted};
use super::support::{House, config, server};
use super::wire::Wire;
use crate::{Counts, ReplicaConfig};

/// What a caller of such a server gets, and how it is counted.
async fn asked(bad: std::net::SocketAddr) -> (super::wire::Answer, Counts) {
    let (good, _) = servers::good().await;
    let house = House::new(config(good, bad)).await;
    let neighbour = Neighbour::new(house.address);
    let mut wire = Wire::open(house.address).await;
    let answer = wire.ask("bad").await.expect("some answer");
    assert_eq!(answer.headers["x-mlctl-revision"], "bad");
    neighbour.unhurt().await;
    let ended = |counts: Counts| counts.total() == 1;
    let snapshot = house.settled(|snapshot| ended(snapshot.revision("bad").unwrap().counts)).await;
    (answer, snapshot.revision("bad").unwrap().counts)
}

#[tokio::test]
async fn what_is_no_answer_is_a_bad_gateway() {
    let fields = "a: b\r\n".repeat(10_000);
    let long = format!("HTTP/1.1 200 OK\r\nx: {}\r\n\r\n", "x".repeat(1 << 20));
    let many = format!("HTTP/1.1 200 OK\r\n{fields}\r\n");
    for answer in [
        &b"\x00\x01\x02garbage\r\n\r\n"[..],
        b"220 smtp.example ESMTP\r\n",
        b"HTTP/1.1 OK 200\r\n\r\n",
        b"HTTP/1.1 20x OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        b"HTTP/1.1 200 OK\r\na: \0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-le",
        b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\ncontent-length: 5\r\n\r\ngood",
        b"HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\ngood",
        b"HTTP/1.1 200 OK\r\ncontent-length: 4x\r\n\r\ngood",
        b"HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n",
        b"",
        long.as_bytes(),
        many.as_bytes(),
    ] {
        let (got, counts) = asked(scripted(answer).await).await;
        let shown = String::from_utf8_lossy(&answer[..answer.len().min(60)]);
        assert_eq!(got.status, 502, "{shown:?}: {}", got.text());
        assert!(got.text().contains("revision `bad` gave no valid answer"), "{}", got.text());
        assert_eq!(counts, Counts { server_error: 1, ..Counts::default() }, "{shown:?}");
    }
}

#[tokio::test]
async fn an_answer_that_breaks_off_breaks_off() {
    for answer in [
        "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nhalf\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nhalf\r\n5\r\nx",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nhalf\r\nzz\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nhalf\r\nfffffffffffffffff\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nhalf\r\n0\r\n",
    ] {
        let (got, counts) = asked(scripted(answer).await).await;
        assert_eq!((got.status, got.whole), (200, false), "{answer:?}: {}", got.text());
        assert!(got.text().starts_with("half"), "{answer:?}: {}", got.text());
        assert_eq!(counts, Counts { cut: 1, ..Counts::default() }, "{answer:?}");
    }
}

#[tokio::test]
async fn an_answer_that_only_the_end_of_its_connection_ends_is_whole() {
    for answer in ["HTTP/1.1 200 OK\r\n\r\nwhole", "HTTP/1.0 200 OK\r\n\r\nwhole"] {
        let (got, counts) = asked(scripted(answer).await).await;
        assert_eq!((got.status, got.text(), got.whole), (200, "whole", true));
        assert_eq!(counts, Counts { ok: 1, ..Counts::default() });
    }
}

#[tokio::test]
async fn silence_is_a_gateway_timeout() {
    let (good, _) = servers::good().await;
    let silent = server(|mut stream, _| async move { drain(&mut stream).await }).await;
    let endless = server(|mut stream, _| async move {
        while stream.write_all(b"HTTP/1.1 102 Processing\r\n\r\n").await.is_ok() {}
    })
    .await;
    for bad in [silent, endless] {
        let mut config = config(good, bad);
        config.limits.timeout = Duration::from_millis(200);
        let house = House::new(config).await;
        let neighbour = Neighbour::new(house.address);
        let mut wire = Wire::open(house.address).await;
        let answer = wire.ask("bad").await.unwrap();
        assert_eq!(answer.status, 504, "{}", answer.text());
        assert!(answer.text().contains("gave no answer within 200 ms"), "{}", answer.text());
        assert_eq!(wire.ask("good").await.unwrap().status, 200, "the caller's connection stays");
        neighbour.unhurt().await;
        let counts = house.router.snapshot().revision("bad").unwrap().counts;
        assert_eq!(counts, Counts { server_error: 1, ..Counts::default() });
    }
}

/// A head without an end is given up, however long the server would go on.
#[tokio::test]
async fn a_head_that_goes_on_for_ever_is_given_up() {
    let (sent, mut received) = tokio::sync::mpsc::unbounded_channel();
    let bad = server(move |mut stream, _| {
        let sent = sent.clone();
        async move {
            read_head(&mut stream).await;
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n").await;
            let line = format!("x-bomb: {}\r\n", "x".repeat(1000));
            let mut bytes = 0;
            while bytes < 256 << 20 && stream.write_all(line.as_bytes()).await.is_ok() {
                bytes += line.len();
            }
            let _ = sent.send(bytes);
        }
    })
    .await;
    let (answer, counts) = asked(bad).await;
    assert_eq!((answer.status, counts.server_error), (502, 1));
    // What the kernel holds of it is counted too.
    assert!(received.recv().await.unwrap() < 32 << 20);
}

/// What a server says after its answer is never somebody else's answer.
#[tokio::test]
async fn more_than_an_answer_reaches_nobody() {
    for answer in [
        "HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\ngood",
        "HTTP/1.1 204 No Content\r\n\r\n",
        "HTTP/1.1 304 Not Modified\r\ncontent-length: 50\r\n\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\ngood\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ncontent-length: 1\r\n\r\n4\r\ngood\r\n0\r\n\r\n",
    ] {
        let poison = "HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\npoison";
        let bytes = format!("{answer}{poison}");
        let bad = server(move |mut stream, _| {
            let bytes = bytes.clone();
            async move {
                while read_head(&mut stream).await.is_some()
                    && stream.write_all(bytes.as_bytes()).await.is_ok()
                {}
            }
        })
        .await;
        let (good, _) = servers::good().await;
        let house = House::new(config(good, bad)).await;
        let mut wire = Wire::open(house.address).await;
        for _ in 0..20 {
            let got = wire.ask("bad").await.unwrap();
            assert!(["good", ""].contains(&got.text()), "{answer:?}: {}", got.text());
            assert!(got.whole && got.status < 400, "{answer:?}: {}", got.status);
        }
    }
}

/// Lengths that two readers could read in two ways become one.
#[tokio::test]
async fn an_answer_is_passed_on_with_one_length() {
    for (fields, length) in [
        ("content-length: 4\r\ncontent-length: 4\r\n\r\ngood", Some("4")),
        ("content-length: 4, 4\r\n\r\ngood", Some("4")),
        ("content-length: 1\r\ntransfer-encoding: chunked\r\n\r\n4\r\ngood\r\n0\r\n\r\n", None),
        ("transfer-encoding: chunked\r\ncontent-length: 9\r\n\r\n4\r\ngood\r\n0\r\n\r\n", None),
    ] {
        let (got, counts) = asked(scripted(format!("HTTP/1.1 200 OK\r\n{fields}")).await).await;
        assert_eq!((got.status, got.text(), got.whole), (200, "good", true), "{fields:?}");
        let lengths: Vec<&str> = got
            .headers
            .get_all("content-length")
            .iter()
            .map(|value| value.to_str().unwrap())
            .collect();
        assert_eq!(lengths, Vec::from_iter(length), "{fields:?}");
        assert_eq!(counts, Counts { ok: 1, ..Counts::default() });
    }
}

/// One that closes kept connections whenever it likes: after an answer without a word, or when the
/// next request has already come. No caller sees it, as another replica, or a new connection, does.
#[tokio::test]
async fn kept_connections_that_close_at_random_are_felt_by_nobody() {
    let moody = || async {
        server(|mut stream, number| async move {
            let mut random = fastrand::Rng::with_seed(number as u64);
            for _ in 0..random.u32(1..5) {
                if read_head(&mut stream).await.is_none() {
                    return;
                }
                let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\ngood";
                let _ = stream.write_all(answer).await;
            }
            if random.u32(..10) == 0 {
                read_head(&mut stream).await;
            }
        })
        .await
    };
    let (good, _) = servers::good().await;
    let mut config = config(good, moody().await);
    let other = moody().await;
    config.revisions[1].replicas.push(ReplicaConfig {
        id: "bad-1".to_owned(),
        address: other,
        grpc_address: None,
    });
    let house = House::new(config).await;
    let neighbour = Neighbour::new(house.address);
    let callers = (0..4).map(|_| async {
        let mut wire = Wire::open(house.address).await;
        for _ in 0..250 {
            let answer = wire.ask("bad").await.unwrap();
            assert_eq!((answer.status, answer.text()), (200, "good"));
        }
    });
    let callers: Vec<_> = callers.map(Box::pin).collect();
    for caller in callers {
        caller.await;
    }
    neighbour.unhurt().await;
    let counts = house.router.snapshot().revision("bad").unwrap().counts;
    assert_eq!(counts, Counts { ok: 1000, ..Counts::default() });
}

/// An answer before the request's end is passed on, and what comes of the request afterwards
/// disturbs neither side.
#[tokio::test]
async fn an_answer_before_the_end_of_its_request_is_passed_on() {
    let bad = server(|mut stream, _| async move {
        read_head(&mut stream).await;
        let answer = b"HTTP/1.1 403 Forbidden\r\ncontent-length: 2\r\n\r\nno";
        let _ = stream.write_all(answer).await;
        let mut space = [0; 100];
        while matches!(stream.read(&mut space).await, Ok(1..)) {}
    })
    .await;
    let (good, _) = servers::good().await;
    let house = House::new(config(good, bad)).await;
    let neighbour = Neighbour::new(house.address);
    let mut wire = Wire::open(house.address).await;
    wire.send(
        "POST / HTTP/1.1\r\nhost: x\r\nx-mlctl-revision: bad\r\ncontent-length: 50000\r\n\r\nhalf",
    )
    .await;
    let answer = wire.answer().await.unwrap();
    assert_eq!((answer.status, answer.text()), (403, "no"));
    drop(wire);
    neighbour.unhurt().await;
    house.empty(0).await;
}

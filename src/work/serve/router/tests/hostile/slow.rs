//! Callers that take their time.

use std::time::Duration;

use tokio::io::AsyncWriteExt;

use super::frames::{self, END_HEADERS, END_STREAM, HEADERS};
use super::neighbour::Neighbour;
use super::servers;
use super::support::{House, config, server};
use super::wire::Wire;

#[tokio::test]
async fn a_head_that_drips_is_given_up() {
    let ((good, seen), (bad, _)) = (servers::good().await, servers::good().await);
    let house = House::new(config(good, bad)).await;
    let mut drips = Vec::new();
    for _ in 0..20 {
        drips.push(tokio::spawn(drip(house.address, "GET /x HTTP/1.1\r\nx-drip: ")));
    }
    drips.push(tokio::spawn(drip(house.address, "")));
    let neighbour = Neighbour::new(house.address);
    for drip in drips {
        let answer = drip.await.unwrap().expect("it is told why");
        assert_eq!(answer.status, 408);
        assert_eq!(answer.headers["connection"], "close");
        let words = "{\"error\":\"the request's head was not there within 200 ms\"}";
        assert_eq!(answer.text(), words);
    }
    neighbour.unhurt().await;
    house.empty(0).await;
    assert_eq!(seen.requests(), seen.whole());
}

/// Sends a byte every few milliseconds until there is an answer or an end.
async fn drip(address: std::net::SocketAddr, start: &str) -> Option<super::wire::Answer> {
    let wire = Wire::open(address).await;
    let (from, mut to) = wire.0.into_inner().into_split();
    to.write_all(start.as_bytes()).await.unwrap();
    let dripping = tokio::spawn(async move {
        while to.write_all(b"a").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    });
    let stream = from;
    // The other half is only for writing.
    let answer = super::wire::read(stream).await;
    dripping.await.unwrap();
    answer
}

#[tokio::test]
async fn a_body_that_stops_is_given_up() {
    let ((good, _), (bad, seen)) = (servers::good().await, servers::good().await);
    let house = House::new(config(good, bad)).await;
    let neighbour = Neighbour::new(house.address);
    for framing in
        ["content-length: 100\r\n\r\nhalf", "transfer-encoding: chunked\r\n\r\n4\r\nhalf"]
    {
        let mut wire = Wire::open(house.address).await;
        let head = "POST / HTTP/1.1\r\nhost: x\r\nx-mlctl-revision: bad\r\n";
        wire.send(format!("{head}{framing}")).await;
        let answer = wire.answer().await.unwrap();
        assert_eq!(answer.status, 408);
        assert!(answer.text().contains("did not go on for 300 ms"), "{}", answer.text());
        assert!(wire.closed().await);
    }
    neighbour.unhurt().await;
    let snapshot = house.empty(0).await;
    assert_eq!(seen.whole(), 0);
    assert_eq!(snapshot.revision("bad").unwrap().counts.client_error, 2);
}

/// An answer that nobody reads holds its replica only as long as a pause may last.
#[tokio::test]
async fn an_answer_that_nobody_takes_is_given_up() {
    let (good, _) = servers::good().await;
    let bad = server(|mut stream, _| async move {
        servers::read_head(&mut stream).await;
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await;
        while stream.write_all(&[b'x'; 4096]).await.is_ok() {}
    })
    .await;
    let house = House::new(config(good, bad)).await;
    let neighbour = Neighbour::new(house.address);

    let mut http1 = Wire::open(house.address).await;
    http1.send("GET / HTTP/1.1\r\nhost: x\r\nx-mlctl-revision: bad\r\n\r\n").await;
    let mut http2 = Wire::open(house.address).await;
    let head = [frames::GET, &frames::header("x-mlctl-revision", "bad")].concat();
    let request = frames::frame(HEADERS, END_STREAM | END_HEADERS, 1, &head);
    // No window for data at all (SETTINGS_INITIAL_WINDOW_SIZE is 4).
    http2.send([frames::opening(&[0, 4, 0, 0, 0, 0]), request].concat()).await;

    house.settled(|snapshot| snapshot.revision("bad").unwrap().in_flight == 2).await;
    let done = |counts: crate::Counts| counts.cancelled + counts.cut == 2;
    house.settled(|snapshot| done(snapshot.revision("bad").unwrap().counts)).await;
    neighbour.unhurt().await;
    house.empty(0).await;
    drop((http1, http2));
}

#[tokio::test]
async fn a_connection_without_a_request_is_closed() {
    let ((good, _), (bad, _)) = (servers::good().await, servers::good().await);
    let house = House::new(config(good, bad)).await;
    let neighbour = Neighbour::new(house.address);
    let mut silent = Wire::open(house.address).await;
    let mut used = Wire::open(house.address).await;
    assert_eq!(used.ask("good").await.unwrap().status, 200);
    let mut http2 = Wire::open(house.address).await;
    http2.send(frames::opening(&[])).await;
    assert!(silent.closed().await);
    assert!(used.closed().await);
    while frames::next(&mut http2.0).await.is_some() {}
    neighbour.unhurt().await;
}

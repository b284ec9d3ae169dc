//! What only HTTP/2 makes possible.

use tokio::net::TcpStream;

use super::attacks;
use super::frames::{
    self, CONTINUATION, DATA, END_HEADERS, END_STREAM, GOAWAY, HEADERS, PING, RST_STREAM, SETTINGS,
};
use super::neighbour::Neighbour;
use super::servers;
use super::support::{House, config};

/// `ENHANCE_YOUR_CALM` (RFC 9113, 7).
const CALM: [u8; 4] = [0, 0, 0, 11];

#[tokio::test]
async fn a_rapid_reset_ends_its_connection() {
    let ((good, _), (bad, seen)) = (servers::good().await, servers::good().await);
    let mut config = config(good, bad);
    (config.revisions[0].weight, config.revisions[1].weight) = (0, 100);
    let house = House::new(config).await;
    let answered = attacks::answered(house.address, attacks::rapid_reset()).await;
    let away = answered.iter().find(|(kind, ..)| *kind == GOAWAY).expect("it is told why");
    assert_eq!(away.3[4..8], CALM);
    let snapshot = house.empty(0).await;
    // What was begun is at most what a connection may have at once.
    assert!(seen.requests() <= 256, "{} of 2000 came through", seen.requests());
    assert!(snapshot.revision("bad").unwrap().counts.total() <= 256);
}

#[tokio::test]
async fn a_rapid_reset_is_not_felt_by_others() {
    let ((good, _), (bad, _)) = (servers::good().await, servers::good().await);
    let house = House::new(config(good, bad)).await;
    let neighbour = Neighbour::new(house.address);
    for _ in 0..10 {
        attacks::answered(house.address, attacks::rapid_reset()).await;
    }
    neighbour.unhurt().await;
    house.empty(0).await;
}

#[tokio::test]
async fn a_head_that_goes_on_for_ever_ends_its_connection() {
    let ((good, _), (bad, seen)) = (servers::good().await, servers::good().await);
    let house = House::new(config(good, bad)).await;
    let neighbour = Neighbour::new(house.address);
    attacks::continuation_flood(house.address).await;
    neighbour.unhurt().await;
    house.empty(0).await;
    assert_eq!(seen.requests(), 0);
}

#[tokio::test]
async fn a_head_that_is_too_large_is_refused_with_431() {
    let ((good, _), (bad, _)) = (servers::good().await, servers::good().await);
    let house = House::new(config(good, bad)).await;
    let neighbour = Neighbour::new(house.address);
    let stream = TcpStream::connect(house.address).await.unwrap();
    let (mut sender, connection) = h2::client::handshake(stream).await.unwrap();
    tokio::spawn(connection);
    let request = http::Request::get("http://x/").header("x-bomb", "x".repeat(20_000));
    let (answer, _) = sender.send_request(request.body(()).unwrap(), true).unwrap();
    assert_eq!(answer.await.unwrap().status(), 431);
    neighbour.unhurt().await;
}

/// Frames that break the rules end their connection, and only theirs.
#[tokio::test]
async fn what_is_no_http2_ends_its_connection() {
    let ((good, _), (bad, seen)) = (servers::good().await, servers::good().await);
    let house = House::new(config(good, bad)).await;
    let neighbour = Neighbour::new(house.address);
    for frames in [
        frames::frame(DATA, 0, 0, b"x"),
        frames::frame(DATA, 0, 1, b"x"),
        frames::frame(HEADERS, END_STREAM | END_HEADERS, 2, frames::GET),
        frames::frame(HEADERS, END_STREAM | END_HEADERS, 1, &[0xff; 20]),
        frames::frame(SETTINGS, 0, 0, b"x"),
        frames::frame(PING, 0, 0, b"x"),
        frames::frame(RST_STREAM, 0, 1, &[0; 4]),
        frames::frame(CONTINUATION, END_HEADERS, 1, frames::GET),
        vec![0xff; 64],
    ] {
        attacks::answered(house.address, [frames::opening(&[]), frames].concat()).await;
    }
    neighbour.unhurt().await;
    house.empty(0).await;
    assert_eq!(seen.requests(), 0);
}

/// Pings and settings want answers; whoever does not read them makes no heap of them.
#[tokio::test]
async fn answers_that_nobody_reads_are_no_heap() {
    let ((good, _), (bad, _)) = (servers::good().await, servers::good().await);
    let house = House::new(config(good, bad)).await;
    let neighbour = Neighbour::new(house.address);
    let floods = [frames::frame(PING, 0, 0, &[0; 8]), frames::frame(SETTINGS, 0, 0, &[])];
    for flood in floods {
        let bytes = [frames::opening(&[]), flood.repeat(100_000)].concat();
        // Nothing is under way, so it ends by being unused at the latest.
        attacks::answered(house.address, bytes).await;
    }
    neighbour.unhurt().await;
    house.empty(0).await;
}

/// Of a request whose headers are only for one connection in HTTP/1.1, nothing is passed on
/// (RFC 9113, 8.2.2).
#[tokio::test]
async fn headers_of_another_protocol_are_refused() {
    let ((good, _), (bad, seen)) = (servers::good().await, servers::good().await);
    let house = House::new(config(good, bad)).await;
    let neighbour = Neighbour::new(house.address);
    for (name, value) in [
        ("transfer-encoding", "chunked"),
        ("connection", "close"),
        ("X-Upper", "y"),
        (":path", "/other"),
        ("content-length", "5"),
    ] {
        let head = [
            frames::POST,
            &frames::header("x-mlctl-revision", "bad"),
            &frames::header(name, value),
        ]
        .concat();
        let bytes =
            [frames::opening(&[]), frames::frame(HEADERS, END_STREAM | END_HEADERS, 1, &head)]
                .concat();
        let answered = attacks::answered(house.address, bytes).await;
        let reset = answered.iter().any(|(kind, _, stream, _)| *kind == RST_STREAM && *stream == 1);
        let away = answered.iter().any(|(kind, _, _, payload)| *kind == GOAWAY && payload[7] != 0);
        assert!(reset || away, "{name}: {answered:?}");
    }
    neighbour.unhurt().await;
    assert_eq!(seen.requests(), 0);
}

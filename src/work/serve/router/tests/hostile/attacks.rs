//! What callers do to a router. Each ends when the router has put an end to it.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::frames::{self, CONTINUATION, END_HEADERS, END_STREAM, HEADERS, RST_STREAM};
use super::wire::{Answer, Reader};

/// No attack sends more: one that could has not been stopped.
const MOST: usize = 256 << 20;

/// Sends the same piece again and again until nobody takes it, and says what was answered. The
/// piece is what makes the message endless.
pub(super) async fn endless(
    address: SocketAddr,
    start: &[u8],
    piece: &[u8],
) -> (Option<Answer>, usize) {
    let stream = TcpStream::connect(address).await.unwrap();
    let (from, mut to) = stream.into_split();
    let (start, piece) = (start.to_vec(), piece.to_vec());
    let sending = tokio::spawn(async move {
        let mut sent = 0;
        let mut result = to.write_all(&start).await;
        while result.is_ok() && sent < MOST {
            sent += piece.len();
            result = to.write_all(&piece).await;
        }
        assert!(sent < MOST, "nobody stopped it");
        (sent, to)
    });
    let mut bytes = Vec::new();
    let mut from = from;
    let _ = from.read_to_end(&mut bytes).await;
    let (sent, to) = sending.await.unwrap();
    drop((from, to));
    (Reader(&bytes[..]).answer().await, sent)
}

/// A head without an end.
pub(super) async fn head_bomb(address: SocketAddr) -> (Option<Answer>, usize) {
    let line = format!("x-bomb: {}\r\n", "x".repeat(1000));
    endless(address, b"GET / HTTP/1.1\r\nhost: x\r\n", line.as_bytes()).await
}

/// A body without an end.
pub(super) async fn body_bomb(address: SocketAddr, revision: &str) -> (Option<Answer>, usize) {
    let head = format!(
        "POST / HTTP/1.1\r\nhost: x\r\nx-mlctl-revision: {revision}\r\n\
         transfer-encoding: chunked\r\n\r\n"
    );
    let chunk = format!("3e8\r\n{}\r\n", "x".repeat(1000));
    endless(address, head.as_bytes(), chunk.as_bytes()).await
}

/// Frames after an opening, and everything that comes back until the connection ends.
pub(super) async fn answered(address: SocketAddr, bytes: Vec<u8>) -> Vec<(u8, u8, u32, Vec<u8>)> {
    let stream = TcpStream::connect(address).await.unwrap();
    let (mut from, mut to) = stream.into_split();
    let sending = tokio::spawn(async move {
        let _ = to.write_all(&bytes).await;
        to
    });
    let mut frames = Vec::new();
    while let Some(frame) = frames::next(&mut from).await {
        frames.push(frame);
    }
    drop(sending.await.unwrap());
    frames
}

/// 2,000 requests of which each is reset at once (CVE-2023-44487), in one write.
pub(super) fn rapid_reset() -> Vec<u8> {
    let mut bytes = frames::opening(&[]);
    for number in 0..2000 {
        let stream = number * 2 + 1;
        bytes.extend(frames::frame(HEADERS, END_STREAM | END_HEADERS, stream, frames::GET));
        bytes.extend(frames::frame(RST_STREAM, 0, stream, &8_u32.to_be_bytes()));
    }
    bytes
}

/// A head of HTTP/2 that goes on for ever (CVE-2024-27316). Returns how much was taken.
pub(super) async fn continuation_flood(address: SocketAddr) -> usize {
    let start = [frames::opening(&[]), frames::frame(HEADERS, END_STREAM, 1, frames::GET)].concat();
    let field = frames::header("x-bomb", &"x".repeat(100));
    let piece = frames::frame(CONTINUATION, 0, 1, &field.repeat(100));
    let stream = TcpStream::connect(address).await.unwrap();
    let (mut from, mut to) = stream.into_split();
    let reading = tokio::spawn(async move {
        let mut space = vec![0; 4096];
        while matches!(from.read(&mut space).await, Ok(1..)) {}
        from
    });
    let mut sent = 0;
    let mut result = to.write_all(&start).await;
    while result.is_ok() && sent < MOST {
        sent += piece.len();
        result = to.write_all(&piece).await;
    }
    assert!(sent < MOST, "nobody stopped it");
    drop(to);
    drop(reading.await.unwrap());
    sent
}

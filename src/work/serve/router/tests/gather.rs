//! Writes that are gathered.

use std::pin::pin;

use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

use crate::gather::Gather;

fn pair(room: usize) -> (Gather<DuplexStream>, DuplexStream) {
    let (one, other) = tokio::io::duplex(room);
    (Gather::new(one), other)
}

#[tokio::test]
async fn what_is_written_goes_out_when_it_is_flushed_after_the_others_had_their_turn() {
    let (mut gather, mut other) = pair(1024);
    gather.write_all(b"one ").await.unwrap();
    {
        let mut flush = pin!(gather.flush());
        // The first look only lets others run.
        assert!(now(flush.as_mut()).is_none());
        assert!(now(pin!(other.read_u8())).is_none());
        flush.await.unwrap();
    }
    let mut text = [0; 4];
    other.read_exact(&mut text).await.unwrap();
    assert_eq!(&text, b"one ");
}

#[tokio::test]
async fn nothing_is_lost_or_turned_around_in_any_size() {
    let (mut gather, mut other) = pair(777);
    let sent: Vec<u8> = (0..400_000_u32).map(|number| (number % 251) as u8).collect();
    let copy = sent.clone();
    let writing = tokio::spawn(async move {
        let mut rest = copy.as_slice();
        for size in [1, 100, 4_000, 40_000, 33_000, 5, 70_000].into_iter().cycle() {
            let (part, more) = rest.split_at(rest.len().min(size));
            gather.write_all(part).await.unwrap();
            if size % 2 == 0 {
                gather.flush().await.unwrap();
            }
            rest = more;
            if rest.is_empty() {
                break;
            }
        }
        // What was not flushed goes out before the end.
        gather.shutdown().await.unwrap();
    });
    let mut all = Vec::new();
    other.read_to_end(&mut all).await.unwrap();
    writing.await.unwrap();
    assert!(all == sent);
}

/// What a future has without waiting.
fn now<T>(future: std::pin::Pin<&mut impl Future<Output = T>>) -> Option<T> {
    let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
    match future.poll(&mut cx) {
        std::task::Poll::Ready(value) => Some(value),
        std::task::Poll::Pending => None,
    }
}

//! HTTP/1.1 by hand, so that it can be wrong.

use std::net::SocketAddr;

use http::{HeaderMap, HeaderName, HeaderValue};
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

/// A connection of a caller.
pub(super) struct Wire(pub(super) BufReader<TcpStream>);

/// What answers are read from.
pub(super) struct Reader<R>(pub(super) R);

/// An answer as it came.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
    /// Whether its body came to its end.
    pub(super) whole: bool,
}

impl Answer {
    pub(super) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }
}

impl Wire {
    pub(super) async fn open(address: SocketAddr) -> Self {
        Self(BufReader::new(TcpStream::connect(address).await.unwrap()))
    }

    /// Sends as much as is taken; whoever refuses may close before all is there.
    pub(super) async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        let _ = self.0.get_mut().write_all(bytes.as_ref()).await;
    }

    /// A `GET` for a revision.
    pub(super) async fn ask(&mut self, revision: &str) -> Option<Answer> {
        let head = format!("GET / HTTP/1.1\r\nhost: x\r\nx-mlctl-revision: {revision}\r\n\r\n");
        self.send(head).await;
        self.answer().await
    }

    /// The next answer, interim ones left out; None if the connection ended before its first byte.
    pub(super) async fn answer(&mut self) -> Option<Answer> {
        Reader(&mut self.0).answer().await
    }

    /// Whether the other side has closed: there is nothing to read any more.
    pub(super) async fn closed(&mut self) -> bool {
        !matches!(self.0.read(&mut [0]).await, Ok(1..))
    }
}

impl<R: AsyncBufRead + Unpin> Reader<R> {
    /// The next answer, interim ones left out; None if the connection ended before its first byte.
    pub(super) async fn answer(&mut self) -> Option<Answer> {
        loop {
            let answer = self.one().await?;
            if !(100..200).contains(&answer.status) || answer.status == 101 {
                return Some(answer);
            }
        }
    }

    async fn one(&mut self) -> Option<Answer> {
        let line = self.line().await?;
        let (version, rest) = line.split_once(' ').unwrap();
        assert!(version == "HTTP/1.1" || version == "HTTP/1.0", "{line}");
        let status = rest[..3].parse().unwrap();
        let mut headers = HeaderMap::new();
        loop {
            let line = self.line().await.expect("a head comes to its end");
            if line.is_empty() {
                break;
            }
            let (name, value) = line.split_once(':').unwrap();
            headers.append(
                HeaderName::try_from(name).unwrap(),
                HeaderValue::from_str(value.trim()).unwrap(),
            );
        }
        let (body, whole) = match headers.get("content-length") {
            _ if (100..200).contains(&status) || status == 204 || status == 304 => (vec![], true),
            Some(length) => {
                let length: usize = length.to_str().unwrap().parse().unwrap();
                let mut body = Vec::new();
                let _ = (&mut self.0).take(length as u64).read_to_end(&mut body).await;
                let whole = body.len() == length;
                (body, whole)
            }
            None if headers.contains_key("transfer-encoding") => self.chunks().await,
            None => {
                let mut body = Vec::new();
                let whole = self.0.read_to_end(&mut body).await.is_ok();
                (body, whole)
            }
        };
        Some(Answer { status, headers, body, whole })
    }

    async fn chunks(&mut self) -> (Vec<u8>, bool) {
        let mut body = Vec::new();
        loop {
            let Some(line) = self.line().await else { return (body, false) };
            let Ok(length) = u64::from_str_radix(&line, 16) else { return (body, false) };
            if length == 0 {
                return (body, self.line().await.is_some());
            }
            let before = body.len();
            let _ = (&mut self.0).take(length).read_to_end(&mut body).await;
            if body.len() - before < length as usize || self.line().await.is_none() {
                return (body, false);
            }
        }
    }

    /// A line without its end; None if the connection ended before it did.
    async fn line(&mut self) -> Option<String> {
        let mut line = Vec::new();
        let read = self.0.read_until(b'\n', &mut line).await;
        if read.is_err() || line.pop() != Some(b'\n') {
            return None;
        }
        if line.last() == Some(&b'\r') {
            line.pop();
        }
        Some(String::from_utf8(line).unwrap())
    }
}

/// The only answer of a connection that somebody else writes to.
pub(super) async fn read(from: tokio::net::tcp::OwnedReadHalf) -> Option<Answer> {
    Reader(BufReader::new(from)).answer().await
}

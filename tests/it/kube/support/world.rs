//! A laptop whose clock is wrong, seen from there: everything that the API server says is of another time.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::process::Child;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use jiff::{SignedDuration, Timestamp};

use super::Kube;
use super::proxy::{kubectl_proxy, request, use_address};

/// `YYYY-MM-DDTHH:MM:SS`, of which a digit is `0`.
const SHAPE: &[u8] = b"0000-00-00T00:00:00";

/// `kubectl proxy`, and in front of it one that moves all times of the cluster: in its answers, its logs
/// and its clock, and back in what is asked.
pub struct World {
    address: SocketAddr,
    stopped: Arc<AtomicBool>,
    kubectl: Child,
}

impl World {
    /// From now on the cluster is ahead of mlctl's laptop by so many seconds; behind it where they are
    /// negative.
    pub fn ahead(kube: &Kube, seconds: i64) -> Self {
        let (kubectl, upstream) = kubectl_proxy(kube);
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let stopped = Arc::new(AtomicBool::new(false));
        let world = Self { address, stopped: Arc::clone(&stopped), kubectl };
        std::thread::spawn(move || {
            for client in listener.incoming() {
                if stopped.load(Ordering::Relaxed) {
                    return;
                }
                let Ok(client) = client else { continue };
                std::thread::spawn(move || serve(client, upstream, seconds));
            }
        });
        use_address(kube, address);
        world
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::Relaxed);
        let _ = TcpStream::connect(self.address);
        let _ = self.kubectl.kill();
        let _ = self.kubectl.wait();
    }
}

fn serve(mut client: TcpStream, upstream: SocketAddr, seconds: i64) {
    let Some((head, body)) = request(&mut client) else { return };
    let Ok(mut server) = TcpStream::connect(upstream) else { return };
    let upgrades = head.to_ascii_lowercase().contains("\r\nupgrade:");
    // An answer of HTTP/1.0 is in one piece, so that no time is cut in two by what frames it.
    let mut asked = if upgrades { head } else { head.replacen("HTTP/1.1", "HTTP/1.0", 1) };
    asked = asked.replace("%3A", ":");
    let asked = moved(asked.as_bytes(), -seconds);
    if server.write_all(&asked).and_then(|()| server.write_all(&body)).is_err() {
        return;
    }
    if upgrades {
        let (mut from, mut to) =
            (client.try_clone().expect("a socket"), server.try_clone().expect("a socket"));
        std::thread::spawn(move || {
            let _ = std::io::copy(&mut from, &mut to);
            let _ = to.shutdown(Shutdown::Write);
        });
        let _ = std::io::copy(&mut server, &mut client);
    } else {
        pass(&mut server, &mut client, seconds);
    }
    let _ = client.shutdown(Shutdown::Both);
}

/// Passes an answer on as it comes, but for an end that may be half a time.
fn pass(server: &mut TcpStream, client: &mut TcpStream, seconds: i64) {
    let mut pending = Vec::new();
    let mut buffer = [0; 16 * 1024];
    let mut in_head = true;
    while let Ok(read @ 1..) = server.read(&mut buffer) {
        pending.extend_from_slice(&buffer[..read]);
        if in_head {
            let Some(end) = pending.windows(4).position(|part| part == b"\r\n\r\n") else {
                continue;
            };
            let head = dated(&pending[..end], seconds);
            if client.write_all(&head).is_err() {
                return;
            }
            pending.drain(..end + 4);
            in_head = false;
        }
        let kept = (0..SHAPE.len())
            .rev()
            .find(|kept| *kept <= pending.len() && fits(&pending[pending.len() - kept..], SHAPE));
        let whole = pending.len() - kept.unwrap_or(0);
        if client.write_all(&moved(&pending[..whole], seconds)).is_err() {
            return;
        }
        pending.drain(..whole);
    }
    let _ = client.write_all(&pending);
}

/// The bytes are the beginning of something of this shape.
fn fits(bytes: &[u8], shape: &[u8]) -> bool {
    bytes.iter().zip(shape).all(|(byte, wanted)| match wanted {
        b'0' => byte.is_ascii_digit(),
        other => byte == other,
    })
}

/// A text with all times in it moved; it stays as long as it was.
fn moved(text: &[u8], seconds: i64) -> Vec<u8> {
    let mut moved = text.to_vec();
    let mut at = 0;
    while at + SHAPE.len() <= moved.len() {
        let part = &mut moved[at..at + SHAPE.len()];
        if !fits(part, SHAPE) {
            at += 1;
            continue;
        }
        let time =
            str::from_utf8(part).ok().and_then(|time| format!("{time}Z").parse::<Timestamp>().ok());
        if let Some(time) =
            time.and_then(|time| time.checked_add(SignedDuration::from_secs(seconds)).ok())
        {
            part.copy_from_slice(time.strftime("%Y-%m-%dT%H:%M:%S").to_string().as_bytes());
        }
        at += SHAPE.len();
    }
    moved
}

/// The head of an answer, its `Date` moved.
fn dated(head: &[u8], seconds: i64) -> Vec<u8> {
    let head = str::from_utf8(head).expect("a head of text");
    let shifted = |line: &str| {
        let Some(date) = line.strip_prefix("Date: ") else { return line.to_owned() };
        let date = jiff::fmt::rfc2822::parse(date).expect("a date");
        let date = date.timestamp() + SignedDuration::from_secs(seconds);
        format!("Date: {}", date.strftime("%a, %d %b %Y %H:%M:%S GMT"))
    };
    let lines: Vec<String> = head.split("\r\n").map(shifted).collect();
    (lines.join("\r\n") + "\r\n\r\n").into_bytes()
}

//! A proxy in front of an HTTP server that answers badly when it is told to.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

/// What happens to one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It is passed on.
    None,
    /// The connection ends and the server hears nothing.
    Reset,
    /// The server does it, and its answer is lost.
    LoseAnswer,
    /// Half of the answer arrives.
    Truncate,
    /// Nothing comes back for as long as the client waits; the server hears nothing.
    Stall,
    /// The proxy answers with this status; the server hears nothing.
    Status(u16),
}

type Rule = dyn FnMut(&str) -> Fault + Send;

/// The proxy; it ends with this.
pub struct Faults {
    /// Its port on this machine.
    pub port: u16,
    over: Arc<AtomicBool>,
}

impl Faults {
    /// A proxy before the server at a port. `rule` sees the head of each request.
    pub fn start(upstream: u16, rule: impl FnMut(&str) -> Fault + Send + 'static) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let over = Arc::new(AtomicBool::new(false));
        let rule: Arc<Mutex<Rule>> = Arc::new(Mutex::new(rule));
        let ended = Arc::clone(&over);
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                if ended.load(Ordering::SeqCst) {
                    return;
                }
                let rule = Arc::clone(&rule);
                std::thread::spawn(move || pass(client, upstream, &rule));
            }
        });
        Self { port, over }
    }

    /// The URL of what is behind it.
    pub fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

impl Drop for Faults {
    fn drop(&mut self) {
        self.over.store(true, Ordering::SeqCst);
        // The listener looks when somebody connects.
        let _ = TcpStream::connect(("127.0.0.1", self.port));
    }
}

/// One request; the connection ends behind it. A client that has gone is no failure of the proxy.
fn pass(mut client: TcpStream, upstream: u16, rule: &Mutex<Rule>) -> Option<()> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        client.read_exact(&mut byte).ok()?;
        head.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok())?
    });
    let mut body = vec![0; length.unwrap_or(0)];
    client.read_exact(&mut body).ok()?;
    let fault = rule.lock().ok()?(&head);
    match fault {
        Fault::Stall => return client.read_to_end(&mut Vec::new()).map(drop).ok(),
        Fault::Reset => return client.shutdown(Shutdown::Both).ok(),
        Fault::Status(status) => {
            let answer =
                format!("HTTP/1.1 {status} Told\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
            return client.write_all(answer.as_bytes()).ok();
        }
        Fault::None | Fault::LoseAnswer | Fault::Truncate => {}
    }
    let mut server = TcpStream::connect(("127.0.0.1", upstream)).ok()?;
    let head = head.replacen("\r\n", "\r\nConnection: close\r\n", 1);
    server.write_all(head.as_bytes()).ok()?;
    server.write_all(&body).ok()?;
    let mut answer = Vec::new();
    server.read_to_end(&mut answer).ok()?;
    match fault {
        Fault::LoseAnswer => {}
        Fault::Truncate => client.write_all(&answer[..answer.len() - answer.len() / 4]).ok()?,
        _ => client.write_all(&answer).ok()?,
    }
    client.shutdown(Shutdown::Both).ok()
}

//! A bad network between mlctl and the API server.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::Kube;

/// What may happen to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// 429 with `Retry-After`.
    TooMany,
    /// 500.
    Internal,
    /// The connection is reset before the request arrives.
    ResetBefore,
    /// The request arrives; its answer does not.
    ResetAfter,
    /// A watch is too old: 410 as a status, or as an event in a stream that began well.
    Gone,
    GoneEvent,
    /// A stream is reset after a while, in the middle of what it says.
    Cut,
}

const PLAIN: [Fault; 4] = [Fault::TooMany, Fault::ResetBefore, Fault::Internal, Fault::ResetAfter];
const WATCH: [Fault; 5] =
    [Fault::GoneEvent, Fault::Cut, Fault::TooMany, Fault::Gone, Fault::ResetBefore];
const LOG: [Fault; 4] = [Fault::Cut, Fault::Internal, Fault::Cut, Fault::ResetBefore];

#[derive(Default)]
struct Shared {
    stopped: AtomicBool,
    /// Nothing fails, and what a watch shows comes so much later.
    watch_delay: Option<Duration>,
    /// Requests so far, by what they ask for, and faults by kind of request.
    asked: Mutex<BTreeMap<String, usize>>,
    done: Mutex<BTreeMap<Fault, usize>>,
}

/// `kubectl proxy`, and in front of it a proxy that lets every other request of a kind fail.
pub struct Proxy {
    pub address: SocketAddr,
    shared: Arc<Shared>,
    kubectl: Child,
}

impl Proxy {
    /// Starts both; mlctl's kubeconfig of this test leads here from now on.
    pub fn start(kube: &Kube) -> Self {
        Self::with(kube, Shared::default())
    }

    /// The same with a proxy that fails nothing, but passes on what a watch shows only after a while.
    pub fn slow_watches(kube: &Kube, delay: Duration) -> Self {
        Self::with(kube, Shared { watch_delay: Some(delay), ..Shared::default() })
    }

    fn with(kube: &Kube, shared: Shared) -> Self {
        let (kubectl, upstream) = kubectl_proxy(kube);
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let shared = Arc::new(shared);
        let proxy = Self { address, shared: Arc::clone(&shared), kubectl };
        std::thread::spawn(move || {
            for client in listener.incoming() {
                if shared.stopped.load(Ordering::Relaxed) {
                    return;
                }
                let (Ok(client), shared) = (client, Arc::clone(&shared)) else { continue };
                std::thread::spawn(move || shared.serve(client, upstream));
            }
        });
        use_address(kube, address);
        proxy
    }

    /// How often each fault happened.
    pub fn faults(&self) -> BTreeMap<Fault, usize> {
        self.shared.done.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Starts `kubectl proxy` as the admin, and says where it listens.
pub(super) fn kubectl_proxy(kube: &Kube) -> (Child, SocketAddr) {
    let mut command = kube.cluster.kubectl_command();
    command.args(["proxy", "--port=0"]).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut kubectl = command.spawn().expect("kubectl starts");
    let mut line = String::new();
    let output = kubectl.stdout.take().expect("a pipe");
    BufReader::new(output).read_line(&mut line).expect("a line");
    let address = line.trim().rsplit(' ').next().and_then(|text| text.parse().ok());
    (kubectl, address.expect(&line))
}

/// mlctl's kubeconfig of this test leads here from now on.
pub(super) fn use_address(kube: &Kube, address: SocketAddr) {
    let context = &kube.cluster.context;
    let text = format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: {context}\n\
         contexts: [{{name: {context}, context: {{cluster: proxy, user: none}}}}]\n\
         clusters: [{{name: proxy, cluster: {{server: 'http://{address}'}}}}]\n\
         users: [{{name: none, user: {{}}}}]\n"
    );
    kube.set_kubeconfig(&kube.sandbox, &text);
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.stopped.store(true, Ordering::Relaxed);
        let _ = TcpStream::connect(self.address);
        let _ = self.kubectl.kill();
        let _ = self.kubectl.wait();
    }
}

impl Shared {
    /// The fault that comes next for such a request: none for every other one.
    fn next(&self, line: &str) -> Option<Fault> {
        let path = line.split(['?', ' ']).nth(1).unwrap_or_default();
        let (kind, faults) = match () {
            () if is_stream(line, "watch") => ("watch", &WATCH[..]),
            () if is_stream(line, "follow") => ("log", &LOG[..]),
            () => (line.split(' ').next().unwrap_or_default(), &PLAIN[..]),
        };
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        let mut count = |what: String| {
            let count = asked.entry(what).or_default();
            *count += 1;
            *count
        };
        let number = count(format!("{kind} {path}"));
        // Streams are cut without end, so that one that is opened again is cut again.
        let always = kind == "log" && number % 2 == 0;
        match (number % 2, always) {
            (1, _) => Some(faults[(count(format!("faults of {kind}")) - 1) % faults.len()]),
            (_, true) => Some(Fault::Cut),
            _ => None,
        }
    }

    fn serve(&self, mut client: TcpStream, upstream: SocketAddr) {
        let Some((head, body)) = request(&mut client) else { return };
        let line = head.lines().next().unwrap_or_default().to_owned();
        if let Some(delay) = self.watch_delay {
            let delay = if is_stream(&line, "watch") { delay } else { Duration::ZERO };
            return self.copy(client, upstream, &head, &body, Passing { delay, limit: None });
        }
        let fault = self.next(&line);
        if let Some(fault) = fault {
            *self.done.lock().unwrap_or_else(PoisonError::into_inner).entry(fault).or_default() +=
                1;
        }
        match fault {
            Some(Fault::TooMany) => {
                answer(&mut client, 429, "Too Many Requests", "TooManyRequests")
            }
            Some(Fault::Internal) => {
                answer(&mut client, 500, "Internal Server Error", "InternalError")
            }
            Some(Fault::Gone) => answer(&mut client, 410, "Gone", "Expired"),
            Some(Fault::GoneEvent) => gone_event(&mut client),
            Some(Fault::ResetBefore) => reset(&client),
            Some(Fault::ResetAfter) => {
                if let Some(mut server) = forward(upstream, &head, &body) {
                    let _ = server.read_to_end(&mut Vec::new());
                }
                reset(&client);
            }
            Some(Fault::Cut) => {
                let limit = Some(Duration::from_millis(900));
                self.copy(client, upstream, &head, &body, Passing { limit, ..Passing::default() })
            }
            None => self.copy(client, upstream, &head, &body, Passing::default()),
        }
    }

    /// Passes the answer on, until it ends or its limit is reached.
    fn copy(
        &self,
        mut client: TcpStream,
        upstream: SocketAddr,
        head: &str,
        body: &[u8],
        Passing { delay, limit }: Passing,
    ) {
        let Some(mut server) = forward(upstream, head, body) else { return reset(&client) };
        let begin = Instant::now();
        let _ = server.set_read_timeout(Some(Duration::from_millis(100)));
        let mut buffer = [0; 16 * 1024];
        while !self.stopped.load(Ordering::Relaxed) {
            let over = limit.is_some_and(|limit| begin.elapsed() > limit);
            match server.read(&mut buffer) {
                Ok(0) => break,
                Ok(bytes) => {
                    std::thread::sleep(delay);
                    let end = if over { bytes / 2 } else { bytes };
                    if client.write_all(&buffer[..end]).is_err() {
                        break;
                    }
                    if over {
                        // What was passed on must arrive before the reset.
                        std::thread::sleep(Duration::from_millis(20));
                        return reset(&client);
                    }
                }
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                    // A client that has left, or a silent stream whose time is over.
                    if limit.is_some_and(|limit| begin.elapsed() > limit * 3) || has_left(&client) {
                        return reset(&client);
                    }
                }
                Err(_) => break,
            }
        }
        let _ = client.shutdown(Shutdown::Both);
    }
}

/// How an answer is passed on.
#[derive(Clone, Copy, Default)]
struct Passing {
    /// Each part of it comes so much later.
    delay: Duration,
    /// It ends in the middle of what comes after this time.
    limit: Option<Duration>,
}

/// Whether a request asks for a stream, by the parameter that does so.
fn is_stream(line: &str, word: &str) -> bool {
    line.contains(&format!("{word}=true")) || line.contains(&format!("{word}=1"))
}

fn has_left(client: &TcpStream) -> bool {
    let _ = client.set_nonblocking(true);
    let left = matches!(client.peek(&mut [0]), Ok(0));
    let _ = client.set_nonblocking(false);
    left
}

/// Head and body of one request.
pub(super) fn request(client: &mut TcpStream) -> Option<(String, Vec<u8>)> {
    let mut bytes = Vec::new();
    let mut one = [0];
    while !bytes.ends_with(b"\r\n\r\n") {
        client.read_exact(&mut one).ok()?;
        bytes.push(one[0]);
    }
    let head = String::from_utf8(bytes).ok()?;
    let header = |name: &str| {
        head.lines().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
        })
    };
    assert!(header("transfer-encoding").is_none(), "a body of unknown length: {head}");
    let length = header("content-length").and_then(|text| text.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    client.read_exact(&mut body).ok()?;
    Some((head, body))
}

/// Sends the request on, as the only one of its connection.
pub(super) fn forward(upstream: SocketAddr, head: &str, body: &[u8]) -> Option<TcpStream> {
    let mut server = TcpStream::connect(upstream).ok()?;
    let lines = head.trim_end().lines().filter(|line| {
        let name = line.split(':').next().unwrap_or_default();
        !name.eq_ignore_ascii_case("connection")
    });
    let mut text: String = lines.map(|line| format!("{line}\r\n")).collect();
    text.push_str("Connection: close\r\n\r\n");
    server.write_all(text.as_bytes()).ok()?;
    server.write_all(body).ok()?;
    Some(server)
}

fn status(code: u16, reason: &str) -> String {
    serde_json::json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "code": code,
        "reason": reason, "message": format!("{reason}, says the test's proxy"),
    })
    .to_string()
}

fn answer(client: &mut TcpStream, code: u16, words: &str, reason: &str) {
    let body = status(code, reason);
    let _ = write!(
        client,
        "HTTP/1.1 {code} {words}\r\nContent-Type: application/json\r\nRetry-After: 1\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    let _ = client.shutdown(Shutdown::Both);
}

fn gone_event(client: &mut TcpStream) {
    let body = format!("{{\"type\":\"ERROR\",\"object\":{}}}\n", status(410, "Expired"));
    let _ = write!(
        client,
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
         Connection: close\r\n\r\n{body}",
        body.len()
    );
    let _ = client.shutdown(Shutdown::Both);
}

/// RST instead of FIN.
fn reset(client: &TcpStream) {
    let _ = rustix::net::sockopt::set_socket_linger(client, Some(Duration::ZERO));
}

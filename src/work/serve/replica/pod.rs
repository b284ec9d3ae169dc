//! What a replica in a pod does beside its server: it answers the pod's probe, and lets its callers finish
//! before its server ends.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::sys;

/// Routers have heard within this time that a pod is to go.
const HEARD: Duration = Duration::from_secs(2);
/// Between two looks whether anybody is still connected.
const PACE: Duration = Duration::from_millis(200);
/// A probe sends its request, and takes the answer, within this time.
const PROBE_LIMIT: Duration = Duration::from_secs(5);
/// A server is reached by its pod's own address within this time.
const REACH_LIMIT: Duration = Duration::from_secs(2);

/// Says whether a replica can be asked, to the probe of its pod, until it is dropped.
pub(super) struct Status {
    is_ready: Arc<AtomicBool>,
    answering: JoinHandle<()>,
}

impl Status {
    /// Begins to answer; at first it can't be asked.
    pub(super) async fn listen(port: u16) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)).await?;
        let is_ready = Arc::new(AtomicBool::new(false));
        let ready = Arc::clone(&is_ready);
        let answering = tokio::spawn(async move {
            loop {
                // What a listener fails with passes, such as too many open files.
                let Ok((stream, _)) = listener.accept().await else {
                    tokio::time::sleep(PACE).await;
                    continue;
                };
                let ready = ready.load(Ordering::Relaxed);
                tokio::spawn(async move {
                    let _ = tokio::time::timeout(PROBE_LIMIT, answer(stream, ready)).await;
                });
            }
        });
        Ok(Self { is_ready, answering })
    }

    /// What is answered from here on.
    pub(super) fn set(&self, is_ready: bool) {
        self.is_ready.store(is_ready, Ordering::Relaxed);
    }
}

impl Drop for Status {
    fn drop(&mut self) {
        self.answering.abort();
    }
}

/// Answers one request, whatever it asks for.
async fn answer(mut stream: TcpStream, is_ready: bool) -> io::Result<()> {
    let mut head = [0; 1024];
    let _ = stream.read(&mut head).await?;
    let status = if is_ready { "200 OK" } else { "503 Service Unavailable" };
    let text = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    stream.write_all(text.as_bytes()).await?;
    stream.shutdown().await
}

/// Looks whether a server that answers on this machine is reached by its pod's address too. The error says
/// what to change.
pub(super) async fn is_reached(pod: IpAddr, port: u16) -> Result<(), String> {
    let connected = TcpStream::connect(SocketAddr::new(pod, port));
    match tokio::time::timeout(REACH_LIMIT, connected).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) if error.kind() == io::ErrorKind::ConnectionRefused => Err(format!(
            "the server listens on 127.0.0.1 alone, where no caller reaches it: let it listen on 0.0.0.0, \
             port {port}"
        )),
        Ok(Err(error)) => Err(format!("the server is not reached at {pod}, port {port}: {error}")),
        Err(_) => Err(format!("the server is not reached at {pod}, port {port}, within 2 s")),
    }
}

/// Waits until nobody is connected to these ports any more, at most for `limit`. Nobody who comes later is
/// refused meanwhile: a router may not have heard yet.
pub(super) async fn drained(ports: &[u16], limit: Duration) -> io::Result<()> {
    let start = Instant::now();
    tokio::time::sleep(HEARD.min(limit)).await;
    while start.elapsed() < limit && sys::connections_to(ports)? > 0 {
        tokio::time::sleep(PACE).await;
    }
    Ok(())
}

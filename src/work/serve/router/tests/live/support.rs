//! Servers, clients and a router, each on a port of its own.

use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Empty, Full};
use hyper::body::{Body, Frame, Incoming};
use hyper::client::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use crate::{Record, ReplicaConfig, RevisionConfig, Router, RouterConfig, SCHEMA_VERSION};

pub(super) type Bodies = BoxBody<Bytes, Fault>;
pub(super) type Answer = Pin<Box<dyn Future<Output = Response<Bodies>> + Send>>;

/// Why a test's body breaks off.
#[derive(Debug)]
pub(super) struct Fault;

impl std::fmt::Display for Fault {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        to.write_str("it breaks off")
    }
}

impl std::error::Error for Fault {}

/// A server, gone with all its connections when this is dropped.
pub(super) struct Backend {
    pub(super) address: SocketAddr,
    task: JoinHandle<()>,
}

impl Drop for Backend {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Backend {
    /// One that speaks HTTP/1.1.
    pub(super) async fn http1(
        answer: impl Fn(Request<Incoming>) -> Answer + Clone + Send + Sync + 'static,
    ) -> Self {
        Self::raw(move |stream| {
            let answer = answer.clone();
            async move {
                let service = service_fn(move |request| {
                    let answer = answer(request);
                    async move { Ok::<_, Infallible>(answer.await) }
                });
                let connection = hyper::server::conn::http1::Builder::new()
                    .serve_connection(TokioIo::new(stream), service)
                    .with_upgrades();
                let _ = connection.await;
            }
        })
        .await
    }

    /// One that speaks HTTP/2.
    pub(super) async fn http2(
        answer: impl Fn(Request<Incoming>) -> Answer + Clone + Send + Sync + 'static,
    ) -> Self {
        Self::raw(move |stream| {
            let answer = answer.clone();
            async move {
                let service = service_fn(move |request| {
                    let answer = answer(request);
                    async move { Ok::<_, Infallible>(answer.await) }
                });
                let connection = hyper::server::conn::http2::Builder::new(TokioExecutor::new())
                    .serve_connection(TokioIo::new(stream), service);
                let _ = connection.await;
            }
        })
        .await
    }

    /// One that does with a connection what it likes.
    pub(super) async fn raw<F>(serve: impl Fn(TcpStream) -> F + Send + 'static) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let task = tokio::spawn(async move {
            let mut connections = tokio::task::JoinSet::new();
            loop {
                tokio::select! {
                    accepted = listener.accept() => {
                        connections.spawn(serve(accepted.unwrap().0));
                    }
                    Some(_) = connections.join_next() => {}
                }
            }
        });
        Self { address, task }
    }

    /// One that answers everything with a text.
    pub(super) async fn says(text: &'static str) -> Self {
        Self::http1(move |_| Box::pin(async move { Response::new(full(text)) })).await
    }
}

/// An address where nobody listens.
pub(super) async fn nowhere() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    listener.local_addr().unwrap()
}

pub(super) fn full(text: impl Into<Bytes>) -> Bodies {
    Full::new(text.into()).map_err(|never| match never {}).boxed()
}

pub(super) fn empty() -> Bodies {
    Empty::new().map_err(|never| match never {}).boxed()
}

/// A body by a channel: each piece as it is sent, the end when the sender is gone.
pub(super) fn channel() -> (mpsc::Sender<Result<Frame<Bytes>, Fault>>, Bodies) {
    let (sender, receiver) = mpsc::channel(1);
    (sender, Channel(receiver).boxed())
}

struct Channel(mpsc::Receiver<Result<Frame<Bytes>, Fault>>);

impl Body for Channel {
    type Data = Bytes;
    type Error = Fault;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<Frame<Bytes>, Fault>>> {
        self.0.poll_recv(cx)
    }
}

#[allow(clippy::unnecessary_wraps, reason = "as a channel takes it")]
pub(super) fn data(text: &'static str) -> Result<Frame<Bytes>, Fault> {
    Ok(Frame::data(Bytes::from_static(text.as_bytes())))
}

pub(super) fn revision(name: &str, weight: u32, replicas: &[SocketAddr]) -> RevisionConfig {
    let replica = |(index, address): (usize, &SocketAddr)| ReplicaConfig {
        id: format!("{name}-{index}"),
        address: *address,
        grpc_address: None,
    };
    RevisionConfig {
        name: name.to_owned(),
        weight,
        replicas: replicas.iter().enumerate().map(replica).collect(),
        ..RevisionConfig::default()
    }
}

pub(super) fn config(revisions: Vec<RevisionConfig>) -> RouterConfig {
    RouterConfig {
        schema_version: SCHEMA_VERSION,
        endpoint: "digits".to_owned(),
        revisions,
        sticky: None,
        assignment: None,
        shadow: None,
        limits: crate::Limits::default(),
        retries: crate::Retries::default(),
        auth: Vec::new(),
        log: None,
        access_log: false,
    }
}

/// A router that listens.
pub(super) struct Running {
    pub(super) router: Router,
    pub(super) address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<()>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Running {
    pub(super) async fn new(config: RouterConfig) -> Self {
        Self::with(config, None, None).await
    }

    pub(super) async fn with(
        config: RouterConfig,
        records: Option<mpsc::Sender<Record>>,
        tls: Option<Arc<rustls::ServerConfig>>,
    ) -> Self {
        let router = Router::new(config, records).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let serving = router.clone();
        let task = tokio::spawn(async move {
            let stopped = async { drop(stopped.await) };
            serving.serve(listener, tls, stopped, Duration::from_secs(20)).await;
        });
        Self { router, address, stop: Some(stop), task }
    }

    /// Tells it to stop.
    pub(super) fn stop(&mut self) {
        self.stop.take();
    }

    /// Waits until it has stopped.
    pub(super) async fn stopped(&mut self) {
        (&mut self.task).await.unwrap();
    }

    pub(super) async fn http1(&self) -> http1::SendRequest<Bodies> {
        let stream = TcpStream::connect(self.address).await.unwrap();
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection.with_upgrades());
        sender
    }

    pub(super) async fn http2(&self) -> http2::SendRequest<Bodies> {
        let stream = TcpStream::connect(self.address).await.unwrap();
        let (sender, connection) =
            http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        sender
    }

    /// One request over a connection of its own.
    pub(super) async fn send(&self, request: Request<Bodies>) -> Response<Incoming> {
        self.http1().await.send_request(request).await.unwrap()
    }

    /// A `GET` over a connection of its own: the status, who answered, and the body.
    pub(super) async fn get(&self, path: &str) -> (u16, String, String) {
        let answer = self.send(get(path)).await;
        read(answer).await
    }

    /// Everything that comes back for bytes, until the other side closes.
    pub(super) async fn bytes(&self, request: &[u8]) -> String {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(request).await.unwrap();
        let mut all = Vec::new();
        let _ = stream.read_to_end(&mut all).await;
        String::from_utf8_lossy(&all).into_owned()
    }
}

pub(super) fn get(path: &str) -> Request<Bodies> {
    Request::get(path).header("host", "localhost").body(empty()).unwrap()
}

pub(super) fn post(path: &str, body: impl Into<Bytes>) -> Request<Bodies> {
    Request::post(path).header("host", "localhost").body(full(body)).unwrap()
}

/// Status, revision and text of an answer.
pub(super) async fn read(answer: Response<Incoming>) -> (u16, String, String) {
    let status = answer.status().as_u16();
    let revision = header(&answer, "x-mlctl-revision");
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    (status, revision, String::from_utf8_lossy(&body).into_owned())
}

pub(super) fn header<B>(answer: &Response<B>, name: &str) -> String {
    let value = answer.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
    value.unwrap_or_default()
}

/// Waits until something that is sure to come is there.
pub(super) async fn until(what: &str, is: impl Fn() -> bool) {
    let waited = tokio::time::timeout(Duration::from_secs(30), async {
        while !is() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    });
    assert!(waited.await.is_ok(), "never: {what}");
}

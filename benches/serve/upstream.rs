//! A model server that does as little as one can: each request gets the same answer of about 1 KiB, by
//! REST on one port and by gRPC on the other, from one thread. With a third argument answers wait so many
//! milliseconds, as those of a model that works do.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods
)]

use std::convert::Infallible;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{HeaderMap, Request, Response};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::{TcpListener, TcpStream};

type Answer = Response<BoxBody<Bytes, Infallible>>;

fn main() {
    let words: Vec<u64> = std::env::args().skip(1).filter_map(|word| word.parse().ok()).collect();
    let (rest, grpc, wait) = match words[..] {
        [rest, grpc] => (rest, grpc, 0),
        [rest, grpc, wait] => (rest, grpc, wait),
        _ => panic!("upstream PORT GRPC_PORT [MILLISECONDS]"),
    };
    let wait = Duration::from_millis(wait);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        tokio::join!(
            listen(rest as u16, move |stream| async move {
                let answer = service_fn(move |request| rest_answer(request, wait));
                drop(http1::Builder::new().serve_connection(TokioIo::new(stream), answer).await);
            }),
            listen(grpc as u16, move |stream| async move {
                let answer = service_fn(move |request| grpc_answer(request, wait));
                let server = http2::Builder::new(TokioExecutor::new());
                drop(server.serve_connection(TokioIo::new(stream), answer).await);
            })
        )
    });
}

async fn listen<F: Future<Output = ()> + Send + 'static>(
    port: u16,
    serve: impl Fn(TcpStream) -> F,
) {
    let listener = TcpListener::bind(("127.0.0.1", port)).await.unwrap();
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        stream.set_nodelay(true).unwrap();
        tokio::spawn(serve(stream));
    }
}

async fn rest_answer(request: Request<Incoming>, wait: Duration) -> Result<Answer, hyper::Error> {
    take(request, wait).await?;
    static TEXT: [u8; 1024] = [b' '; 1024];
    let mut answer = Response::new(Full::new(Bytes::from_static(&TEXT)).boxed());
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(answer)
}

async fn grpc_answer(request: Request<Incoming>, wait: Duration) -> Result<Answer, hyper::Error> {
    take(request, wait).await?;
    // One message that is not compressed, with its length.
    static MESSAGE: [u8; 5 + 1024] = {
        let mut message = [0; 5 + 1024];
        message[3] = 4;
        message
    };
    let ends = async {
        let mut trailers = HeaderMap::new();
        trailers.insert("grpc-status", HeaderValue::from_static("0"));
        Some(Ok(trailers))
    };
    let body = Full::new(Bytes::from_static(&MESSAGE)).with_trailers(ends).boxed();
    let mut answer = Response::new(body);
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    Ok(answer)
}

/// Reads a request to its end.
async fn take(request: Request<Incoming>, wait: Duration) -> Result<(), hyper::Error> {
    let mut body = request.into_body();
    while let Some(frame) = body.frame().await {
        frame?;
    }
    if !wait.is_zero() {
        tokio::time::sleep(wait).await;
    }
    Ok(())
}

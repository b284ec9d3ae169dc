//! What passes through as it is.

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use http_body_util::BodyExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::support::{
    Backend, Running, channel, config, data, empty, full, get, header, post, read, revision,
};

/// One that answers with what it got.
async fn echo() -> Backend {
    Backend::http1(|request| {
        Box::pin(async move {
            let head = format!(
                "{} {} host={} te={} expect={} revision={} connection={} named={} for={}\n",
                request.method(),
                request.uri(),
                value(&request, "host"),
                value(&request, "te"),
                value(&request, "expect"),
                value(&request, "x-mlctl-revision"),
                value(&request, "connection"),
                value(&request, "x-named"),
                value(&request, "x-forwarded-for"),
            );
            let body = request.into_body().collect().await.unwrap().to_bytes();
            Response::new(full([head.as_bytes(), &body].concat()))
        })
    })
    .await
}

fn value<B>(request: &Request<B>, name: &str) -> String {
    let values = request.headers().get_all(name).iter();
    values.map(|value| value.to_str().unwrap()).collect::<Vec<_>>().join("|")
}

#[tokio::test]
async fn path_query_and_body_pass_byte_for_byte() {
    let server = echo().await;
    let router = Running::new(config(vec![revision("v1", 1, &[server.address])])).await;
    let path = "/v1/a%2fb//c/../d;x=1?q=%20+&&z=%C3%A4&e";
    let (status, by, body) = read(router.send(post(path, "\0\r\n\u{e4}")).await).await;
    assert_eq!((status, by.as_str()), (200, "v1"));
    assert_eq!(
        body,
        format!(
            "POST {path} host=localhost te= expect= revision= connection= named= for=127.0.0.1\n\0\r\n\u{e4}"
        )
    );
}

#[tokio::test]
async fn what_concerns_one_connection_does_not_pass() {
    let server = echo().await;
    let router = Running::new(config(vec![revision("v1", 1, &[server.address])])).await;
    let answer = router
        .bytes(
            b"POST / HTTP/1.1\r\nHost: h\r\nConnection: close, X-Named\r\nX-Named: 1\r\n\
              TE: trailers, deflate\r\nX-Mlctl-Revision: v1\r\nContent-Length: 2\r\n\r\nab",
        )
        .await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(
        answer
            .ends_with("host=h te=trailers expect= revision= connection= named= for=127.0.0.1\nab"),
        "{answer}"
    );
}

#[tokio::test]
async fn http2_comes_to_a_server_of_http1() {
    let server = echo().await;
    let router = Running::new(config(vec![revision("v1", 1, &[server.address])])).await;
    let mut client = router.http2().await;
    for _ in 0..3 {
        let request = Request::post("http://name.example/p?q").body(full("hello")).unwrap();
        let (status, by, body) = read(client.send_request(request).await.unwrap()).await;
        assert_eq!((status, by.as_str()), (200, "v1"));
        assert!(body.starts_with("POST /p?q host=name.example "), "{body}");
        assert!(body.ends_with("\nhello"), "{body}");
    }
}

#[tokio::test]
async fn an_answer_names_its_replica_and_nothing_below() {
    let server = Backend::http1(|_| {
        Box::pin(async {
            Response::builder()
                .header("x-mlctl-revision", "other")
                .header("keep-alive", "timeout=5")
                .header("x-own", "1")
                .body(full("x"))
                .unwrap()
        })
    })
    .await;
    let router = Running::new(config(vec![revision("v1", 1, &[server.address])])).await;
    let answer = router.send(get("/")).await;
    assert_eq!(header(&answer, "x-mlctl-revision"), "v1");
    assert_eq!(header(&answer, "x-mlctl-replica"), "v1-0");
    assert_eq!(header(&answer, "x-own"), "1");
    assert!(!answer.headers().contains_key("keep-alive"));
}

#[tokio::test]
async fn answers_without_a_body_keep_their_heads() {
    let server = Backend::http1(|request| {
        Box::pin(async move {
            let status = match request.uri().path() {
                "/204" => StatusCode::NO_CONTENT,
                "/304" => StatusCode::NOT_MODIFIED,
                _ => StatusCode::OK,
            };
            let mut answer = Response::builder().status(status).header("etag", "\"x\"");
            if request.method() == Method::HEAD {
                answer = answer.header("content-length", "12345");
            }
            answer.body(empty()).unwrap()
        })
    })
    .await;
    let router = Running::new(config(vec![revision("v1", 1, &[server.address])])).await;
    // All over one connection: whoever waits for a body that never comes would not get on.
    let mut client = router.http1().await;
    for (method, path, status, length) in [
        (Method::HEAD, "/", 200, "12345"),
        (Method::GET, "/204", 204, ""),
        (Method::GET, "/304", 304, ""),
        (Method::HEAD, "/", 200, "12345"),
        (Method::GET, "/", 200, "0"),
    ] {
        client.ready().await.unwrap();
        let request =
            Request::builder().method(&method).uri(path).header("host", "h").body(empty());
        let answer = client.send_request(request.unwrap()).await.unwrap();
        assert_eq!(answer.status(), status, "{method} {path}");
        assert_eq!(header(&answer, "content-length"), length, "{method} {path}");
        assert_eq!(header(&answer, "etag"), "\"x\"");
        assert_eq!(answer.into_body().collect().await.unwrap().to_bytes(), "");
    }
    let mut client = router.http2().await;
    let request = Request::head("http://h/").body(empty()).unwrap();
    let answer = client.send_request(request).await.unwrap();
    assert_eq!(header(&answer, "content-length"), "12345");
    assert_eq!(router.router.snapshot().revisions[0].counts.ok, 6);
}

#[tokio::test]
async fn events_come_one_by_one() {
    let (events, body) = channel();
    let body = std::sync::Arc::new(std::sync::Mutex::new(Some(body)));
    let server = Backend::http1(move |_| {
        let body = body.lock().unwrap().take().unwrap();
        Box::pin(async move {
            Response::builder().header("content-type", "text/event-stream").body(body).unwrap()
        })
    })
    .await;
    let router = Running::new(config(vec![revision("v1", 1, &[server.address])])).await;
    let mut answer = router.send(get("/")).await;
    for event in ["data: 1\n\n", "data: 2\n\n", "data: 3\n\n"] {
        // The next one is only sent when this one has come.
        events.send(data(event)).await.unwrap();
        let frame = answer.body_mut().frame().await.unwrap().unwrap();
        assert_eq!(frame.into_data().unwrap(), event);
    }
    assert_eq!(router.router.snapshot().revisions[0].in_flight, 1);
    drop(events);
    assert!(answer.body_mut().frame().await.is_none());
}

#[tokio::test]
async fn a_body_is_streamed_and_may_be_chunked() {
    let server = echo().await;
    let router = Running::new(config(vec![revision("v1", 1, &[server.address])])).await;
    let (pieces, body) = channel();
    let request = Request::post("/").header("host", "h").body(body).unwrap();
    let mut client = router.http1().await;
    let sending = tokio::spawn(async move { client.send_request(request).await.unwrap() });
    for piece in ["one ", "two ", "three"] {
        pieces.send(data(piece)).await.unwrap();
    }
    drop(pieces);
    let (status, _, body) = read(sending.await.unwrap()).await;
    assert_eq!(status, 200);
    assert!(body.ends_with("\none two three"), "{body}");
}

#[tokio::test]
async fn continue_is_said_before_the_body() {
    let server = echo().await;
    let router = Running::new(config(vec![revision("v1", 1, &[server.address])])).await;
    let mut stream = TcpStream::connect(router.address).await.unwrap();
    let head = b"POST / HTTP/1.1\r\nHost: h\r\nConnection: close\r\nExpect: 100-continue\r\n\
                 Content-Length: 4\r\n\r\n";
    stream.write_all(head).await.unwrap();
    let mut first = [0; 25];
    stream.read_exact(&mut first).await.unwrap();
    assert_eq!(&first, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(b"body").await.unwrap();
    let mut rest = String::new();
    stream.read_to_string(&mut rest).await.unwrap();
    assert!(rest.starts_with("HTTP/1.1 200 OK"), "{rest}");
    assert!(rest.contains(" expect= ") && rest.ends_with("\nbody"), "{rest}");
}

#[tokio::test]
async fn a_refusal_comes_instead_of_continue() {
    let server = echo().await;
    let mut wanted = config(vec![revision("v1", 1, &[server.address])]);
    wanted.limits.max_body = 10;
    let router = Running::new(wanted).await;
    let answer = router
        .bytes(b"POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 11\r\n\r\n")
        .await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    assert!(answer.contains("connection: close"), "{answer}");
}

#[tokio::test]
async fn an_answer_may_come_before_the_end_of_the_request() {
    let server = Backend::http1(|_| {
        Box::pin(async {
            Response::builder().status(StatusCode::FORBIDDEN).body(full("no")).unwrap()
        })
    })
    .await;
    let router = Running::new(config(vec![revision("v1", 1, &[server.address])])).await;
    let (pieces, body) = channel();
    let request = Request::post("/").header("host", "h").body(body).unwrap();
    let mut client = router.http1().await;
    pieces.send(data("the first of many")).await.unwrap();
    let answer = client.send_request(request).await.unwrap();
    assert_eq!(read(answer).await, (403, "v1".to_owned(), "no".to_owned()));
    drop(pieces);
}

#[tokio::test]
async fn a_connection_carries_many_requests_and_so_does_that_behind() {
    let connections = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let count = connections.clone();
    let server = Backend::raw(move |stream| {
        count.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        async move {
            let service = hyper::service::service_fn(|_| async {
                Ok::<_, std::convert::Infallible>(Response::new(full("x")))
            });
            let io = hyper_util::rt::TokioIo::new(stream);
            let _ = hyper::server::conn::http1::Builder::new().serve_connection(io, service).await;
        }
    })
    .await;
    let router = Running::new(config(vec![revision("v1", 1, &[server.address])])).await;
    let mut client = router.http1().await;
    for _ in 0..50 {
        client.ready().await.unwrap();
        let (status, ..) = read(client.send_request(post("/", "x")).await.unwrap()).await;
        assert_eq!(status, 200);
    }
    assert_eq!(connections.load(std::sync::atomic::Ordering::SeqCst), 1);
    assert_eq!(router.router.snapshot().connections, 1);
}

#[tokio::test]
async fn a_large_answer_and_a_large_body_pass_whole() {
    let server = echo().await;
    let router = Running::new(config(vec![revision("v1", 1, &[server.address])])).await;
    let body: Bytes = (0..3_000_000_u32).map(|at| (at % 251) as u8).collect::<Vec<_>>().into();
    for http2 in [false, true] {
        let request = Request::post("http://localhost/")
            .header("host", "h")
            .body(full(body.clone()))
            .unwrap();
        let answer = if http2 {
            router.http2().await.send_request(request).await.unwrap()
        } else {
            router.send(request).await
        };
        let got = answer.into_body().collect().await.unwrap().to_bytes();
        assert!(got.ends_with(&body), "{http2}: {}", got.len());
    }
}

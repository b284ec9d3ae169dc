//! What is too long, too large and too many.

use std::sync::Arc;
use std::time::Duration;

use http::{Request, Response};
use http_body_util::BodyExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::support::{
    Backend, Running, channel, config, data, full, get, header, post, read, revision, until,
};

/// One that answers when it is let, and says how many it has.
async fn gated() -> (Backend, Arc<tokio::sync::Semaphore>) {
    let gate = Arc::new(tokio::sync::Semaphore::new(0));
    let waits = gate.clone();
    let server = Backend::http1(move |_| {
        let waits = waits.clone();
        Box::pin(async move {
            waits.acquire().await.unwrap().forget();
            Response::new(full("done"))
        })
    })
    .await;
    (server, gate)
}

#[tokio::test]
async fn an_answer_that_does_not_come_is_not_waited_for() {
    let (server, _gate) = gated().await;
    let mut wanted = config(vec![revision("v1", 1, &[server.address])]);
    wanted.limits.timeout = Duration::from_millis(50);
    let router = Running::new(wanted).await;
    let (status, _, body) = router.get("/").await;
    assert_eq!(status, 504);
    assert!(body.contains("within 50 ms"), "{body}");
    assert_eq!(router.router.snapshot().revisions[0].counts.server_error, 1);
}

#[tokio::test]
async fn a_stream_may_be_longer_than_the_time_out_but_not_pause() {
    let (events, body) = channel();
    let body = Arc::new(std::sync::Mutex::new(Some(body)));
    let server = Backend::http1(move |_| {
        let body = body.lock().unwrap().take().unwrap();
        Box::pin(async move { Response::new(body) })
    })
    .await;
    let mut wanted = config(vec![revision("v1", 1, &[server.address])]);
    wanted.limits.timeout = Duration::from_millis(200);
    wanted.limits.idle_timeout = Duration::from_millis(400);
    let router = Running::new(wanted).await;
    let mut answer = router.send(get("/")).await;
    for _ in 0..5 {
        tokio::time::sleep(Duration::from_millis(100)).await;
        events.send(data("x")).await.unwrap();
        answer.body_mut().frame().await.unwrap().unwrap();
    }
    assert!(answer.body_mut().frame().await.unwrap().is_err());
    assert_eq!(router.router.snapshot().revisions[0].counts.cut, 1);
    events.closed().await;
}

#[tokio::test]
async fn a_caller_that_takes_nothing_is_not_waited_for() {
    let server =
        Backend::http1(|_| Box::pin(async { Response::new(full(vec![7_u8; 64 << 20])) })).await;
    let mut wanted = config(vec![revision("v1", 1, &[server.address])]);
    wanted.limits.idle_timeout = Duration::from_millis(200);
    let router = Running::new(wanted).await;
    let mut stream = TcpStream::connect(router.address).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n").await.unwrap();
    let counts = || router.router.snapshot().revisions[0].counts;
    until("it is ended", || counts().cancelled + counts().cut == 1).await;
    until("the connection is closed", || router.router.snapshot().connections == 0).await;
}

#[tokio::test]
async fn a_body_that_pauses_is_not_waited_for() {
    let server = Backend::http1(|request| {
        Box::pin(async move {
            let _ = request.into_body().collect().await;
            Response::new(full(""))
        })
    })
    .await;
    let mut wanted = config(vec![revision("v1", 1, &[server.address])]);
    wanted.limits.idle_timeout = Duration::from_millis(100);
    let router = Running::new(wanted).await;
    let answer =
        router.bytes(b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\nsome").await;
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
}

#[tokio::test]
async fn a_body_is_bounded_with_and_without_a_length() {
    let server = Backend::http1(|request| {
        Box::pin(async move {
            let length = request.into_body().collect().await.map(|all| all.to_bytes().len());
            Response::new(full(format!("{length:?}")))
        })
    })
    .await;
    let mut wanted = config(vec![revision("v1", 1, &[server.address])]);
    wanted.limits.max_body = 100_000;
    let router = Running::new(wanted).await;
    let (status, _, body) = read(router.send(post("/", vec![1; 100_000])).await).await;
    assert_eq!((status, body.as_str()), (200, "Ok(100000)"));
    // Far more than fits into the buffers of both sockets: the answer comes in spite of it.
    let mut head = b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 6000000\r\n\r\n".to_vec();
    head.extend(vec![1; 6_000_000]);
    let answer = router.bytes(&head).await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    assert!(answer.contains("100000 bytes"), "{answer}");
    for http2 in [false, true] {
        let (pieces, body) = channel();
        let request = Request::post("http://h/").header("host", "h").body(body).unwrap();
        let sending = async {
            if http2 {
                router.http2().await.send_request(request).await.unwrap()
            } else {
                router.http1().await.send_request(request).await.unwrap()
            }
        };
        let filling = async {
            while pieces.send(data("a piece that is repeated")).await.is_ok() {}
            std::future::pending::<()>().await;
        };
        let answer = tokio::select! { answer = sending => answer, () = filling => unreachable!() };
        assert_eq!(answer.status(), 413, "{http2}");
    }
}

#[tokio::test]
async fn more_than_a_replica_takes_waits_and_more_than_that_is_shed() {
    let (server, gate) = gated().await;
    let mut wanted = config(vec![revision("v1", 1, &[server.address])]);
    wanted.revisions[0].max_concurrency = Some(2);
    wanted.limits.queue = 3;
    let router = Arc::new(Running::new(wanted).await);
    let mut asking = Vec::new();
    for number in 1..=5 {
        let asked = router.clone();
        asking.push(tokio::spawn(async move { asked.get("/").await }));
        let inside = || {
            let stats = router.router.snapshot().revisions[0].clone();
            stats.in_flight + stats.held == number
        };
        until("it is inside", inside).await;
    }
    let stats = router.router.snapshot().revisions[0].clone();
    assert_eq!((stats.in_flight, stats.held), (2, 3));
    let answer = router.send(get("/")).await;
    assert_eq!(answer.status(), 503);
    assert_eq!(header(&answer, "retry-after"), "1");
    gate.add_permits(5);
    for one in asking {
        assert_eq!(one.await.unwrap().2, "done");
    }
    let stats = router.router.snapshot().revisions[0].clone();
    assert_eq!((stats.counts.ok, stats.counts.shed, stats.held), (5, 1, 0));
}

#[tokio::test]
async fn whoever_waits_and_goes_away_leaves_its_place() {
    let (server, gate) = gated().await;
    let mut wanted = config(vec![revision("v1", 1, &[server.address])]);
    wanted.revisions[0].max_concurrency = Some(1);
    let router = Arc::new(Running::new(wanted).await);
    let mut asking = Vec::new();
    for number in 1..=6 {
        let asked = router.clone();
        asking.push(tokio::spawn(async move { asked.get("/").await }));
        let inside = || {
            let stats = router.router.snapshot().revisions[0].clone();
            stats.in_flight + stats.held == number
        };
        until("it is inside", inside).await;
    }
    for number in [1, 3, 5] {
        asking[number].abort();
    }
    until("they left", || router.router.snapshot().revisions[0].held == 2).await;
    gate.add_permits(3);
    for number in [0, 2, 4] {
        assert_eq!((&mut asking[number]).await.unwrap().2, "done");
    }
    let counts = router.router.snapshot().revisions[0].counts;
    assert_eq!((counts.ok, counts.cancelled), (3, 3));
}

#[tokio::test]
async fn more_than_the_router_takes_is_refused() {
    let (server, gate) = gated().await;
    let mut wanted = config(vec![revision("v1", 1, &[server.address])]);
    wanted.limits.max_in_flight = 1;
    let router = Arc::new(Running::new(wanted).await);
    let asked = router.clone();
    let first = tokio::spawn(async move { asked.get("/").await });
    until("it is inside", || router.router.snapshot().in_flight == 1).await;
    let answer = router.send(get("/")).await;
    assert_eq!(answer.status(), 429);
    assert_eq!(header(&answer, "retry-after"), "1");
    gate.add_permits(1);
    assert_eq!(first.await.unwrap().0, 200);
}

#[tokio::test]
async fn a_head_is_bounded_in_size_and_time() {
    let server = Backend::says("x").await;
    let mut wanted = config(vec![revision("v1", 1, &[server.address])]);
    wanted.limits.max_headers = 8192;
    wanted.limits.header_timeout = Duration::from_millis(100);
    let router = Running::new(wanted).await;
    let mut bomb = b"GET / HTTP/1.1\r\nHost: h\r\n".to_vec();
    bomb.extend(format!("X-Bomb: {}\r\n\r\n", "x".repeat(200_000)).bytes());
    let answer = router.bytes(&bomb).await;
    assert!(answer.starts_with("HTTP/1.1 431 "), "{answer}");

    // One that says nothing more is told so; one that said nothing at all is only unused.
    let mut slow = TcpStream::connect(router.address).await.unwrap();
    let mut silent = TcpStream::connect(router.address).await.unwrap();
    slow.write_all(b"GET / HTTP/1.1\r\nHost").await.unwrap();
    let mut told = String::new();
    slow.read_to_string(&mut told).await.unwrap();
    assert!(told.starts_with("HTTP/1.1 408 ") && told.contains("within 100 ms"), "{told}");
    silent.write_all(b"GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    silent.read_to_string(&mut answer).await.unwrap();
    assert!(answer.ends_with("\r\n\r\nx"), "{answer}");
}

#[tokio::test]
async fn an_unused_connection_is_closed() {
    let server = Backend::says("x").await;
    let mut wanted = config(vec![revision("v1", 1, &[server.address])]);
    wanted.limits.idle_timeout = Duration::from_millis(100);
    let router = Running::new(wanted).await;
    let answer = router.bytes(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    assert_eq!(router.bytes(b"").await, "");
    until("none is left", || router.router.snapshot().connections == 0).await;
}

#[tokio::test]
async fn connections_beyond_the_limit_wait_their_turn() {
    let server = Backend::says("x").await;
    let mut wanted = config(vec![revision("v1", 1, &[server.address])]);
    wanted.limits.max_connections = 1;
    let router = Running::new(wanted).await;
    let mut first = router.http1().await;
    assert_eq!(read(first.send_request(get("/")).await.unwrap()).await.0, 200);
    let mut second = router.http1().await;
    let mut waits = Box::pin(second.send_request(get("/")));
    first.ready().await.unwrap();
    tokio::select! {
        biased;
        _ = &mut waits => unreachable!("two at once"),
        answer = first.send_request(get("/")) => assert_eq!(answer.unwrap().status(), 200),
    }
    drop(first);
    assert_eq!(waits.await.unwrap().status(), 200);
}

#[tokio::test]
async fn two_lengths_are_refused() {
    // The same length twice is one length (RFC 9112, 6.3), and only one of them passes.
    let server = Backend::says("x").await;
    let router = Running::new(config(vec![revision("v1", 1, &[server.address])])).await;
    for head in [
        "Content-Length: 1\r\nContent-Length: 2",
        "Content-Length: 1\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nContent-Length: 1",
        "Content-Length: 1, 1",
        "Content-Length: +1",
        "Content-Length: 0x1",
        "Transfer-Encoding: gzip, chunked",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: identity",
    ] {
        let request =
            format!("POST / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n{head}\r\n\r\n0\r\n\r\n");
        let answer = router.bytes(request.as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 400 "), "{head}: {answer}");
    }
    assert_eq!(router.router.snapshot().revisions[0].counts.total(), 0);
}

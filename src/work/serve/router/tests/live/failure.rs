//! Servers that fail.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use http::{Request, Response, StatusCode};
use http_body_util::BodyExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::support::{
    Backend, Fault, Running, channel, config, data, full, get, nowhere, post, read, revision, until,
};

/// One that reads a whole request and then does something else than HTTP.
async fn after_request(bytes: &'static [u8]) -> Backend {
    Backend::raw(move |mut stream| async move {
        let mut space = [0; 1024];
        while let Ok(1..) = stream.read(&mut space).await {
            let _ = stream.write_all(bytes).await;
            let _ = stream.shutdown().await;
        }
    })
    .await
}

#[tokio::test]
async fn a_refused_connection_is_tried_elsewhere() {
    let one = Backend::says("1").await;
    let router =
        Running::new(config(vec![revision("v1", 1, &[nowhere().await, one.address])])).await;
    for _ in 0..40 {
        assert_eq!(read(router.send(post("/", "body")).await).await.0, 200);
    }
    let stats = router.router.snapshot().revisions[0].clone();
    assert_eq!((stats.counts.ok, stats.counts.total()), (40, 40));
    assert!(stats.retries >= 5, "{stats:?}");
    assert!(stats.replicas[0].ejected && stats.replicas[0].ejections == 1, "{stats:?}");
    assert_eq!(stats.replicas[0].counts.server_error, stats.retries);
}

#[tokio::test]
async fn a_connection_that_breaks_before_the_answer_is_tried_elsewhere() {
    let (broken, one) = (after_request(b"").await, Backend::says("1").await);
    let router =
        Running::new(config(vec![revision("v1", 1, &[broken.address, one.address])])).await;
    for _ in 0..40 {
        assert_eq!(read(router.send(post("/", "body")).await).await.2, "1");
    }
    assert!(router.router.snapshot().revisions[0].retries > 0);
}

#[tokio::test]
async fn without_another_try_the_answer_says_what_is_wrong() {
    for (server, status, word) in [
        (after_request(b"").await, 502, "closed the connection"),
        (after_request(b"SSH-2.0-OpenSSH_9.6\r\n").await, 502, "no HTTP"),
        (after_request(b"HTTP/1.1 200 OK\r\nbad header\r\n\r\n").await, 502, "no HTTP"),
    ] {
        let mut wanted = config(vec![revision("v1", 1, &[server.address])]);
        wanted.retries.attempts = 1;
        let router = Running::new(wanted).await;
        let (answered, _, body) = router.get("/").await;
        assert_eq!(answered, status, "{body}");
        assert!(body.contains(word), "{body}");
        assert_eq!(router.router.snapshot().revisions[0].counts.server_error, 1);
    }
    let router = Running::new(config(vec![revision("v1", 1, &[nowhere().await])])).await;
    let answer = router.send(get("/")).await;
    assert_eq!(answer.status(), 503);
    assert!(answer.headers().contains_key("retry-after"));
    assert_eq!(router.router.snapshot().revisions[0].retries, 2);
}

#[tokio::test]
async fn garbage_is_not_asked_for_again() {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = asked.clone();
    let server = Backend::raw(move |mut stream| {
        count.fetch_add(1, Ordering::SeqCst);
        async move {
            let mut space = [0; 1024];
            let _ = stream.read(&mut space).await;
            let _ = stream.write_all(b"\0\0\0\0\n\n\n\n").await;
        }
    })
    .await;
    let router = Running::new(config(vec![revision("v1", 1, &[server.address])])).await;
    assert_eq!(router.get("/").await.0, 502);
    assert_eq!(asked.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn the_budget_ends_retries() {
    let mut wanted = config(vec![revision("v1", 1, &[nowhere().await])]);
    wanted.retries.attempts = 30;
    wanted.retries.percent = 0;
    let router = Arc::new(Running::new(wanted).await);
    let asking: Vec<_> = (0..8)
        .map(|_| {
            let router = router.clone();
            tokio::spawn(async move { router.get("/").await.0 })
        })
        .collect();
    for one in asking {
        assert_eq!(one.await.unwrap(), 503);
    }
    let snapshot = router.router.snapshot();
    assert!(snapshot.dropped.retries > 0, "{snapshot:?}");
    assert!(snapshot.revisions[0].retries < 8 * 29, "{snapshot:?}");
}

#[tokio::test]
async fn an_error_of_the_model_is_passed_on_and_not_tried_again() {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = asked.clone();
    let server = Backend::http1(move |_| {
        count.fetch_add(1, Ordering::SeqCst);
        Box::pin(async {
            Response::builder().status(StatusCode::SERVICE_UNAVAILABLE).body(full("busy")).unwrap()
        })
    })
    .await;
    let router = Running::new(config(vec![revision("v1", 1, &[server.address])])).await;
    assert_eq!(router.get("/").await, (503, "v1".to_owned(), "busy".to_owned()));
    assert_eq!(asked.load(Ordering::SeqCst), 1);
    assert_eq!(router.router.snapshot().revisions[0].counts.server_error, 1);
}

#[tokio::test]
async fn the_503_of_a_replica_that_left_is_tried_elsewhere() {
    let gate = Arc::new(tokio::sync::Semaphore::new(0));
    let waits = gate.clone();
    let leaving = Backend::http1(move |_| {
        let waits = waits.clone();
        Box::pin(async move {
            waits.acquire().await.unwrap().forget();
            Response::builder().status(StatusCode::SERVICE_UNAVAILABLE).body(full("bye")).unwrap()
        })
    })
    .await;
    let stays = Backend::says("here").await;
    let router = Arc::new(Running::new(config(vec![revision("v1", 1, &[leaving.address])])).await);
    let asking = router.clone();
    let request = tokio::spawn(async move { read(asking.send(post("/", "x")).await).await });
    until("it is under way", || router.router.snapshot().revisions[0].in_flight == 1).await;
    router.router.configure(config(vec![revision("v1", 1, &[stays.address])])).unwrap();
    gate.add_permits(1);
    assert_eq!(request.await.unwrap(), (200, "v1".to_owned(), "here".to_owned()));
}

#[tokio::test]
async fn an_ejected_replica_comes_back() {
    let well = Arc::new(AtomicBool::new(false));
    let is_well = well.clone();
    let sick = Backend::http1(move |_| {
        let status = if is_well.load(Ordering::SeqCst) { 200 } else { 500 };
        Box::pin(async move { Response::builder().status(status).body(full("a")).unwrap() })
    })
    .await;
    let other = Backend::says("b").await;
    let router =
        Running::new(config(vec![revision("v1", 1, &[sick.address, other.address])])).await;
    let replica = || router.router.snapshot().revisions[0].replicas[0].clone();
    while !replica().ejected {
        router.get("/").await;
    }
    assert_eq!(replica().counts.server_error, 5);
    well.store(true, Ordering::SeqCst);
    while replica().ejected {
        assert_eq!(router.get("/").await.0, 200);
    }
    assert_eq!(replica().ejections, 1);
}

#[tokio::test]
async fn an_answer_that_breaks_off_breaks_off_for_the_caller() {
    for head in [
        "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\nzz\r\n",
    ] {
        let server = after_request(head.as_bytes()).await;
        let router = Running::new(config(vec![revision("v1", 1, &[server.address])])).await;
        let answer = router.send(get("/")).await;
        assert_eq!(answer.status(), 200);
        assert!(answer.into_body().collect().await.is_err(), "{head}");
        let request = Request::get("http://h/").body(full("")).unwrap();
        let answer = router.http2().await.send_request(request).await.unwrap();
        assert!(answer.into_body().collect().await.is_err(), "{head}");
        until("both are counted", || router.router.snapshot().revisions[0].counts.cut == 2).await;
    }
}

#[tokio::test]
async fn a_caller_that_goes_away_cancels_its_request() {
    for http2 in [false, true] {
        let gone = Arc::new(AtomicUsize::new(0));
        let asked = Arc::new(AtomicUsize::new(0));
        let (goes, comes) = (gone.clone(), asked.clone());
        let server = Backend::raw(move |mut stream: TcpStream| {
            let (gone, asked) = (goes.clone(), comes.clone());
            async move {
                let mut space = [0; 1024];
                while let Ok(1..) = stream.read(&mut space).await {
                    asked.fetch_add(1, Ordering::SeqCst);
                }
                gone.fetch_add(1, Ordering::SeqCst);
            }
        })
        .await;
        let router = Running::new(config(vec![revision("v1", 1, &[server.address])])).await;
        let request = Request::get("http://h/").body(full("")).unwrap();
        if http2 {
            let mut client = router.http2().await;
            let mut sending = Box::pin(client.send_request(request));
            let waited = until("it is asked", || asked.load(Ordering::SeqCst) == 1);
            tokio::select! { _ = &mut sending => unreachable!(), () = waited => {} }
            drop(sending);
            until("the server's connection closes", || gone.load(Ordering::SeqCst) == 1).await;
        } else {
            let mut client = router.http1().await;
            let mut sending = Box::pin(client.send_request(request));
            let waited = until("it is asked", || asked.load(Ordering::SeqCst) == 1);
            tokio::select! { _ = &mut sending => unreachable!(), () = waited => {} }
            drop(sending);
            drop(client);
            until("the server's connection closes", || gone.load(Ordering::SeqCst) == 1).await;
        }
        let counts = || router.router.snapshot().revisions[0].counts;
        until("it is counted", || counts().cancelled == 1).await;
        assert_eq!(counts().total(), 1);
        assert_eq!(router.router.snapshot().in_flight, 0);
    }
}

#[tokio::test]
async fn a_caller_that_goes_away_ends_a_stream() {
    let (events, body) = channel();
    let body = Arc::new(std::sync::Mutex::new(Some(body)));
    let server = Backend::http1(move |_| {
        let body = body.lock().unwrap().take().unwrap();
        Box::pin(async move { Response::new(body) })
    })
    .await;
    let router = Running::new(config(vec![revision("v1", 1, &[server.address])])).await;
    let mut client = router.http1().await;
    let mut answer = client.send_request(get("/")).await.unwrap();
    events.send(data("x")).await.unwrap();
    answer.body_mut().frame().await.unwrap().unwrap();
    drop((answer, client));
    events.closed().await;
    until("counted", || router.router.snapshot().revisions[0].counts.cancelled == 1).await;
}

#[tokio::test]
async fn a_body_that_breaks_off_cancels_its_request() {
    let got = Arc::new(AtomicUsize::new(0));
    let count = got.clone();
    let server = Backend::http1(move |request| {
        let count = count.clone();
        Box::pin(async move {
            let failed = request.into_body().collect().await.is_err();
            count.fetch_add(usize::from(failed), Ordering::SeqCst);
            Response::new(full(""))
        })
    })
    .await;
    let router = Running::new(config(vec![revision("v1", 1, &[server.address])])).await;
    let (pieces, body) = channel();
    let request = Request::post("/").header("host", "h").body(body).unwrap();
    let mut client = router.http1().await;
    let sending = tokio::spawn(async move { client.send_request(request).await.is_err() });
    pieces.send(data("some")).await.unwrap();
    pieces.send(Err(Fault)).await.unwrap();
    assert!(sending.await.unwrap());
    until("the server sees it", || got.load(Ordering::SeqCst) == 1).await;
    until("none is left", || router.router.snapshot().in_flight == 0).await;
}

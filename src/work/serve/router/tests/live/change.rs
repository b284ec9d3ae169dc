//! Other configurations under load.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use http::Response;

use super::support::{Backend, Running, config, full, get, header, nowhere, read, revision, until};

/// Each replica says which it is; a hundred configurations pass over them while clients ask without
/// a pause. The set of revisions that may answer is known before each change and after it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_changes_lose_and_misroute_nothing() {
    let mut servers = Vec::new();
    for name in ["v1", "v2", "v3"] {
        servers.push(Backend::says(name).await);
        servers.push(Backend::says(name).await);
    }
    let all: Vec<_> = servers.iter().map(|server| server.address).collect();
    let of = |name: usize, weight, replicas: usize| {
        revision(&format!("v{}", name + 1), weight, &all[name * 2..name * 2 + replicas])
    };
    let router =
        Arc::new(Running::new(config(vec![of(0, 100, 2), of(1, 0, 2), of(2, 0, 1)])).await);
    let over = Arc::new(AtomicBool::new(false));
    let asked = Arc::new(AtomicUsize::new(0));

    let mut clients = Vec::new();
    for number in 0..8 {
        let (router, over, asked) = (router.clone(), over.clone(), asked.clone());
        clients.push(tokio::spawn(async move {
            let mut http1 = router.http1().await;
            let mut http2 = router.http2().await;
            while !over.load(Ordering::SeqCst) {
                let answer = if number % 2 == 0 {
                    http1.ready().await.unwrap();
                    http1.send_request(get("/")).await.unwrap()
                } else {
                    let request = http::Request::get("http://h/").body(full("")).unwrap();
                    http2.send_request(request).await.unwrap()
                };
                let (status, by, body) = read(answer).await;
                assert_eq!(status, 200, "{body}");
                assert_eq!(by, body);
                asked.fetch_add(1, Ordering::SeqCst);
            }
        }));
    }
    for change in 0..100_usize {
        let share = (change * 7 % 101) as u32;
        let (one, two) = (1 + change % 2, 1 + (change + 1) % 2);
        let mut wanted = config(vec![of(0, 100 - share, one), of(1, share, two)]);
        if change % 3 == 0 {
            wanted.revisions.push(of(2, 50, 1));
        }
        if wanted.revisions.iter().all(|revision| revision.weight == 0) {
            continue;
        }
        router.router.configure(wanted).unwrap();
        let before = asked.load(Ordering::SeqCst);
        until("requests after a change", || asked.load(Ordering::SeqCst) >= before + 16).await;
    }
    over.store(true, Ordering::SeqCst);
    for client in clients {
        client.await.unwrap();
    }
    let snapshot = router.router.snapshot();
    let ok: u64 = snapshot.revisions.iter().map(|revision| revision.counts.ok).sum();
    assert!(ok > 0);
    for revision in &snapshot.revisions {
        assert_eq!(revision.counts.total(), revision.counts.ok, "{revision:?}");
        assert_eq!((revision.in_flight, revision.held), (0, 0));
    }
}

#[tokio::test]
async fn after_a_change_nothing_goes_where_it_went_before() {
    let (one, two) = (Backend::says("v1").await, Backend::says("v2").await);
    let router = Running::new(config(vec![revision("v1", 1, &[one.address])])).await;
    let mut client = router.http1().await;
    for round in 0..50 {
        let (name, server) = if round % 2 == 0 { ("v2", &two) } else { ("v1", &one) };
        router.router.configure(config(vec![revision(name, 1, &[server.address])])).unwrap();
        client.ready().await.unwrap();
        assert_eq!(read(client.send_request(get("/")).await.unwrap()).await.1, name);
    }
}

#[tokio::test]
async fn what_is_under_way_ends_where_it_is() {
    let gate = Arc::new(tokio::sync::Semaphore::new(0));
    let waits = gate.clone();
    let slow = Backend::http1(move |_| {
        let waits = waits.clone();
        Box::pin(async move {
            waits.acquire().await.unwrap().forget();
            Response::new(full("slow"))
        })
    })
    .await;
    let other = Backend::says("other").await;
    let router = Arc::new(Running::new(config(vec![revision("v1", 1, &[slow.address])])).await);
    let asking = router.clone();
    let running = tokio::spawn(async move { asking.get("/").await });
    until("it is under way", || router.router.snapshot().revisions[0].in_flight == 1).await;

    router.router.configure(config(vec![revision("v2", 1, &[other.address])])).unwrap();
    let snapshot = router.router.snapshot();
    let left = snapshot.revision("v1").unwrap();
    assert!(left.left && left.replicas[0].left && left.replicas[0].in_flight == 1);
    assert_eq!(router.get("/").await.1, "v2");
    gate.add_permits(1);
    assert_eq!(running.await.unwrap(), (200, "v1".to_owned(), "slow".to_owned()));
    until("it is no longer listed", || router.router.snapshot().revisions.len() == 1).await;

    // Figures go on where they were when it comes back.
    router.router.configure(config(vec![revision("v1", 1, &[slow.address])])).unwrap();
    assert_eq!(router.router.snapshot().revision("v1").unwrap().counts.ok, 1);
}

#[tokio::test]
async fn what_can_not_be_used_changes_nothing() {
    let one = Backend::says("1").await;
    let router = Running::new(config(vec![revision("v1", 1, &[one.address])])).await;
    let before = router.router.config();
    let wrong = config(vec![revision("v1", 1, &[]), revision("v1", 1, &[])]);
    assert!(router.router.configure(wrong).unwrap_err().to_string().contains("there twice"));
    assert_eq!(router.router.config(), before);
    assert_eq!(router.get("/").await.0, 200);
}

#[tokio::test]
async fn a_held_request_waits_for_the_first_replica() {
    let mut wanted = config(vec![revision("v1", 1, &[])]);
    wanted.revisions[0].hold = true;
    let router = Arc::new(Running::new(wanted.clone()).await);
    let mut asking = Vec::new();
    for _ in 0..20 {
        let router = router.clone();
        asking.push(tokio::spawn(async move { router.get("/").await }));
    }
    until("all are held", || router.router.snapshot().revisions[0].held == 20).await;
    // A change that brings no replica leaves them where they are.
    router.router.configure(wanted.clone()).unwrap();
    let one = Backend::says("1").await;
    wanted.revisions[0].replicas = revision("v1", 1, &[one.address]).replicas;
    wanted.revisions[0].max_concurrency = Some(1);
    router.router.configure(wanted).unwrap();
    for one in asking {
        assert_eq!(one.await.unwrap(), (200, "v1".to_owned(), "1".to_owned()));
    }
    assert_eq!(router.router.snapshot().revisions[0].held, 0);
}

#[tokio::test]
async fn a_held_request_goes_on_with_who_has_the_weight_now() {
    let mut wanted = config(vec![revision("v1", 1, &[])]);
    wanted.revisions[0].hold = true;
    let router = Arc::new(Running::new(wanted.clone()).await);
    let asking = router.clone();
    let held = tokio::spawn(async move { asking.get("/").await });
    until("it is held", || router.router.snapshot().revisions[0].held == 1).await;
    let two = Backend::says("2").await;
    wanted.revisions[0].weight = 0;
    wanted.revisions.push(revision("v2", 1, &[two.address]));
    router.router.configure(wanted).unwrap();
    assert_eq!(held.await.unwrap().1, "v2");
}

#[tokio::test]
async fn a_held_request_is_refused_when_its_time_is_over() {
    let mut wanted = config(vec![revision("v1", 1, &[])]);
    wanted.revisions[0].hold = true;
    wanted.limits.timeout = Duration::from_millis(50);
    let router = Running::new(wanted).await;
    let answer = router.send(get("/")).await;
    assert_eq!(answer.status(), 503);
    assert_eq!(header(&answer, "retry-after"), "1");
    assert_eq!(router.router.snapshot().revisions[0].counts.shed, 1);
}

#[tokio::test]
async fn a_replica_at_another_address_is_another() {
    let one = Backend::says("1").await;
    let router = Running::new(config(vec![revision("v1", 1, &[nowhere().await])])).await;
    assert_eq!(router.get("/").await.0, 503);
    router.router.configure(config(vec![revision("v1", 1, &[one.address])])).unwrap();
    assert_eq!(router.get("/").await.0, 200);
    let replicas = router.router.snapshot().revisions[0].replicas.clone();
    assert_eq!(replicas.len(), 1);
    assert_eq!((replicas[0].counts.ok, replicas[0].counts.server_error), (1, 0));
}

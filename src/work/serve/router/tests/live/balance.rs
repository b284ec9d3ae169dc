//! Who gets how much.

use std::collections::HashMap;

use super::support::{Backend, Running, config, get, read, revision};
use crate::Sticky;

#[tokio::test]
async fn weights_hold_over_few_requests() {
    let (one, two) = (Backend::says("1").await, Backend::says("2").await);
    let wanted =
        config(vec![revision("v1", 90, &[one.address]), revision("v2", 10, &[two.address])]);
    let router = Running::new(wanted).await;
    let mut client = router.http1().await;
    let mut counts: HashMap<String, u32> = HashMap::new();
    for _ in 0..1000 {
        client.ready().await.unwrap();
        let (_, by, body) = read(client.send_request(get("/")).await.unwrap()).await;
        assert_eq!(by, format!("v{body}"));
        *counts.entry(by).or_default() += 1;
    }
    assert!((98..=102).contains(&counts["v2"]), "{counts:?}");
    let snapshot = router.router.snapshot();
    assert_eq!(snapshot.revision("v1").unwrap().counts.ok, u64::from(counts["v1"]));
    assert_eq!(snapshot.revision("v2").unwrap().latency.count(), u64::from(counts["v2"]));
}

#[tokio::test]
async fn a_revision_may_be_asked_for() {
    let (one, two) = (Backend::says("1").await, Backend::says("2").await);
    let mut second = revision("v2", 0, &[two.address]);
    (second.version, second.models) = (Some(7), vec!["digits".to_owned()]);
    let router = Running::new(config(vec![revision("v1", 100, &[one.address]), second])).await;
    let mut request = get("/");
    request.headers_mut().insert("x-mlctl-revision", "v2".parse().unwrap());
    assert_eq!(read(router.send(request).await).await, (200, "v2".to_owned(), "2".to_owned()));
    assert_eq!(router.get("/v1/models/digits/versions/7:predict").await.1, "v2");
    assert_eq!(router.get("/v1/models/digits:predict").await.1, "v1");

    let mut request = get("/");
    request.headers_mut().insert("x-mlctl-revision", "v3".parse().unwrap());
    let (status, by, body) = read(router.send(request).await).await;
    assert_eq!((status, by.as_str()), (404, ""));
    assert!(body.contains("`v1` or `v2`"), "{body}");
    assert_eq!(router.router.snapshot().refused, 1);
}

#[tokio::test]
async fn a_caller_keeps_its_revision() {
    let (one, two) = (Backend::says("1").await, Backend::says("2").await);
    let mut wanted =
        config(vec![revision("v1", 50, &[one.address]), revision("v2", 50, &[two.address])]);
    wanted.sticky = Some(Sticky::Header("x-user".to_owned()));
    let router = Running::new(wanted.clone()).await;
    let ask = async |user: usize| {
        let mut request = get("/");
        request.headers_mut().insert("x-user", user.to_string().parse().unwrap());
        read(router.send(request).await).await.1
    };
    let mut first = Vec::new();
    for user in 0..60 {
        first.push(ask(user).await);
        assert_eq!(ask(user).await, first[user]);
    }
    // Whoever had the revision that grew still has it.
    (wanted.revisions[0].weight, wanted.revisions[1].weight) = (75, 25);
    router.router.configure(wanted).unwrap();
    for (user, before) in first.iter().enumerate().filter(|(_, before)| *before == "v1") {
        assert_eq!(&ask(user).await, before);
    }
    let assignment = router.router.config().assignment.clone().unwrap();
    let whole: u64 = assignment.shares().iter().map(|share| share.length).sum();
    assert_eq!(whole, 1 << 32);
}

#[tokio::test]
async fn all_replicas_get_something() {
    let mut servers = Vec::new();
    for name in ["a", "b", "c"] {
        servers.push(Backend::says(name).await);
    }
    let addresses: Vec<_> = servers.iter().map(|server| server.address).collect();
    let router = Running::new(config(vec![revision("v1", 1, &addresses)])).await;
    for _ in 0..60 {
        router.get("/").await;
    }
    let replicas = router.router.snapshot().revisions[0].replicas.clone();
    assert!(replicas.iter().all(|replica| replica.counts.ok > 0), "{replicas:?}");
    assert_eq!(replicas.iter().map(|replica| replica.counts.ok).sum::<u64>(), 60);
}

#[tokio::test]
async fn a_revision_without_replicas_gives_its_traffic_away() {
    let one = Backend::says("1").await;
    let router =
        Running::new(config(vec![revision("v1", 1, &[one.address]), revision("v2", 99, &[])]))
            .await;
    for _ in 0..20 {
        assert_eq!(router.get("/").await.1, "v1");
    }
    router.router.configure(config(vec![revision("v2", 99, &[])])).unwrap();
    let answer = router.send(get("/")).await;
    assert!(answer.headers().contains_key("retry-after"));
    assert_eq!(read(answer).await.0, 503);
    assert_eq!(router.router.snapshot().revision("v2").unwrap().counts.shed, 1);
}

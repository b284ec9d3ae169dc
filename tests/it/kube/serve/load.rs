//! What is done to an endpoint under load, of which no caller sees anything.

use std::collections::BTreeSet;
use std::time::{Duration, SystemTime};

use serde_json::Value as Json;

use super::support::{Callers, replicas, spec, until};
use crate::kube::support::Kube;
use crate::support::stdout;

/// Connections that a router held which was killed break off, and new ones are refused until the cluster has
/// noticed: within this time.
const NOTICED: f64 = 5.0;

/// Every change of a weight, of a number of replicas and of the pods themselves, one after the other.
#[test]
fn no_caller_sees_what_is_done() {
    let Some(kube) = Kube::new() else { return };
    let revisions = [
        ("v1", "host=0.0.0.0", "traffic: 100; replicas: {min: 2, max: 4}"),
        ("v2", "host=0.0.0.0", "traffic: 0; replicas: {min: 1, max: 4}"),
    ];
    spec(&kube, &revisions, "routers: {min: 2}\ngrace: 5s\nrollout: {keepWarm: 1h}\n");
    kube.run(0, ["serve"]);
    let callers = Callers::start(&kube, "http://sums", 4);
    for turn in 0..100 {
        let two = if turn % 2 == 0 { 50 } else { 10 * (turn % 3) };
        let weights = [format!("v1={}", 100 - two), format!("v2={two}")];
        // Most come before the one before has reached every router.
        let how = (turn % 10 < 9).then_some("--detach");
        kube.run(0, ["traffic", "sums", &weights[0], &weights[1]].into_iter().chain(how));
    }
    kube.run(0, ["rollback", "sums"]);
    kube.run(0, ["scale", "sums", "v1", "--min", "3", "--max", "4"]);
    until(&kube, "three replicas", |now| replicas(now, "v1", "ready") == 3);
    kube.run(0, ["scale", "sums", "v1", "--min", "1", "--max", "1"]);
    until(&kube, "one replica", |now| replicas(now, "v1", "ready") == 1);
    kube.run(0, ["scale", "sums", "v1", "--min", "2", "--max", "2"]);
    until(&kube, "two replicas", |now| replicas(now, "v1", "ready") == 2);
    // A replica goes, then everything that is on a node, the router that decides among it.
    let pods = kube.kubectl(["get", "pods", "-l", "mlctl.dev/role=v1", "-o", "name"]);
    let pod = pods.lines().next().expect("a replica");
    evict(&kube, pod.trim_start_matches("pod/"));
    until(&kube, "two replicas again", |now| replicas(now, "v1", "ready") == 2);
    let node = kube.kubectl(["get", "pod", &leader(&kube), "-o", "jsonpath={.spec.nodeName}"]);
    drain(&kube, &node);
    kube.kubectl(["rollout", "status", "deployment", "-l", "mlctl.dev/part=router"]);
    until(&kube, "two replicas elsewhere", |now| replicas(now, "v1", "ready") == 2);
    kube.run(0, ["traffic", "sums", "v1=60", "v2=40"]);
    let (answers, failures) = callers.end();
    assert_eq!(failures, serde_json::json!([]), "{answers}");
    let answers = answers.as_object().expect("answers");
    assert!(answers.keys().all(|key| ["200 v1", "200 v2"].contains(&&**key)), "{answers:?}");
    assert!(answers.values().all(|count| count.as_u64() > Some(50)), "{answers:?}");
    kube.run(0, ["undeploy", "sums", "--yes"]);
}

/// Whoever decides is killed twice while a rollout is under way: its process, and its pod with everything.
/// Whoever comes after it goes on where it was.
#[test]
fn a_rollout_outlives_whoever_decides_over_it() {
    let Some(kube) = Kube::own() else { return };
    let more = "routers: {min: 2}\ngrace: 5s\n\
                rollout: {steps: [10, 30, 60, 100], interval: 3s, minRequests: 5, \
                compareToStable: false, maxErrorRate: 5%, keepWarm: 1h}\n";
    spec(&kube, &[("v1", "host=0.0.0.0", "")], more);
    kube.run(0, ["serve"]);
    let callers = Callers::start(&kube, "http://sums", 4);
    spec(&kube, &[("v1", "host=0.0.0.0", ""), ("v2", "host=0.0.0.0", "")], more);
    kube.run(0, ["serve", "--yes", "--detach"]);
    let has = |now: &Json, percent: u64| now["state"]["weights"]["v2"].as_u64() >= Some(percent);
    until(&kube, "the first step", |now| has(now, 10));
    let mut kills = Vec::new();
    pause();
    let first = leader(&kube);
    let uid = kube.kubectl(["get", "pod", &first, "-o", "jsonpath={.metadata.uid}"]);
    kills.push(seconds());
    kube.kill(&uid, b"/mlctl\0serve-router\0");
    until(&kube, "a step after the first death", |now| has(now, 30));
    pause();
    kills.push(seconds());
    kube.kubectl(["delete", "pod", &leader(&kube), "--grace-period=0", "--force"]);
    until(&kube, "the end", |now| has(now, 100) && now["state"]["change"].is_null());
    let told = callers.told();
    let steps: Vec<u64> = journal(&kube)
        .iter()
        .filter(|line| line["type"] == "weights" && line["change"] == 2)
        .filter_map(|line| line["percent"].as_u64())
        .collect();
    assert_eq!(steps, [10, 30, 60, 100]);
    let ends = journal(&kube);
    let ends: Vec<&Json> = ends
        .iter()
        .filter(|line| ["finished", "failed"].iter().any(|end| line["type"] == *end))
        .collect();
    assert!(ends.len() == 2 && ends.iter().all(|line| line["type"] == "finished"), "{ends:#?}");
    // Whatever had no answer was at a router that was killed just then.
    let (failures, broken) = (&told["failures"], told["broken"].as_array().expect("times"));
    assert_eq!(failures.as_array().map(Vec::len), Some(broken.len()), "{failures:#}");
    let at_a_kill = |time: &Json| {
        let time = time.as_f64().unwrap_or_default();
        kills.iter().any(|kill| (0.0..NOTICED).contains(&(time - kill)))
    };
    assert!(broken.iter().all(at_a_kill), "{kills:?} {failures:#}");
    let answers = told["answers"].as_object().expect("answers");
    assert!(answers.keys().all(|key| ["200 v1", "200 v2"].contains(&&**key)), "{answers:?}");
    let total: u64 = answers.values().filter_map(Json::as_u64).sum();
    eprintln!("{total} answers; {} connections broke off at two kills", broken.len());
    kube.run(0, ["undeploy", "sums", "--yes"]);
}

/// The pod of the router that decides.
fn leader(kube: &Kube) -> String {
    let holder = "jsonpath={.items[0].spec.holderIdentity}";
    kube.kubectl(["get", "leases", "-o", holder])
}

/// All lines of the journal.
fn journal(kube: &Kube) -> Vec<Json> {
    let name = format!("{}-journal-0", id(kube));
    let text = kube.kubectl(["get", "configmap", &name, "-o", r"jsonpath={.data.journal\.jsonl}"]);
    text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

fn id(kube: &Kube) -> String {
    stdout(&kube.run(0, ["list", "-q", "--limit", "1"])).trim().to_owned()
}

/// Anywhere within a step.
fn pause() {
    std::thread::sleep(Duration::from_millis(fastrand::u64(..2500)));
}

fn seconds() -> f64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    now.map(|now| now.as_secs_f64()).unwrap_or_default()
}

/// Asks for the end of a pod as `kubectl drain` does: budgets of disruptions are kept.
fn evict(kube: &Kube, pod: &str) {
    let path = format!("/api/v1/namespaces/{}/pods/{pod}/eviction", kube.namespace);
    let eviction = serde_json::json!({
        "apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": pod},
    });
    kube.kubectl_with(["create", "--raw", &path, "-f", "-"], &eviction.to_string());
}

/// Empties a node of the endpoint's pods, where it is the tests' own; elsewhere the routers go one by one.
fn drain(kube: &Kube, node: &str) {
    if kube.cluster.name.is_none() {
        let pods = kube.kubectl(["get", "pods", "-l", "mlctl.dev/part=router", "-o", "name"]);
        let pods: BTreeSet<&str> = pods.lines().collect();
        for pod in pods {
            evict(kube, pod.trim_start_matches("pod/"));
            kube.kubectl(["rollout", "status", "deployment", "-l", "mlctl.dev/part=router"]);
        }
        return;
    }
    let _uncordon = Uncordon(kube, node);
    // Only this endpoint's pods: what another test has left on the node is not this test's to wait for.
    let mine = format!("--pod-selector=mlctl.dev/run={}", id(kube));
    let flags = ["--ignore-daemonsets", "--delete-emptydir-data", "--timeout=90s", &mine];
    kube.kubectl(["drain", node].into_iter().chain(flags));
}

struct Uncordon<'a>(&'a Kube, &'a str);

impl Drop for Uncordon<'_> {
    fn drop(&mut self) {
        let _ = self.0.kubectl_command().args(["uncordon", self.1]).output();
    }
}

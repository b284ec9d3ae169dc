//! An endpoint from its beginning to its end.

use serde_json::Value as Json;

use super::support::{replicas, spec, status, until};
use crate::kube::support::{Kube, LONG, poll};
use crate::serve::support::always_at;
use crate::support::{stderr, stdout};

#[test]
fn an_endpoint_serves_until_it_is_ended() {
    let Some(kube) = Kube::new() else { return };
    // Somebody who may serve, and nothing else.
    let _robot = kube.become_robot("server");
    spec(&kube, &[("v1", "host=0.0.0.0", "")], "");
    let output = kube.run(0, ["serve"]);
    let url = format!("http://sums.{}.svc", kube.namespace);
    assert!(stderr(&output).contains(&url), "{}", stderr(&output));
    let now = status(&kube);
    assert_eq!(now["live"]["url"], url.as_str());
    assert_eq!(replicas(&now, "v1", "ready"), 1, "{now:#}");
    its_account_may_do_little(&kube);
    // This machine reaches it through the API server.
    let answer = kube.run(0, ["predict", "sums", "--json", r#"{"instances": [{"x": 3}]}"#]);
    let answer: Json = serde_json::from_str(&stdout(&answer)).expect("JSON");
    assert_eq!(answer["y"], 6.0, "{answer}");
    // The same spec again changes nothing, and another model is another revision.
    let again = stderr(&kube.run(0, ["serve", "--yes"]));
    assert!(again.contains("is what the spec says already"), "{again}");
    // It always listens where one that is told its port has gRPC.
    spec(&kube, &[("v1", "host=0.0.0.0 factor=5", "routes: {port: 8081}")], "");
    always_at(&kube.sandbox, 8081);
    kube.run(0, ["serve", "--yes"]);
    let now = until(&kube, "the new generation", |now| replicas(now, "v1.2", "ready") == 1);
    assert!(now["live"]["revisions"].as_array().is_some_and(|all| !all.is_empty()));
    let answer = kube.run(0, ["predict", "sums", "--json", r#"{"instances": [{"x": 3}]}"#]);
    assert!(stdout(&answer).contains("15"), "{}", stdout(&answer));
    // Its words are found by its name, and it is one of what runs.
    let listed = stdout(&kube.run(0, ["list"]));
    assert!(listed.contains("sums") && listed.contains("running"), "{listed}");
    let logs = stdout(&kube.run(0, ["logs", "sums"]));
    assert!(logs.contains("there is somebody to answer"), "{logs}");
    let logs = stdout(&kube.run(0, ["logs", "sums/v1"]));
    assert!(logs.contains("ready") && !logs.contains("somebody"), "{logs}");
    kube.run(0, ["undeploy", "sums", "--yes"]);
    poll("nothing of it runs", LONG, || {
        kube.get("pods,deployments,services").is_empty().then_some(())
    });
    let listed = stdout(&kube.run(0, ["list"]));
    assert!(listed.contains("cancelled"), "{listed}");
}

#[test]
fn a_server_that_nobody_reaches_is_told() {
    let Some(kube) = Kube::new() else { return };
    spec(&kube, &[("v1", "", "")], "");
    let output = kube.mlctl(["serve", "--timeout", "30s"]).output().expect("mlctl");
    assert_ne!(output.status.code(), Some(0));
    let said = stderr(&output);
    assert!(said.contains("listens on 127.0.0.1 alone"), "{said}");
    kube.run(0, ["undeploy", "sums", "--yes"]);
}

#[test]
fn manifests_are_enough() {
    let Some(kube) = Kube::new() else { return };
    spec(&kube, &[("v1", "host=0.0.0.0", "")], "");
    let text = stdout(&kube.run(0, ["render"]));
    kube.kubectl_with(["create", "-f", "-"], &text);
    poll("it answers", LONG, || {
        let ready = "jsonpath={.items[*].status.readyReplicas}";
        let ready = kube.kubectl(["get", "deployments", "-o", ready]);
        (ready.split_whitespace().filter(|count| *count == "1").count() == 2).then_some(())
    });
    // Another machine finds it there.
    let other = kube.elsewhere();
    let listed = stdout(&other.run(0, ["list", "--all-users"]));
    assert!(listed.contains("sums"), "{listed}");
    let id = other.run(0, ["list", "-q", "--all-users"]);
    let id = stdout(&id).trim().to_owned();
    let told = stdout(&other.run(0, ["scale", &id, "v1", "--min", "2"]));
    assert!(told.contains("2 replicas"), "{told}");
}

/// The account of the routers may do what routing takes, by the names of this endpoint's objects.
fn its_account_may_do_little(kube: &Kube) {
    let id = stdout(&kube.run(0, ["list", "-q", "--limit", "1"])).trim().to_owned();
    let account = format!("--as=system:serviceaccount:{}:{id}", kube.namespace);
    let may = |words: &str| {
        let words: Vec<&str> = words.split(' ').collect();
        let mut command = kube.kubectl_command();
        let output = command.args(["auth", "can-i"]).args(words).arg(&account).output();
        stdout(&output.expect("kubectl")).trim() == "yes"
    };
    for allowed in [
        "watch pods".to_owned(),
        format!("get configmaps/{id}-endpoint"),
        format!("patch configmaps/{id}-live"),
        format!("update leases.coordination.k8s.io/{id}"),
    ] {
        assert!(may(&allowed), "{allowed}");
    }
    for denied in [
        "get secrets".to_owned(),
        "list configmaps".to_owned(),
        "patch configmaps/other-live".to_owned(),
        format!("delete configmaps/{id}"),
        format!("patch configmaps/{id}-endpoint"),
        "create pods".to_owned(),
        "delete pods".to_owned(),
        "create deployments.apps".to_owned(),
        format!("patch deployments.apps/{id}"),
        "patch deployments.apps --subresource=scale".to_owned(),
        "create roles.rbac.authorization.k8s.io".to_owned(),
    ] {
        assert!(!may(&denied), "{denied}");
    }
}

#[test]
fn a_revision_wakes_and_one_that_fails_is_given_up() {
    let Some(kube) = Kube::new() else { return };
    let more = "grace: 5s\nreplicas: {min: 0, max: 2}\n\
                scaling: {target: {concurrency: 2}, window: 4s, scaleToZeroAfter: 5s}\n\
                rollout: {steps: [50, 100], interval: 1s, minRequests: 5, maxErrorRate: 5%}\n";
    spec(&kube, &[("v1", "host=0.0.0.0", "")], more);
    kube.run(0, ["serve"]);
    until(&kube, "nobody asks, and nobody is there", |now| {
        now["live"]["revisions"][0]["wanted"] == 0 && replicas(now, "v1", "ready") == 0
    });
    // The first caller waits for its replica.
    let ask = ["predict", "sums", "--json", r#"{"instances": [{"x": 3}]}"#];
    assert!(stdout(&kube.run(0, ask)).contains("6"));
    let callers = super::support::Callers::start(&kube, "http://sums", 2);
    let broken = "host=0.0.0.0 fail=/etc/passwd";
    spec(&kube, &[("v1", "host=0.0.0.0", ""), ("v2", broken, "")], more);
    let said = stderr(&kube.run(10, ["serve", "--yes"]));
    assert!(said.contains("given up: v2"), "{said}");
    let now = status(&kube);
    assert_eq!(now["state"]["weights"]["v1"], 100, "{now:#}");
    let why = stdout(&kube.run(0, ["why", "sums"]));
    assert!(why.contains("requests ended in an error"), "{why}");
    let (answers, failures) = callers.end();
    assert_eq!(failures, serde_json::json!([]), "{answers}");
    let known = ["200 v1", "500 v2"];
    let answers = answers.as_object().expect("answers");
    assert!(answers.keys().all(|key| known.contains(&&**key)), "{answers:?}");
    kube.run(0, ["undeploy", "sums", "--yes"]);
}

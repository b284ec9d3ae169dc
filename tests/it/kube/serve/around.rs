//! What is around an endpoint: encryption, requests that are kept, a look into its servers, what is left of old
//! revisions.

use serde_json::Value as Json;

use super::support::{replicas, spec, status, until};
use crate::kube::support::{Kube, LONG, Store, poll};
use crate::support::{stderr, stdout};

const ASK: [&str; 4] = ["predict", "sums", "--json", r#"{"instances": [{"x": 3}]}"#];

#[test]
fn an_encrypted_endpoint_keeps_requests_and_is_looked_into() {
    let Some(kube) = Kube::new() else { return };
    let _store = Store::start(&kube);
    let name = format!("sums.{}.svc", kube.namespace);
    let issued = rcgen::generate_simple_self_signed(vec![name.clone()]).expect("a certificate");
    let certificate = kube.sandbox.write("tls.crt", &issued.cert.pem()).display().to_string();
    let key = kube.sandbox.write("tls.key", &issued.signing_key.serialize_pem());
    let key = format!("--key={}", key.display());
    kube.kubectl(["create", "secret", "tls", "cert", &format!("--cert={certificate}"), &key]);
    let of_store = "tls: {secret: cert}\ngrace: 3s\n\
                    storage: {secret: keys, endpoint: 'http://store:7070', region: us-east-1}\n";
    let to = |place: &str| format!("log: {{sample: 100%, to: '{place}'}}\n{of_store}");
    spec(&kube, &[("v1", "host=0.0.0.0", "")], &to("kept"));
    let said = stderr(&kube.run(3, ["serve"]));
    assert!(said.contains("log.to: the routers") && said.contains("s3://"), "{said}");
    kube.act_as("server");
    spec(&kube, &[("v1", "host=0.0.0.0", "")], &to("s3://bucket/asked"));
    let said = stderr(&kube.run(0, ["serve"]));
    assert!(said.contains(&format!("https://{name}")), "{said}");
    // Whoever signs for it has to be trusted, and then it is asked by the name that it has.
    let said = stderr(&kube.run(6, ASK));
    assert!(said.contains("--ca ca.pem"), "{said}");
    kube.run(0, ASK.into_iter().chain(["--ca", &certificate]));
    let asked = || {
        let output = kube.mlctl(ASK).env("SSL_CERT_FILE", &certificate).output().expect("mlctl");
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        stdout(&output)
    };
    for _ in 0..3 {
        assert!(asked().contains('6'));
    }
    // Each router writes objects that have its name.
    let router = kube.kubectl(["get", "pods", "-l", "mlctl.dev/part=router", "-o", "name"]);
    let router = router.trim().trim_start_matches("pod/").to_owned();
    let find = "cat $(find /data/s3/bucket/asked -name \"*-$0-*.jsonl\") /dev/null";
    let kept = poll("requests are kept", LONG, || {
        let text = kube.kubectl(["exec", "store", "--", "sh", "-c", find, &router]);
        let lines = text.lines().map(|line| serde_json::from_str(line).expect("JSON"));
        let lines: Vec<Json> = lines.filter(|line: &Json| line["method"] == "POST").collect();
        (lines.len() >= 3).then_some(lines)
    });
    assert_eq!(kept[0]["answer"]["json"]["predictions"][0]["y"], 6.0, "{kept:#?}");
    // `exec` is for those who may do everything with runs.
    let output = kube.mlctl(["exec", "sums/v1", "--", "true"]).output().expect("mlctl");
    assert!(stderr(&output).contains("may not"), "{}", stderr(&output));
    kube.act_as("submitter");
    let output = kube.run(0, ["exec", "sums/v1", "--", "sh", "-c", "echo $MLCTL_REPLICA; ls"]);
    assert!(stdout(&output).starts_with("v1"), "{}", stdout(&output));
    assert!(stdout(&output).contains("server.py"), "{}", stdout(&output));
    let pod = &status(&kube)["live"]["revisions"][0]["replicas"][0]["run"];
    let pod = format!("sums/{}", pod.as_str().expect("a pod"));
    kube.run(3, ["exec", &pod, "--", "sh", "-c", "exit 3"]);
    let said = stderr(&kube.run(4, ["exec", "sums/v7", "--", "true"]));
    assert!(said.contains("mlctl exec sums/"), "{said}");
}

#[test]
fn what_no_rollback_reaches_is_taken_away() {
    let Some(kube) = Kube::new() else { return };
    let _robot = kube.become_robot("server");
    let more = "grace: 1s\nreplicas: {min: 1, max: 1}\n";
    let serve = |factor: u32, how: &[&str]| {
        spec(&kube, &[("v1", &format!("host=0.0.0.0 factor={factor}"), "")], more);
        kube.run(0, ["serve", "--yes"].iter().chain(how));
    };
    let count = |kind: &str| {
        let all = kube.kubectl(["get", kind, "-l", "mlctl.dev/part=replica", "-o", "name"]);
        all.lines().filter(|line| !line.is_empty()).count()
    };
    serve(1, &[]);
    // Each takes the place of the one before it on its way.
    for factor in 2..=14 {
        serve(factor, &["--detach"]);
    }
    serve(15, &[]);
    until(&kube, "the last one alone", |now| {
        let is_gone = |at: u32| {
            let id = format!("v1.{at}");
            ["starting", "ready", "draining"].iter().all(|state| replicas(now, &id, state) == 0)
        };
        replicas(now, "v1.15", "ready") == 1 && (2..15).all(is_gone)
    });
    serve(16, &[]);
    // The one that serves, the one before it, and those that are remembered.
    let left = count("deployments");
    assert!((12..=14).contains(&left), "{left}");
    assert_eq!(count("configmaps") % left, 0);
    assert!(stdout(&kube.run(0, ASK)).contains("48"));
    kube.run(0, ["rollback", "sums"]);
    assert!(stdout(&kube.run(0, ASK)).contains("45"));
    kube.run(0, ["undeploy", "sums", "--yes"]);
}

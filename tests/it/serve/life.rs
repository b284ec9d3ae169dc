//! An endpoint from its beginning to its end, with what its users see of it.

use serde_json::{Value as Json, json};

use super::support::{
    Callers, ask_once, client, revision, sandbox, spec, status, undeploy, undeploy_of, until, url,
    url_of,
};
use crate::support::{Sandbox, copy_tree, repository, stderr, stdout};

#[test]
fn an_endpoint_serves_until_it_is_ended() {
    let sandbox = sandbox();
    spec(&sandbox, &[("v1", "", "")], "");
    let said = stderr(&sandbox.run(0, ["serve"]));
    assert!(said.contains("sums serves at http://127.0.0.1:"), "{said}");
    let url = url(&sandbox);
    let (code, by, answer) = ask_once(&url, None).expect("an answer");
    assert_eq!((code, by.as_str()), (200, "v1"));
    assert_eq!(answer["predictions"], json!([{"y": 2.0, "by": "v1"}]));
    // As callers of Vertex AI call it.
    let vertex = format!("{url}/v1/projects/p/locations/l/endpoints/sums:predict");
    let answer = post(&vertex, &json!({"instances": [{"x": 4}]}));
    assert_eq!(answer["predictions"], json!([{"y": 8.0, "by": "v1"}]));
    // By the line that `serve` shows, which nobody has to fill in but for the rows.
    let line = said.lines().find_map(|line| line.trim().strip_prefix("or: curl ")).expect("a line");
    let answer =
        post(line.split(' ').next().expect("an address"), &json!({"instances": [{"x": 5}]}));
    assert_eq!(answer["predictions"], json!([{"y": 10.0, "by": "v1"}]));
    // Its replicas are in no list but their own.
    let runs = stdout(&sandbox.run(0, ["list", "-q"]));
    assert_eq!(runs.lines().count(), 1, "{runs}");
    let again = stderr(&sandbox.run(0, ["serve"]));
    assert!(again.contains("sums is what the spec says already"), "{again}");
    undeploy(&sandbox);
    assert!(ask_once(&url, None).is_err());
    let state: Json =
        serde_json::from_str(&stdout(&sandbox.run(0, ["status", "sums", "-o", "json"]))).unwrap();
    assert_eq!(state["record"]["state"], "cancelled");
}

fn post(url: &str, body: &Json) -> Json {
    crate::support::on_runtime(async {
        let request = client().post(url).body(body.to_string());
        let answer = request.send().await.expect("an answer");
        serde_json::from_str(&answer.text().await.expect("a body")).expect("JSON")
    })
}

#[test]
fn what_would_change_is_said_before() {
    let sandbox = sandbox();
    for model in ["text", "web-graph"] {
        let from = repository().join("tests/it/models/fixtures").join(model);
        copy_tree(&from, &sandbox.dir().join(model));
    }
    spec(&sandbox, &[("v1", "", "model: ./text")], "");
    let said = stdout(&sandbox.run(0, ["serve", "--dry-run"]));
    assert_eq!(said, "v1 is new with ./text, 100 % of the requests, 1 replica\n");
    assert_eq!(stdout(&sandbox.run(0, ["list", "-q"])), "");
    sandbox.run(0, ["serve"]);
    spec(
        &sandbox,
        &[
            ("v1", "", "model: ./text; traffic: 60"),
            ("v2", "factor=3", "model: ./web-graph; traffic: 40; replicas: 2"),
        ],
        "limits: {maxBody: 1Ki}\n",
    );
    let dry = sandbox.run(0, ["serve", "--dry-run"]);
    // Its models answer to other names; whoever asks by the old ones is told before.
    let (said, warned) = (stdout(&dry), stderr(&dry));
    for words in ["v2 breaks those who call v1: decode: this signature is gone", "`traffic: 0`"] {
        assert!(warned.contains(words), "{warned}");
    }
    assert_eq!(
        said,
        "v1: 100 % of the requests, 1 replica -> 60 % of the requests, 1 replica\n\
         v2 is new with ./web-graph, 40 % of the requests, 2 replicas\nlimits changes\n"
    );
    // Nobody is here to agree.
    let refused = stderr(&sandbox.run(2, ["serve"]));
    assert!(refused.contains("--yes changes it without a question"), "{refused}");
    assert_eq!(revision(&status(&sandbox), "v1")["weight"], 100);
    sandbox.run(0, ["serve", "--yes"]);
    let now = status(&sandbox);
    assert_eq!(revision(&now, "v1")["weight"], 60);
    assert_eq!(revision(&now, "v2")["weight"], 40);
    // The spec lies beside its servers' code, and its new text has made no new servers.
    assert_eq!(revision(&now, "v1.2"), &Json::Null);
    undeploy(&sandbox);
}

#[test]
fn what_can_not_serve_says_why() {
    let sandbox = sandbox();
    spec(&sandbox, &[("v1", "broken=1", "probes: {startTimeout: 3s}")], "");
    let said = stderr(&sandbox.run(10, ["serve"]));
    assert!(said.contains("no module named models"), "{said}");
    undeploy(&sandbox);
}

#[test]
fn names_that_are_wrong_change_nothing() {
    let sandbox = sandbox();
    spec(&sandbox, &[("v1", "", "")], "");
    let none = stderr(&sandbox.run(4, ["traffic", "sums", "v1=100"]));
    assert!(none.contains("there is no endpoint `sums` here"), "{none}");
    sandbox.run(0, ["serve"]);
    for (code, args, wanted) in [
        (4, &["traffic", "smus", "v1=100"][..], "did you mean sums?"),
        (4, &["traffic", "sums", "v2=100"], "it has v1"),
        (2, &["traffic", "sums", "v1=90"], "10 are missing"),
        (2, &["traffic", "sums", "v1"], "it has no `=`"),
        (2, &["traffic", "sums", "v1=101"], "a whole number from 0 to 100"),
        (5, &["rollout", "pause", "sums"], "has no change under way"),
        (5, &["rollback", "sums"], "has had no other weights"),
        (4, &["rollback", "sums", "--to", "v9"], "knows no revision `v9`"),
        (2, &["scale", "sums"], "neither --min nor --max"),
        (5, &["scale", "sums", "--min", "1000"], "more than this machine has room for"),
        (4, &["undeploy", "sum", "--yes"], "to end sums, write its whole name"),
        (2, &["scale", "sums", "--min", "3", "--max", "2"], "is more than"),
        (4, &["undeploy", "sums", "other"], "there is no endpoint `other` here"),
    ] {
        let said = stderr(&sandbox.run(code, args));
        assert!(said.contains(wanted), "{args:?}: {said}");
    }
    let now = status(&sandbox);
    assert_eq!(now["state"]["changes"], 1);
    undeploy(&sandbox);
}

/// Whoever knows its name can ask it.
#[test]
fn an_endpoint_is_asked_by_its_name() {
    let sandbox = sandbox();
    let ask = ["predict", "sums", "--json", r#"{"x": 21}"#];
    let said = stderr(&sandbox.run(4, ask));
    assert!(said.contains("there is no endpoint `sums` here"), "{said}");
    spec(&sandbox, &[("v1", "", "traffic: 100"), ("v2", "factor=3", "traffic: 0")], "");
    sandbox.run(0, ["serve"]);
    // What has no part of the traffic is not waited for by `serve`.
    sandbox.run(0, ["wait", "sums"]);
    assert_eq!(stdout(&sandbox.run(0, ask)), "{\"y\": 42.0, \"by\": \"v1\"}\n");
    let second = [&ask[..], &["--revision", "v2"]].concat();
    assert_eq!(stdout(&sandbox.run(0, second)), "{\"y\": 63.0, \"by\": \"v2\"}\n");
    let none = [&ask[..], &["--revision", "v9"]].concat();
    let said = stderr(&sandbox.run(4, none));
    assert!(said.contains("v1"), "{said}");
    let load = ["--load", "1s", "--concurrency", "2", "-o", "json"];
    let load = stdout(&sandbox.run(0, [&ask[..], &load].concat()));
    let load: Json = serde_json::from_str(&load).expect("JSON");
    assert!(load["revisions"].to_string().contains("v1"), "{load:#}");
    undeploy(&sandbox);
    let said = stderr(&sandbox.run(6, ask));
    assert!(said.contains("does not serve"), "{said}");
}

/// The example, as its own words say to try it.
#[test]
fn the_example_serves_and_rolls_out() {
    let sandbox = Sandbox::new();
    sandbox.run(0, ["init", "serve"]);
    sandbox.run(0, ["serve"]);
    let ask = ["predict", "prices", "--json", r#"{"rooms": 3, "age": 10}"#];
    assert_eq!(stdout(&sandbox.run(0, ask)), "170.0\n");
    let text = fs_err::read_to_string(sandbox.dir().join("mlctl.yaml")).expect("the spec");
    sandbox.write("mlctl.yaml", &text.replace("# - {name: v2", "- {name: v2"));
    let load = [&ask[..], &["--load", "60s", "--rate", "50", "-o", "json"]].concat();
    let mut load = sandbox.mlctl(load).stdout(std::process::Stdio::null()).spawn().expect("mlctl");
    let said = stderr(&sandbox.run(0, ["serve", "--yes"]));
    assert!(said.contains("weights: v1 50 %, v2 50 %"), "{said}");
    let _ = load.kill();
    let _ = load.wait();
    assert_eq!(stdout(&sandbox.run(0, ask)), "185.0\n");
    sandbox.run(0, ["undeploy", "prices", "--yes"]);
    sandbox.wait_until_empty(std::time::Duration::from_secs(20));
}

/// A version of the registry is served by its name, and can't be removed meanwhile.
#[test]
fn a_model_of_the_registry_is_served_by_its_name() {
    let sandbox = sandbox();
    sandbox.write("model/model.onnx", "not looked into");
    sandbox.run(0, ["models", "push", "./model", "doubles", "--alias", "champion"]);
    let server = sandbox.dir().join("app/server.py").display().to_string();
    let said = stderr(&sandbox.run(2, ["serve", "doubles@champion"]));
    assert!(said.contains("of the kind ONNX"), "{said}");
    let serve = ["serve", "doubles@champion", "--name", "sums", "--server", "custom", "--"];
    sandbox.run(0, [&serve[..], &["python3", &server, "{port}", "first"]].concat());
    let now = status(&sandbox);
    assert_eq!(revision(&now, "v1")["model"], "doubles@1");
    let (_, _, answer) = ask_once(&url(&sandbox), None).expect("an answer");
    assert_eq!(answer["predictions"][0]["by"], "first");
    let refused = stderr(&sandbox.run(5, ["models", "remove", "doubles@1", "--yes"]));
    assert!(refused.contains("sums"), "{refused}");
    let shown = stdout(&sandbox.run(0, ["models", "show", "doubles", "-o", "json"]));
    assert!(shown.contains("\"endpoint\""), "{shown}");
    undeploy(&sandbox);
    let shown = stdout(&sandbox.run(0, ["models", "show", "doubles", "-o", "json"]));
    assert!(!shown.contains("\"endpoint\""), "{shown}");
}

/// Its replicas and its causes are found where those of runs are.
#[test]
fn an_endpoint_is_looked_into_as_runs_are() {
    let sandbox = sandbox();
    let broken = ("v2", "broken=1", "probes: {startTimeout: 2s}");
    spec(&sandbox, &[("v1", "", "")], "");
    sandbox.run(0, ["serve"]);
    spec(
        &sandbox,
        &[
            ("v1", "", "traffic: 0"),
            (broken.0, broken.1, "probes: {startTimeout: 2s}; traffic: 100"),
        ],
        "",
    );
    sandbox.run(10, ["serve", "--yes"]);
    let why = stdout(&sandbox.run(0, ["why", "sums"]));
    assert!(why.contains("v2 was given up"), "{why}");
    assert!(why.contains("no module named models"), "{why}");
    assert!(why.contains("mlctl logs sums/v2"), "{why}");
    let logs = stdout(&sandbox.run(0, ["logs", "sums/v2"]));
    assert!(logs.contains("no module named models"), "{logs}");
    let said = stderr(&sandbox.run(4, ["logs", "sums/v3"]));
    assert!(said.contains("it has had some of v1, v2"), "{said}");
    let replicas = stdout(&sandbox.run(0, ["list", "--endpoint", "sums", "-q"]));
    assert!(replicas.lines().count() >= 2, "{replicas}");
    assert_eq!(revision(&status(&sandbox), "v1")["weight"], 100);
    undeploy(&sandbox);
}

/// A port that is chosen stays the endpoint's own, and one that is taken is refused in words.
#[test]
fn a_port_that_is_taken_is_said() {
    let sandbox = sandbox();
    let holder = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let port = holder.local_addr().expect("its address").port();
    spec(&sandbox, &[("v1", "", "")], &format!("port: {port}\n"));
    let said = stderr(&sandbox.run(5, ["serve"]));
    assert!(said.contains(&format!("the port {port}")), "{said}");
    drop(holder);
    sandbox.run(0, ["serve"]);
    assert_eq!(url(&sandbox), format!("http://127.0.0.1:{port}"));
    undeploy(&sandbox);
}

#[test]
fn a_revision_asleep_wakes_for_its_caller() {
    let sandbox = sandbox();
    spec(&sandbox, &[("v1", "start=1", "replicas: {min: 0, max: 2}")], "");
    sandbox.run(0, ["serve"]);
    let (code, by, _) = ask_once(&url(&sandbox), None).expect("an answer");
    assert_eq!((code, by.as_str()), (200, "v1"));
    undeploy(&sandbox);
}

#[test]
fn more_replicas_and_fewer() {
    let sandbox = sandbox();
    spec(&sandbox, &[("v1", "", "")], "");
    sandbox.run(0, ["serve"]);
    sandbox.run(0, ["scale", "sums", "--min", "3"]);
    let ready = |count: usize| {
        move |now: &Json| {
            let replicas = revision(now, "v1")["replicas"].as_array().cloned().unwrap_or_default();
            replicas.len() == count && replicas.iter().all(|one| one["state"] == "ready")
        }
    };
    until(&sandbox, "three replicas", ready(3));
    sandbox.run(0, ["scale", "sums", "--min", "1", "--max", "1"]);
    until(&sandbox, "one replica", ready(1));
    undeploy(&sandbox);
}

/// Whoever looks at a replica by its run finds its output; whoever ends it sees another one in its place.
#[test]
fn a_replica_is_a_run() {
    let sandbox = sandbox();
    spec(&sandbox, &[("v1", "", "")], "");
    sandbox.run(0, ["serve"]);
    let run = run_of(&sandbox, "v1");
    let logs = stdout(&sandbox.run(0, ["logs", &run]));
    assert!(logs.contains("ready"), "{logs}");
    sandbox.run(0, ["cancel", &run]);
    until(&sandbox, "another replica", |now| {
        let replicas = &revision(now, "v1")["replicas"];
        replicas[0]["state"] == "ready" && replicas[0]["run"] != run.as_str()
    });
    undeploy(&sandbox);
}

fn run_of(sandbox: &Sandbox, name: &str) -> String {
    let now = status(sandbox);
    let run = &revision(&now, name)["replicas"][0]["run"];
    run.as_str().expect("a run").to_owned()
}

/// An endpoint's name may be the beginning of another one's: none is meant but the one that is named, and one
/// that is being called ends after a question only, whichever verb ends it.
#[test]
fn a_name_means_its_own_endpoint() {
    let sandbox = sandbox();
    let server = |name: &str| format!("command: [python3, server.py, \"{{port}}\", {name}]");
    for name in ["sums", "sums2"] {
        sandbox.write(
            &format!("{name}.yaml"),
            &format!(
                "apiVersion: mlctl.dev/v1\nkind: Endpoint\nname: {name}\nserver: custom\ncode: app\n\
                 revisions:\n- name: v1\n  {}\n",
                server(name)
            ),
        );
        sandbox.run(0, ["serve", &format!("{name}.yaml")]);
    }
    let said = stdout(&sandbox.run(0, ["traffic", "sums", "v1=100", "-o", "json"]));
    assert!(said.contains("\"sums\"") && !said.contains("sums2"), "{said}");
    let said = stderr(&sandbox.run(2, ["traffic", "s", "v1=100"]));
    assert!(said.contains("sums2-") && said.contains("sums-"), "{said}");
    let callers = Callers::start(&url_of(&sandbox, "sums"), 1);
    until(&sandbox, "its first callers", |now| {
        revision(now, "v1")["traffic"]["rate"].as_f64().is_some_and(|rate| rate > 0.0)
    });
    let said = stderr(&sandbox.run(2, ["cancel", "sums"]));
    assert!(said.contains("sums is being called") && said.contains("--yes"), "{said}");
    assert!(status(&sandbox)["live"]["url"].is_string());
    sandbox.run(0, ["cancel", "sums", "--yes"]);
    callers.end();
    undeploy_of(&sandbox, "sums2");
}

//! Replicas and controllers that are killed while callers ask.

use std::collections::BTreeSet;
use std::time::Duration;

use super::support::{
    Callers, LONG, always_at, ask_once, revision, sandbox, spec, status, undeploy, until, url,
};
use crate::support::{Sandbox, kill, stderr, stdout, wait_for};

/// Processes of this verb of mlctl, without agents and guards.
fn of_verb(sandbox: &Sandbox, verb: &str) -> Vec<i32> {
    let is_it = |pid: &i32| {
        let words = fs_err::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        words.split(|byte| *byte == 0).nth(1) == Some(verb.as_bytes())
    };
    sandbox.processes().into_iter().filter(is_it).collect()
}

/// Asks a process to go, as somebody does who doesn't know whose it is.
fn terminate(pid: i32) {
    let pid = rustix::process::Pid::from_raw(pid).expect("a process");
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).expect("it is there");
}

#[test]
fn a_replica_that_is_killed_costs_no_caller_its_answer() {
    let sandbox = sandbox();
    spec(&sandbox, &[("v1", "", "replicas: 2")], "");
    sandbox.run(0, ["serve"]);
    until(&sandbox, "two replicas", |now| {
        revision(now, "v1")["replicas"]
            .as_array()
            .is_some_and(|all| all.len() == 2 && all.iter().all(|one| one["state"] == "ready"))
    });
    let before = runs(&sandbox);
    let callers = Callers::start(&url(&sandbox), 2);
    kill(of_verb(&sandbox, "serve-replica")[0]);
    until(&sandbox, "another replica", |now| {
        let replicas = revision(now, "v1")["replicas"].as_array().cloned().unwrap_or_default();
        replicas.iter().filter(|one| one["state"] == "ready").count() == 2
            && replicas.iter().any(|one| !before.contains(one["run"].as_str().unwrap_or("")))
    });
    let (answers, errors) = callers.end();
    // Its server is ended with it. Only an answer that has begun can't come from the other replica.
    assert!(errors.len() <= 2, "{errors:?}");
    assert!(answers.keys().all(|(code, _)| *code == 200), "{answers:?}");
    undeploy(&sandbox);
}

fn runs(sandbox: &Sandbox) -> BTreeSet<String> {
    let now = status(sandbox);
    let replicas = revision(&now, "v1")["replicas"].as_array().cloned().unwrap_or_default();
    replicas.iter().filter_map(|one| one["run"].as_str().map(str::to_owned)).collect()
}

/// What has its port would answer in its place: it is not started before that has gone.
#[test]
fn a_server_that_always_listens_on_one_port_waits_for_it() {
    let sandbox = sandbox();
    let other = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = other.local_addr().expect("an address").port();
    spec(&sandbox, &[("v1", "", &format!("routes: {{port: {port}}}"))], "");
    always_at(&sandbox, port);
    let output = sandbox.mlctl(["serve", "--timeout", "5s"]).output().expect("mlctl starts");
    let said = stderr(&output);
    assert!(!output.status.success() && !said.contains("2 replicas"), "{said}");
    assert!(said.contains(&format!("port {port}")) && said.contains("is in use"), "{said}");
    drop(other);
    until(&sandbox, "it is ready", |now| revision(now, "v1")["replicas"][0]["state"] == "ready");
    let (code, by, _) = ask_once(&url(&sandbox), None).expect("an answer");
    assert_eq!((code, by.as_str()), (200, "v1"));
    // A second one has no place here, which is said before it fails.
    spec(&sandbox, &[("v1", "", &format!("routes: {{port: {port}}}; replicas: 2"))], "");
    always_at(&sandbox, port);
    let said = stderr(&sandbox.run(0, ["serve", "--yes", "--detach"]));
    assert!(said.contains(&format!("2 replicas listen on {port}")), "{said}");
    undeploy(&sandbox);
}

/// Its successor has the same port, the same weights and the same replicas, whatever has ended it.
#[test]
fn a_controller_that_is_killed_has_a_successor() {
    let sandbox = sandbox();
    spec(&sandbox, &[("v1", "", "traffic: 70"), ("v2", "", "traffic: 30")], "");
    sandbox.run(0, ["serve"]);
    let (before, url) = (runs(&sandbox), url(&sandbox));
    let controller = || of_verb(&sandbox, "serve-loop");
    let ends: [fn(i32); 2] = [kill, terminate];
    for end in ends {
        let [old] = controller()[..] else { panic!("one controller") };
        end(old);
        wait_for("a successor", LONG, || {
            let now = controller();
            now.len() == 1
                && now[0] != old
                && ask_once(&url, None).is_ok_and(|(code, ..)| code == 200)
        });
    }
    let now = status(&sandbox);
    assert_eq!(revision(&now, "v1")["weight"], 70);
    assert_eq!(runs(&sandbox), before);
    assert_eq!(now["state"]["changes"], 1);
    undeploy(&sandbox);
}

/// Killed again and again in the middle of a rollout, it ends as it would have, and takes each step once.
#[test]
fn a_rollout_survives_its_controllers() {
    let sandbox = sandbox();
    spec(&sandbox, &[("v1", "", "")], "");
    sandbox.run(0, ["serve"]);
    let callers = Callers::start(&url(&sandbox), 1);
    let rollout = "rollout: {steps: [20, 40, 60, 80, 100], interval: 1s, minRequests: 1, maxErrorRate: 50%}\n";
    spec(&sandbox, &[("v1", "", ""), ("v2", "", "")], rollout);
    sandbox.run(0, ["serve", "--yes", "--detach"]);
    for _ in 0..4 {
        std::thread::sleep(Duration::from_millis(fastrand::u64(200..1500)));
        of_verb(&sandbox, "serve-loop").into_iter().for_each(kill);
    }
    let end = until(&sandbox, "the end of the rollout", |now| now["state"]["change"].is_null());
    assert_eq!(revision(&end, "v2")["weight"], 100, "{end:#}");
    let history = end["state"]["history"].as_array().expect("a history");
    let steps = history.iter().filter(|one| one["event"] == "weights");
    let steps: Vec<u64> = steps.filter_map(|one| one["to"]["v2"].as_u64()).collect();
    assert_eq!(steps, [20, 40, 60, 80, 100]);
    callers.end();
    undeploy(&sandbox);
}

/// A controller that ended by its machine's end is begun again by serving the spec once more.
#[test]
fn an_endpoint_goes_on_after_its_machine_was_away() {
    let sandbox = sandbox();
    spec(&sandbox, &[("v1", "", "")], "");
    sandbox.run(0, ["serve"]);
    let address = url(&sandbox);
    let all = sandbox.processes();
    all.into_iter().for_each(kill);
    sandbox.wait_until_empty(Duration::from_secs(20));
    let said = stdout(&sandbox.run(0, ["list"]));
    assert!(!said.contains("running"), "{said}");
    let said = stderr(&sandbox.run(0, ["serve"]));
    assert!(said.contains("goes on as"), "{said}");
    assert_eq!(url(&sandbox), address);
    let (code, by, _) = ask_once(&address, None).expect("an answer");
    assert_eq!((code, by.as_str()), (200, "v1"));
    undeploy(&sandbox);
}

//! Clusters that refuse, or that can't be found: each told apart, each with its next step.

use std::time::{Duration, Instant};

use crate::kube::support::{Kube, LONG, poll};
use crate::support::{stderr, stdout};

/// What is said about a submission that can't be made; afterwards nothing is there.
#[track_caller]
fn refused(kube: &Kube, code: i32, words: &[&str]) {
    kube.gang(&["true"], "");
    let output = kube.run(code, ["train"]);
    let text = stderr(&output);
    for word in words {
        assert!(text.to_lowercase().contains(&word.to_lowercase()), "`{word}` in:\n{text}");
    }
    assert!(text.contains("hint"), "a next step:\n{text}");
    assert!(kube.get("configmaps,secrets,services,jobs,pods").is_empty());
    let running = ["list", "-q", "--state", "submitted", "--state", "starting"];
    assert_eq!(stdout(&kube.run(0, running)), "", "no run is thought to be under way");
}

#[test]
fn a_user_without_rights_is_told_which_one() {
    let Some(kube) = Kube::without_pods() else { return };
    let robot = kube.robot("view");
    kube.use_credentials(&format!("token: {}", robot.token("tie")));
    refused(&kube, 5, &["create", "configmaps", &kube.namespace, "robot"]);
}

/// All is allowed but the Jobs: what was made before the refusal is taken back.
#[test]
fn half_the_rights_leave_nothing_behind() {
    let Some(kube) = Kube::without_pods() else { return };
    let robot = kube.robot("view");
    let verbs = "--verb=get,list,watch,create,update,patch,delete";
    let kinds = "--resource=configmaps,secrets,services,pods";
    kube.kubectl(["create", "role", "most", verbs, kinds]);
    let account = format!("--serviceaccount={}:robot", kube.namespace);
    kube.kubectl(["create", "rolebinding", "most", "--role=most", &account]);
    kube.use_credentials(&format!("token: {}", robot.token("tie")));
    refused(&kube, 5, &["create", "jobs", &kube.namespace]);
}

#[test]
fn an_expired_token_is_told() {
    let Some(kube) = Kube::without_pods() else { return };
    let robot = kube.robot("admin");
    let token = robot.token("tie");
    kube.use_credentials(&format!("token: {token}"));
    robot.revoke("tie");
    poll("the API server knows", LONG, || {
        let mut command = kube.kubectl_command();
        command.env("KUBECONFIG", kube.sandbox.home().join(".kube/config"));
        let output = command.args(["get", "pods"]).output().expect("kubectl");
        (!output.status.success()).then_some(())
    });
    refused(&kube, 5, &["unauthorized", "log in"]);
}

#[test]
fn a_namespace_that_is_not_there_is_told() {
    let Some(kube) = Kube::without_pods() else { return };
    kube.gang(&["true"], "");
    let output = kube.run(4, ["train", "--namespace", "nowhere"]);
    let text = stderr(&output);
    assert!(text.contains("nowhere") && text.contains("hint"), "{text}");
}

#[test]
fn a_cluster_that_is_not_there_is_told() {
    let Some(kube) = Kube::without_pods() else { return };
    let context = &kube.cluster.context;
    let text = format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: {context}\n\
         contexts: [{{name: {context}, context: {{cluster: gone, user: gone}}}}]\n\
         clusters: [{{name: gone, cluster: {{server: 'https://127.0.0.1:9'}}}}]\n\
         users: [{{name: gone, user: {{}}}}]\n"
    );
    kube.set_kubeconfig(&kube.sandbox, &text);
    let begin = Instant::now();
    refused(&kube, 6, &["127.0.0.1:9"]);
    assert!(begin.elapsed() < Duration::from_secs(60), "it gave up after a while");
}

#[test]
fn a_context_that_is_not_there_is_told_with_those_that_are() {
    let Some(kube) = Kube::without_pods() else { return };
    kube.gang(&["true"], "");
    let text = stderr(&kube.run(2, ["train", "--context", "nowhere"]));
    assert!(text.contains("nowhere") && text.contains(&kube.cluster.context), "{text}");
}

/// The token of an exec plugin ends in the middle: it is asked for another one, and nothing is lost.
#[test]
fn a_token_that_ends_in_the_middle_is_asked_for_again() {
    let Some(kube) = Kube::new() else { return };
    let robot = kube.robot("admin");
    let file = kube.sandbox.dir().join("credential.json");
    let give = |token: &str| {
        let credential = serde_json::json!({
            "apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential",
            "status": {"token": token},
        });
        fs_err::write(&file, credential.to_string()).expect("a credential");
    };
    give(&robot.token("first"));
    kube.use_credentials(&format!(
        "exec: {{apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never, command: cat, \
         args: ['{}']}}",
        file.display()
    ));
    kube.gang(&["echo here; for i in $(seq 40); do sleep 0.5; done; echo done"], "");
    let child = kube.mlctl(["train"]).stderr(std::process::Stdio::piped()).spawn().expect("mlctl");
    kube.printed(0, "here");
    give(&robot.token("second"));
    robot.revoke("first");
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
}

/// Who may not watch asks again and again.
#[test]
fn a_run_is_followed_without_the_right_to_watch() {
    let Some(kube) = Kube::new() else { return };
    let robot = kube.robot("view");
    let verbs = "--verb=get,list,create,update,patch,delete";
    let kinds = "--resource=configmaps,secrets,services,pods,pods/log,jobs.batch";
    kube.kubectl(["create", "role", "most", verbs, kinds]);
    // What `view` gives would let it watch.
    kube.kubectl(["delete", "rolebinding", "robot"]);
    let account = format!("--serviceaccount={}:robot", kube.namespace);
    kube.kubectl(["create", "rolebinding", "most", "--role=most", &account]);
    kube.use_credentials(&format!("token: {}", robot.token("tie")));
    kube.gang(&["echo here; sleep 3; echo done"], "");
    let output = kube.mlctl(["train"]).output().expect("mlctl");
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(stderr(&output).contains("done") || stdout(&output).contains("done"));
}

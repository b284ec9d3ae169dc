//! The Roles that an admin applies: what each allows, and what it denies.

use std::process::Output;

use crate::kube::support::{Kube, LONG, poll};
use crate::support::{stderr, stdout};

/// What the API server says of each `verb resource`.
#[track_caller]
fn assert_denied(kube: &Kube, what: &[&str]) {
    let user = format!("--as=system:serviceaccount:{}:robot", kube.namespace);
    for pair in what {
        assert_eq!(may(kube, &user, pair), "no", "may it {pair}?");
    }
}

/// `create pods/exec`: kubectl would take what stands behind the slash for a name.
fn may(kube: &Kube, user: &str, pair: &str) -> String {
    let words: Vec<&str> = pair.split(' ').collect();
    let [verb, resource, more @ ..] = words.as_slice() else { panic!("a verb and a resource") };
    let (resource, subresource) = resource.split_once('/').unwrap_or((resource, ""));
    let mut command = kube.kubectl_command();
    command.args(["auth", "can-i", user, verb, resource, "--subresource", subresource]).args(more);
    let output = command.output().expect("kubectl");
    // Nobody may do anything with what doesn't exist.
    assert!(!stderr(&output).contains("have a resource type"), "{pair}: {}", stderr(&output));
    stdout(&output).trim().to_owned()
}

const NOBODYS: [&str; 12] = [
    "create pods",
    "update jobs",
    "deletecollection pods",
    "get secrets",
    "list secrets",
    "delete secrets",
    "deletecollection secrets",
    "patch secrets",
    "create roles",
    "create rolebindings",
    "update namespaces",
    "create persistentvolumeclaims",
];

/// A refusal names the permission and the Role that has it.
#[track_caller]
fn assert_refused(kube: &Kube, args: &[&str], missing: &str, role: &str) {
    assert_refused_to(&kube.run(5, args), missing, role);
}

#[track_caller]
fn assert_refused_to(output: &Output, missing: &str, role: &str) {
    let text = stderr(output);
    assert!(text.contains(missing) && text.contains(role), "{text}");
}

#[test]
fn a_submitter_does_everything_with_runs_and_nothing_else() {
    let Some(kube) = Kube::new() else { return };
    let _robot = kube.become_robot("submitter");
    let run = everything_with_runs(&kube);
    assert_eq!(stdout(&kube.run(0, ["exec", &run, "--", "echo", "inside"])), "inside\n");
    end_and_clean(&kube, &run);
    let user = format!("--as=system:serviceaccount:{}:robot", kube.namespace);
    assert_eq!(may(&kube, &user, "create pods/exec"), "yes");
    let claim = ["train", "--set", "output=pvc://nosuch/x"];
    let refused = stderr(&kube.run(5, claim));
    assert!(refused.contains("there is no claim `nosuch`"), "{refused}");
}

/// The trials of a study are runs; a pipeline has no use for `exec`.
#[test]
fn a_tuner_does_the_same_but_exec() {
    let Some(kube) = Kube::new() else { return };
    let _robot = kube.become_robot("tuner");
    let run = everything_with_runs(&kube);
    let exec = ["exec", &run, "--", "true"];
    assert_refused(&kube, &exec, "may not get pods/exec", "mlctl-submitter");
    end_and_clean(&kube, &run);
    assert_denied(&kube, &["get pods/exec", "create pods/exec"]);
}

/// One run that ends, and one that goes on: its id.
fn everything_with_runs(kube: &Kube) -> String {
    kube.gang(&["echo hello"], "");
    kube.run(0, ["train"]);
    assert!(stdout(&kube.run(0, ["logs", "--no-prefix"])).contains("hello"));
    kube.gang(&["echo here; sleep 1000"], "");
    let run = kube.detach([]);
    kube.printed(0, "here");
    run
}

fn end_and_clean(kube: &Kube, run: &str) {
    kube.run(0, ["cancel", run]);
    kube.run(0, ["why", run]);
    let mut cleanup = kube.mlctl(["cleanup", "--all", "--yes"]);
    cleanup.env("XDG_CACHE_HOME", kube.sandbox.home().join("cache"));
    let cleaned = cleanup.output().expect("mlctl");
    assert!(cleaned.status.success(), "{}", stderr(&cleaned));
    poll("the Secrets go with their records", LONG, || {
        kube.get("secrets").is_empty().then_some(())
    });
    assert_denied(kube, &NOBODYS);
}

#[test]
fn a_viewer_looks_and_changes_nothing() {
    let Some(kube) = Kube::new() else { return };
    kube.gang(&["echo hello"], "");
    kube.run(0, ["train"]);
    let run = stdout(&kube.run(0, ["list", "-q"])).trim().to_owned();
    kube.gang(&["echo here; sleep 1000"], "");
    let busy = kube.detach([]);
    kube.printed(0, "here");
    fs_err::remove_dir_all(kube.sandbox.state()).expect("another laptop");
    let _robot = kube.become_robot("viewer");
    let listed = stdout(&kube.run(0, ["list", "-q", "--all-users"]));
    assert!(listed.contains(&run) && listed.contains(&busy), "{listed}");
    kube.run(0, ["status", &run]);
    assert!(stdout(&kube.run(0, ["logs", &run, "--no-prefix"])).contains("hello"));
    kube.run(0, ["why", &busy]);
    assert_refused(&kube, &["train"], "may not create configmaps", "mlctl-submitter");
    assert_refused(&kube, &["cancel", &busy, "--yes"], "may not", "mlctl-submitter");
    assert_denied(&kube, &NOBODYS);
    assert_denied(&kube, &["create secrets", "delete jobs", "create jobs", "patch configmaps"]);
}

#[test]
fn a_cleaner_removes_and_creates_nothing() {
    let Some(kube) = Kube::new() else { return };
    kube.gang(&["true"], "");
    kube.run(0, ["train"]);
    let _robot = kube.become_robot("cleaner");
    fs_err::remove_dir_all(kube.sandbox.state()).expect("another machine");
    assert_refused(&kube, &["train"], "may not create configmaps", "mlctl-submitter");
    fs_err::remove_dir_all(kube.sandbox.state()).expect("what the refused run left");
    let mut cleanup = kube.mlctl(["cleanup", "--all", "--all-users", "--yes"]);
    cleanup.env("XDG_CACHE_HOME", kube.sandbox.home().join("cache"));
    let cleaned = cleanup.output().expect("mlctl");
    assert!(cleaned.status.success(), "{}", stderr(&cleaned));
    let left = kube.kubectl(["get", "jobs,pods,services", "-o", "name"]);
    assert_eq!(left, "", "nothing of the run is left");
    assert_denied(&kube, &NOBODYS);
    assert_denied(
        &kube,
        &["create jobs", "patch configmaps", "create secrets", "create pods/exec"],
    );
}

/// Who is a member of a group that an admin names may do what its Role allows, and no more. All of the
/// namespace's service accounts are in a group.
#[test]
fn a_groups_members_have_its_role() {
    let Some(kube) = Kube::without_pods() else { return };
    let member = kube.person("member");
    assert_refused_to(&member.run(5, ["list", "--all-users"]), "may not list configmaps", "viewer");
    let namespace = &kube.namespace;
    let group = format!("system:serviceaccounts:{namespace}");
    let args = ["cluster", "manifests", "--for-namespace", namespace, "--roles-only"];
    let whom = ["--role", "viewer", "--user", "ada", "--group", "ml-team", "--group", &group];
    let text = stdout(&kube.run(0, args.iter().chain(&whom)));
    kube.kubectl_with(["apply", "-f", "-"], &text);
    member.run(0, ["list", "--all-users"]);
    member.run(0, ["state", "rebuild"]);
    kube.gang_at(&member.laptop, &["true"], "");
    assert_refused_to(&member.run(5, ["train"]), "may not create configmaps", "submitter");
}

/// Without the ClusterRoles `gpus` shows what it may see and names them; each opens what it says.
#[test]
fn who_may_look_at_nodes_is_the_admins_to_say() {
    let Some(kube) = Kube::without_pods() else { return };
    let _robot = kube.become_robot("submitter");
    let look = || {
        let output = kube.run(0, ["gpus", "-o", "json"]);
        let document = serde_json::from_str(&stdout(&output)).expect("JSON");
        let document: serde_json::Value = document;
        (document, stderr(&output))
    };
    let (document, said) = look();
    assert_eq!(document["complete"], false);
    for (what, role) in [("nodes", "mlctl-nodes"), ("pods of all namespaces", "mlctl-pods")] {
        assert!(said.contains(&format!("may not list {what}")) && said.contains(role), "{said}");
    }
    // Who may not look at nodes is told nothing of them. The quota of the manifests would refuse it first.
    kube.kubectl(["delete", "quota", "--all"]);
    kube.gang(&["true"], "");
    let quiet = stderr(&kube.run(0, ["train", "--dry-run", "--set", "roles.worker.cpu=9000"]));
    assert!(!quiet.contains("no node could hold"), "{quiet}");

    let user = format!("system:serviceaccount:{}:robot", kube.namespace);
    let see = |what: &str| {
        let args = ["cluster", "manifests", "--for-namespace", &kube.namespace, "--user", &user];
        let text = stdout(&kube.run(0, args.iter().chain(&["--see", what])));
        kube.kubectl_with(["apply", "-f", "-"], &text);
        kube.kubectl(["delete", "quota", "--all"]);
    };
    see("nodes");
    let (document, said) = look();
    assert_eq!(document["complete"], false);
    assert!(!said.contains("mlctl-nodes") && said.contains("mlctl-pods"), "{said}");
    let told = stderr(&kube.run(0, ["train", "--dry-run", "--set", "roles.worker.cpu=9000"]));
    assert!(told.contains("no node could hold"), "{told}");
    assert_denied(&kube, &["list pods --all-namespaces", "get nodes", "patch nodes"]);
    see("nodes,pods");
    let (document, said) = look();
    assert_eq!((&document["complete"], said.as_str()), (&true.into(), ""));
    assert_denied(&kube, &NOBODYS);
    assert_denied(&kube, &["get pods --all-namespaces", "get secrets --all-namespaces"]);
    let name = user.replace(':', "-");
    for role in ["mlctl-nodes", "mlctl-pods"] {
        kube.kubectl(["delete", "clusterrolebinding", &format!("{role}-{name}")]);
    }
}

/// The nightly clean-up, made to run now: mlctl in a pod, with its service account's rights.
#[test]
fn the_nightly_cleanup_runs_in_the_cluster() {
    let Some(kube) = Kube::new() else { return };
    kube.gang(&["true"], "");
    kube.run(0, ["train"]);
    let args = ["cluster", "manifests", "--nightly-cleanup", "--for-namespace", &kube.namespace];
    // Nothing here is a week old.
    let text = stdout(&kube.run(0, args)).replace("--older-than, 7d", "--older-than, 0s");
    kube.kubectl_with(["apply", "-f", "-"], &text);
    kube.kubectl(["create", "job", "--from=cronjob/mlctl-cleanup", "now"]);
    kube.kubectl(["wait", "--for=condition=Complete", "--timeout=120s", "job/now"]);
    // A pod's log holds both streams; nothing but trouble is said on the other one.
    let log = kube.kubectl(["logs", "job/now"]);
    let (from, to) = (log.find('{').unwrap_or(0), log.rfind('}').map_or(0, |at| at + 1));
    let said: serde_json::Value = serde_json::from_str(&log[from..to]).expect("JSON");
    assert_eq!(said["frees"]["removals"], 1, "{said:#}");
    let left = kube.kubectl(["get", "services", "-o", "name"]);
    assert_eq!(left, "", "nothing of the run is left");
}

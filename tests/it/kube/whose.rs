//! Whose a run is, and who ended it: as the cluster knows people, not as their laptops do.

use std::path::Path;
use std::process::Output;

use serde_json::Value as Json;

use super::support::{Kube, LONG, Person, poll};
use crate::pty::answering;
use crate::support::{stderr, stdout};

/// Two people who may submit. Their laptops know both by the same name.
fn ada_and_bob(kube: &Kube) -> (Person<'_>, Person<'_>) {
    let [ada, bob] = ["ada", "bob"].map(|name| {
        let person = kube.person(name);
        kube.grant(&person.user, "submitter");
        person
    });
    (ada, bob)
}

fn state(person: &Person, run: &str) -> Json {
    serde_json::from_str(&stdout(&person.run(0, ["status", run, "-o", "json"]))).expect("JSON")
}

/// The verdict, and the record in the cluster where Jobs were deleted, name who cancelled it as the cluster
/// does.
#[track_caller]
fn assert_cancelled_by(kube: &Kube, run: &str, who: &Person) {
    let text = stdout(&who.run(0, ["why", run, "-o", "json"]));
    let status = state(who, run).to_string();
    for said in [&text, &status] {
        assert!(said.contains(&format!("cancelled by {}", who.user)), "{said}");
        assert!(!said.contains("by tester"), "{said}");
    }
    let path = "jsonpath={.metadata.annotations.mlctl\\.dev/cancelled-by}";
    let noted = kube.kubectl(["get", "configmap", run, "-o", path]);
    assert!(noted.is_empty() || noted == who.user, "{noted}");
}

/// Asked at a terminal, with this answer.
fn cancel(person: &Person, runs: &[&str], answer: &str) -> String {
    let mut command = person.laptop.mlctl(["cancel"].iter().chain(runs));
    let (bytes, status) = answering(&mut command, answer);
    assert!(status.success(), "{}", String::from_utf8_lossy(&bytes));
    String::from_utf8_lossy(&bytes).into_owned()
}

#[track_caller]
fn assert_asks(output: &Output, runs: &[(&str, &Person)]) {
    let said = stderr(output);
    for (run, owner) in runs {
        assert!(said.contains(&format!("{run} is a run of {}", owner.user)), "{said}");
    }
    assert!(said.contains("nobody is here to answer") && said.contains("--yes"), "{said}");
}

#[test]
fn another_persons_run_is_cancelled_after_a_question() {
    let Some(kube) = Kube::new() else { return };
    let (ada, bob) = ada_and_bob(&kube);
    let run = ada.submit(&["echo here; sleep 1000"]);
    let waiting = {
        kube.gang_at(&ada.laptop, &["true"], "");
        ada.run(0, ["train", "--detach", "--set", r"nodeSelector.a\.b/c=nobody"]);
        stdout(&ada.run(0, ["list", "-q", "--limit", "1"])).trim().to_owned()
    };
    let own = bob.submit(&["echo here; sleep 1000"]);
    poll("both run", LONG, || {
        let runs = [&run, &own].map(|run| kube.log_of(run));
        runs.iter().all(|log| log.contains("here")).then_some(())
    });
    // Nothing is ended where nobody can answer, not even one's own.
    let all = ["cancel", &own, &run, &waiting];
    assert_asks(&bob.run(2, all), &[(&run, &ada), (&waiting, &ada)]);
    assert_asks(&bob.run(2, ["cancel", "--no-wait", &run]), &[(&run, &ada)]);
    assert_asks(&bob.run(2, ["cancel", "--force", &run]), &[(&run, &ada)]);
    let said = cancel(&bob, &[&own, &run, &waiting], "n\n");
    assert!(said.contains(&ada.user) && said.contains("nothing was cancelled"), "{said}");
    assert_eq!(said.matches("[y/N]").count(), 1, "one question: {said}");
    for run in [&own, &run] {
        assert_eq!(state(&bob, run)["record"]["state"], "running");
    }
    // Who looks into it is told whose it is, and no more.
    let looked = bob.run(0, ["exec", &run, "--", "echo", "inside"]);
    assert_eq!(stdout(&looked), "inside\n");
    assert!(stderr(&looked).contains(&format!("{run} is a run of {}", ada.user)), "{looked:?}");
    assert_eq!(stderr(&bob.run(0, ["exec", &own, "--", "true"])), "");
    // A yes counts for all of them; one's own alone is no question.
    let said = cancel(&bob, &[&run, &waiting], "y\n");
    assert!(said.contains("is cancelled"), "{said}");
    bob.run(0, ["cancel", &own]);
    for run in [&run, &waiting, &own] {
        assert_cancelled_by(&kube, run, &bob);
    }
    ada.run(12, ["wait", &run]);
    assert!(stdout(&ada.run(0, ["why", &run])).contains(&bob.user), "ada is told who it was");
    // Scripts say beforehand that they mean it.
    let last = ada.submit(&["sleep 1000"]);
    bob.run(0, ["cancel", &last, "--yes"]);
    assert_cancelled_by(&kube, &last, &bob);
}

/// A run of whose record nothing is left is whose its other objects say.
#[test]
fn a_run_without_its_record_is_still_somebodys() {
    let Some(kube) = Kube::without_pods() else { return };
    let (ada, bob) = ada_and_bob(&kube);
    let run = ada.submit(&["sleep 1000"]);
    bob.run(0, ["status", &run]);
    let orphan = r#"{"metadata":{"ownerReferences":null}}"#;
    for kind in ["job", "service"] {
        kube.kubectl(["patch", kind, &run, "--type=merge", "-p", orphan]);
    }
    kube.kubectl(["delete", "configmap", &run]);
    assert_asks(&bob.run(2, ["cancel", &run]), &[(&run, &ada)]);
    kube.kubectl(["get", "job", &run]);
}

/// Whoever renders a run is known to the cluster that they choose, and to their own machine else.
#[test]
fn a_rendered_run_is_its_authors() {
    let Some(kube) = Kube::without_pods() else { return };
    let (ada, bob) = ada_and_bob(&kube);
    kube.gang_at(&ada.laptop, &["sleep 1000"], "");
    let usual = ada.laptop.home().join(".config");
    // Settings that choose no cluster: nobody is asked there who that is.
    let alone = ada.laptop.home().join("alone");
    let settings = fs_err::read_to_string(usual.join("mlctl/config.yaml")).expect("settings");
    let settings = settings.replace("runtime: kubernetes", "runtime: local");
    fs_err::create_dir_all(alone.join("mlctl")).expect("folder");
    fs_err::write(alone.join("mlctl/config.yaml"), settings).expect("settings");
    let apply = |args: &[&str], config: &Path| {
        let mut render = ada.laptop.mlctl(["render", "-o", "json"].iter().chain(args));
        render.env("XDG_CONFIG_HOME", config);
        let rendered = render.output().expect("mlctl");
        let said = stderr(&rendered);
        assert!(rendered.status.success() && !said.contains("who you are"), "{said}");
        ada.kubectl_with(["create", "-f", "-"], &stdout(&rendered));
        let list: Json = serde_json::from_str(&stdout(&rendered)).expect("JSON");
        list["items"][0]["metadata"]["name"].as_str().expect("a name").to_owned()
    };
    let known = apply(&[], &usual);
    let here = apply(&[], &alone);
    let for_bob = apply(&["--user", &bob.user], &usual);
    let rebuilt = stdout(&ada.run(0, ["state", "rebuild"]));
    assert!(rebuilt.contains(&known) && rebuilt.contains(&here), "{rebuilt}");
    assert!(!rebuilt.contains(&for_bob), "{rebuilt}");
    let listed = stdout(&ada.run(0, ["list", "-q"]));
    assert!(listed.contains(&known) && listed.contains(&here), "{listed}");
    // On a machine of another name it is nobody's that is known there.
    let bobs = |args: &[&str]| {
        let output = bob.laptop.mlctl(args).env("USER", "bob").output().expect("mlctl");
        (stdout(&output), stderr(&output))
    };
    let (rebuilt, _) = bobs(&["state", "rebuild"]);
    assert!(rebuilt.contains(&for_bob) && !rebuilt.contains(&here), "{rebuilt}");
    let (_, asked) = bobs(&["cancel", &here]);
    assert!(asked.contains(&format!("{here} is a run of render:tester@")), "{asked}");
    // What one merely looks at is no cost of one's own.
    let (_, _) = bobs(&["status", &known]);
    let ids = |args: &[&str]| {
        let (document, said) = bobs(&[&["cost", "-o", "json"], args].concat());
        let document: Json = serde_json::from_str(&document).unwrap_or_else(|_| panic!("{said}"));
        let sums = document["sums"].as_array().expect("sums").clone();
        let ids: Vec<String> =
            sums.iter().map(|sum| sum["key"].as_str().expect("a key").into()).collect();
        (ids, said)
    };
    let (own, said) = ids(&[]);
    assert!(!own.contains(&known) && !own.contains(&here), "{own:?}");
    assert!(said.contains("2 runs of others that you looked at don't count"), "{said}");
    assert!(!ids(&[&known]).1.contains("don't count"));
    assert!(!ids(&["--all-users"]).1.contains("don't count"));
    // One's own are no question, and go with a clean-up.
    let mut cleanup =
        ada.laptop.mlctl(["cleanup", "--all", "--running", "--dry-run", "-o", "json"]);
    cleanup.env("XDG_CACHE_HOME", ada.laptop.home().join("cache"));
    let shown = stdout(&cleanup.output().expect("mlctl"));
    let shown: Json = serde_json::from_str(&shown).expect("JSON");
    let removals = shown["removals"].to_string();
    assert!(removals.contains(&known) && removals.contains(&here), "{shown:#}");
    assert!(!removals.contains(&for_bob), "{shown:#}");
    ada.run(0, ["cancel", &known, &here]);
    assert_cancelled_by(&kube, &here, &ada);
}

/// Without an answer the text says so, and is made all the same.
#[test]
fn a_cluster_that_is_silent_keeps_nobody_from_rendering() {
    let Some(kube) = Kube::without_pods() else { return };
    kube.gang(&["true"], "");
    kube.use_credentials("token: nobody");
    let rendered = kube.run(0, ["render"]);
    let said = stderr(&rendered);
    assert!(said.contains("who you are in the cluster is not known"), "{said}");
    assert!(stdout(&rendered).contains("render:tester@"), "{}", stdout(&rendered));
}

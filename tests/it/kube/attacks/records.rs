//! Objects that say of themselves what isn't so: records, layouts, labels.

use std::path::Path;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::kube::support::{Kube, LONG, Person};
use crate::support::{stderr, stdout, wait_for};

/// A run of the attacker as mlctl itself would write it down, to be changed and made by hand.
struct Forgery {
    objects: Vec<Value>,
    run: String,
}

impl Forgery {
    /// A run of one worker with this script, submitted by nobody yet.
    fn new(kube: &Kube, attacker: &Person, script: &str) -> Self {
        kube.gang_at(&attacker.laptop, &[script], "");
        let list = stdout(&attacker.run(0, ["render", "-o", "json"]));
        let list: Value = serde_json::from_str(&list).expect("JSON");
        let objects = list["items"].as_array().expect("items").clone();
        let mut forgery = Self { objects, run: String::new() };
        forgery.run = forgery.record()["metadata"]["name"].as_str().expect("a name").into();
        forgery
    }

    fn record(&mut self) -> &mut Value {
        let is_record =
            |object: &&mut Value| object["metadata"]["labels"].get("mlctl.dev/record").is_some();
        self.objects.iter_mut().find(is_record).expect("a record")
    }

    /// Changes a JSON document in a ConfigMap's data.
    fn change(map: &mut Value, key: &str, change: impl FnOnce(&mut Value)) {
        let text = map["data"][key].as_str().expect("a document");
        let mut document: Value = serde_json::from_str(text).expect("JSON");
        change(&mut document);
        map["data"][key] = document.to_string().into();
    }

    /// Says everywhere that this person submitted it from there, and long after everything else.
    fn claim(&mut self, user: &str, cwd: &Path) {
        let label = Sha256::digest(user.as_bytes());
        let label: String = label[..16].iter().map(|byte| format!("{byte:02x}")).collect();
        for object in &mut self.objects {
            object["metadata"]["labels"]["mlctl.dev/user"] = label.clone().into();
            object["metadata"]["annotations"]["mlctl.dev/user"] = user.into();
        }
        Self::change(self.record(), "run.json", |run| {
            run["cwd"] = cwd.display().to_string().into();
            run["user"] = user.into();
            run["created"] = "2099-01-01T00:00:00Z".into();
        });
    }

    fn make(&self, attacker: &Person) {
        let list = json!({"apiVersion": "v1", "kind": "List", "items": self.objects});
        attacker.kubectl_with(["create", "-f", "-"], &list.to_string());
    }
}

/// What can be seen of a folder from outside, to tell whether anything was written there.
fn files(dir: &Path) -> Vec<String> {
    let mut all = Vec::new();
    let mut todo = vec![dir.to_owned()];
    while let Some(dir) = todo.pop() {
        for entry in fs_err::read_dir(&dir).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() && !path.is_symlink() {
                todo.push(path.clone());
            }
            all.push(path.display().to_string());
        }
    }
    all.sort_unstable();
    all
}

/// Every verb that looks at what others have made. None of them may fail.
fn look_at_everything(victim: &Person) {
    for args in [
        &["list", "--all-users"][..],
        &["list", "--all-users", "-o", "json"],
        &["cost", "--all-users"],
        &["state", "rebuild"],
        &["list"],
        &["cost"],
        &["cleanup", "--dry-run"],
        &["cleanup", "--dry-run", "--all-users"],
        &["gpus"],
    ] {
        victim.run(0, args);
    }
}

/// Names that lead out of the state folder, in every place of a record and of a layout.
#[test]
fn names_in_objects_of_others_lead_nowhere() {
    let Some(kube) = Kube::without_pods() else { return };
    let (attacker, victim) = kube.attacker_and_victim();
    let genuine = attacker.submit(&["sleep 1000"]);
    let target = victim.laptop.home().join("target");
    fs_err::create_dir_all(&target).expect("folder");
    let out = format!("{}/x-0", target.display());
    let up = format!("../../../../../..{}/x", target.display());
    type Change<'a> = &'a dyn Fn(&mut Value);
    let changes: [(&str, Change<'_>); 11] = [
        ("run.json", &|run| run["id"] = up.clone().into()),
        ("run.json", &|run| run["id"] = out.clone().into()),
        ("run.json", &|run| run["id"] = "gang-000000".into()),
        ("run.json", &|run| run["name"] = "other".into()),
        ("plan.json", &|plan| plan["run"] = up.clone().into()),
        ("plan.json", &|plan| plan["run"] = "gang-000000".into()),
        ("plan.json", &|plan| plan["roles"][0]["name"] = out.trim_end_matches("-0").into()),
        ("plan.json", &|plan| plan["roles"][0]["replicas"] = u32::MAX.into()),
        ("plan.json", &|plan| plan["gang"]["members"] = json!([])),
        // A loop, or a trial, of a study that another run is said to be.
        ("plan.json", &|plan| {
            plan["schemaVersion"] = 4.into();
            plan["controller"] = json!({"study": "victim-000000"});
        }),
        ("plan.json", &|plan| {
            plan["schemaVersion"] = 4.into();
            plan["trial"] = json!({"study": "victim-000000", "trial": 1});
        }),
    ];
    let mut forged = Vec::new();
    for (key, change) in changes {
        let mut forgery = Forgery::new(&kube, &attacker, "echo out");
        forgery.claim(&victim.user, &victim.laptop.dir());
        Forgery::change(forgery.record(), key, change);
        forgery.make(&attacker);
        forged.push(forgery.run);
    }
    let before = files(&target);
    look_at_everything(&victim);
    let said = stderr(&victim.run(0, ["list", "--all-users"]));
    for run in &forged {
        assert!(said.contains(&format!("the record {run} in ")), "{run} is told: {said}");
        let output = victim.laptop.mlctl(["status", run]).output().expect("mlctl");
        assert!(!output.status.success(), "{run}: {}", stdout(&output));
        assert!(stderr(&output).contains(run.as_str()), "{}", stderr(&output));
    }
    let all = stdout(&victim.run(0, ["list", "--all-users", "-q"]));
    assert_eq!(all.trim(), genuine, "the rest is listed");
    assert_eq!(files(&target), before, "nothing was written");
    assert_eq!(stdout(&victim.run(0, ["list", "-q"])), "", "nothing was taken in");
}

/// The agents' document names replicas that lead elsewhere, or a layout that is not the plan's.
#[test]
fn layouts_of_others_lead_nowhere() {
    let Some(kube) = Kube::without_pods() else { return };
    let (attacker, victim) = kube.attacker_and_victim();
    let target = victim.laptop.home().join("target");
    fs_err::create_dir_all(&target).expect("folder");
    let out = format!("{}/x-0", target.display());
    let changes: [&dyn Fn(&mut Value); 4] = [
        &|document| document["layout"]["jobs"][0]["replicas"] = json!([out.as_str()]),
        &|document| document["layout"]["jobs"][0]["replicas"] = json!(["../../../x-0"]),
        &|document| document["layout"]["jobs"][0]["name"] = "another".into(),
        &|document| document["layout"]["jobs"][0]["replicas"] = json!(["worker-0", "worker-0"]),
    ];
    for change in changes {
        let mut forgery = Forgery::new(&kube, &attacker, "echo out");
        forgery.claim(&victim.user, &victim.laptop.dir());
        let name = format!("{}-pod", forgery.run);
        let is_document = |object: &&mut Value| object["metadata"]["name"] == *name;
        let document = forgery.objects.iter_mut().find(is_document).expect("a document");
        Forgery::change(document, "pod.json", change);
        forgery.make(&attacker);
        victim.run(0, ["state", "rebuild"]);
        victim.run(0, ["list"]);
        for verb in ["status", "why", "logs"] {
            let output = victim.laptop.mlctl([verb, forgery.run.as_str()]).output().expect("mlctl");
            let said = stderr(&output);
            assert!(!output.status.success() && said.contains("is damaged"), "{verb}: {said}");
        }
        // What is remembered of a layout is what logs are written by.
        let remembered = victim.laptop.state().join("runs").join(&forgery.run).join("agents");
        assert!(!remembered.join("cluster.json").exists(), "{}", forgery.run);
        assert_eq!(files(&target), Vec::<String>::new(), "nothing was written");
    }
}

/// Whatever a cluster says is this user's and was submitted from this folder: bare verbs mean what was
/// submitted from here.
#[test]
fn a_run_that_claims_to_be_the_victims_is_shown_and_never_acted_upon() {
    let Some(kube) = Kube::new() else { return };
    let (attacker, victim) = kube.attacker_and_victim();
    let mut forgery = Forgery::new(&kube, &attacker, "echo from the attacker");
    forgery.claim(&victim.user, &victim.laptop.dir());
    forgery.make(&attacker);
    let run = forgery.run.clone();
    wait_for("the attacker's pod has ended", LONG, || {
        let phase = kube.kubectl([
            "get",
            "pods",
            "-l",
            &format!("mlctl.dev/run={run}"),
            "-o",
            "jsonpath={.items[*].status.phase}",
        ]);
        phase.contains("Succeeded")
    });
    let rebuilt = stdout(&victim.run(0, ["state", "rebuild"]));
    assert!(rebuilt.contains(&run), "it is shown: {rebuilt}");
    let settings = victim.laptop.home().join(".config/mlctl/config.yaml");
    let text = fs_err::read_to_string(&settings).expect("settings");
    fs_err::write(&settings, text + "retention: {olderThan: 1s}\n").expect("settings");
    let listed = stdout(&victim.run(0, ["list"]));
    assert!(listed.contains(&run), "{listed}");
    // Not by the time that it says.
    assert!(!listed.contains("2099"), "{listed}");
    for args in [&["status"][..], &["why"], &["logs"], &["exec", "--", "id"], &["cancel"]] {
        let output = victim.run(4, args);
        assert!(!stdout(&output).contains("attacker"), "{args:?}: {}", stdout(&output));
    }
    victim.run(0, ["list"]);
    assert!(!victim.laptop.state().join("runs").join(&run).join("logs").exists(), "no log is kept");
    let record: Value =
        serde_json::from_str(&kube.kubectl(["get", "configmap", &run, "-o", "json"])).unwrap();
    assert!(record["data"].get("verdict.json").is_none(), "nothing is written into its record");
    kube.kubectl(["get", "job", &run]);
    let own = victim.submit(&["sleep 1000"]);
    let status = stdout(&victim.run(0, ["status", "-o", "json"]));
    assert!(status.contains(&own) && !status.contains(&run), "{status}");
    // Named, it is what it is.
    assert!(stdout(&victim.run(0, ["status", &run])).contains(&run));
}

/// A Job of the attacker whose pods carry all labels of the victim's, with an index that has been
/// replaced many times: the newest pod of a replica stands for it.
#[test]
fn pods_of_another_job_are_not_the_runs() {
    let Some(kube) = Kube::new() else { return };
    let (attacker, victim) = kube.attacker_and_victim();
    let run = victim.submit(&["echo the victim works; sleep 1000"]);
    let running = |job: &str| {
        kube.kubectl(["get", "pods", "-l", &format!("of={job}"), "-o", "name"]).contains("pod/")
    };
    let job = json!({
        "apiVersion": "batch/v1", "kind": "Job",
        "metadata": {"name": "decoy", "labels": {"mlctl.dev/run": run, "of": "decoy",
            "app.kubernetes.io/managed-by": "mlctl"}},
        "spec": {
            "manualSelector": true, "backoffLimit": 0,
            "selector": {"matchLabels": {"of": "decoy"}},
            "template": {
                "metadata": {
                    "labels": {"of": "decoy", "mlctl.dev/run": run,
                        "batch.kubernetes.io/job-name": run, "job-name": run,
                        "app.kubernetes.io/managed-by": "mlctl"},
                    "annotations": {"batch.kubernetes.io/job-completion-index": "0",
                        "batch.kubernetes.io/job-index-failure-count": "4294967295",
                        "batch.kubernetes.io/job-index-ignored-failure-count": "4294967295"}},
                "spec": {
                    "restartPolicy": "Never",
                    "securityContext": {"runAsNonRoot": true, "runAsUser": 1000,
                        "seccompProfile": {"type": "RuntimeDefault"}},
                    "containers": [{
                        "name": "main", "image": kube.cluster.image("busybox"),
                        "command": ["sh", "-c", "echo the attacker; sleep 1000"],
                        "securityContext": {"allowPrivilegeEscalation": false,
                            "capabilities": {"drop": ["ALL"]}}}]}}}});
    attacker.kubectl_with(["create", "-f", "-"], &job.to_string());
    // The same as a failure: a Job that has ended says nothing of the victim's run either.
    let mut failing = job.clone();
    failing["metadata"]["name"] = format!("{run}-failing").into();
    failing["metadata"]["labels"]["of"] = "failing".into();
    failing["spec"]["selector"]["matchLabels"]["of"] = "failing".into();
    failing["spec"]["template"]["metadata"]["labels"]["of"] = "failing".into();
    failing["spec"]["template"]["spec"]["containers"][0]["command"] = json!(["false"]);
    attacker.kubectl_with(["create", "-f", "-"], &failing.to_string());
    wait_for("all pods are there", LONG, || running("decoy") && running("failing"));
    wait_for("the victim's command runs", LONG, || {
        stdout(&victim.run(0, ["status", &run, "-o", "json"])).contains("\"state\": \"running\"")
    });
    wait_for("the attacker's Job has failed", LONG, || {
        kube.kubectl(["get", "job", &format!("{run}-failing"), "-o", "json"]).contains("Failed")
    });
    let status = stdout(&victim.run(0, ["list"]));
    assert!(status.contains("running"), "{status}");
    // A command that runs has not said anything yet.
    let logs = || stdout(&victim.run(0, ["logs", &run]));
    wait_for("the victim's line is there", LONG, || logs().contains("the victim works"));
    assert!(!logs().contains("attacker"), "{}", logs());
    let host = stdout(&victim.run(0, ["exec", &run, "--", "hostname"]));
    assert_eq!(host.trim(), format!("{run}-0"));
    victim.run(0, ["cancel", &run]);
    let status = stdout(&victim.run(0, ["status", &run]));
    assert!(status.contains("cancelled"), "{status}");
}

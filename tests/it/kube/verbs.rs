//! Each verb under the Role that the documentation gives it.

use mlctl::runtime::kubernetes::{AdminRole, roles_of_verbs};

use crate::kube::support::{Kube, LONG, poll};
use crate::support::{stderr, stdout};

/// What there is for each verb that reaches a cluster to do, beside a run that is busy and one that has
/// ended.
fn tries(verb: &str, busy: &str, ended: &str) -> Vec<Vec<String>> {
    let lines: &[&str] = match verb {
        "list" => &["list", "list --all-users"],
        "status" => &["status BUSY", "status ENDED"],
        "why" => &["why BUSY", "why ENDED"],
        "wait" => &["wait ENDED", "wait BUSY --timeout 1s"],
        "logs" => &["logs BUSY", "logs ENDED"],
        "cost" => &["cost", "cost ENDED", "cost --all-users"],
        "state" => &["state rebuild"],
        "gpus" => &["gpus"],
        // They read a batch prediction's output, once they have found out where that is.
        "outputs" => &["outputs ENDED"],
        "evaluate" => &["evaluate ENDED --truth t.jsonl --key id --label label"],
        "train" => &["train --dry-run", "train", "train --detach"],
        "exec" => &["exec BUSY -- true"],
        "cancel" => &["cancel BUSY --yes"],
        "cleanup" => &["cleanup --dry-run --all", "cleanup --all --all-users --yes"],
        "doctor" => &["doctor --no-pod", "doctor"],
        // `kube::batch` and `kube::tune` run under the submitter's Role, and an export is a run of `train`.
        "batch-predict" | "tune" | "export" => &[],
        // `kube::serve` runs them under the Role of those who serve.
        "serve" | "traffic" | "rollout" | "rollback" | "scale" | "undeploy" | "predict" => &[],
        other => panic!("nothing tries {other}"),
    };
    let word = |word: &str| match word {
        "BUSY" => busy.to_owned(),
        "ENDED" => ended.to_owned(),
        word => word.to_owned(),
    };
    lines.iter().map(|line| line.split(' ').map(word).collect()).collect()
}

/// No verb asks for a larger Role than the one that the documentation gives it.
#[test]
fn each_verb_does_what_it_says_under_its_role() {
    let Some(kube) = Kube::new() else { return };
    let namespace = &kube.namespace;
    let owner = kube.person("owner");
    kube.grant(&owner.user, "submitter");
    let ended = owner.submit(&["echo hello"]);
    owner.run(0, ["wait", &ended]);
    let busy = owner.submit(&["echo here; sleep 1000"]);
    poll("it runs", LONG, || kube.log_of(&busy).contains("here").then_some(()));
    // What looks comes before what ends.
    let mut verbs: Vec<(&str, AdminRole)> = roles_of_verbs().collect();
    verbs.push(("cleanup", AdminRole::Cleaner));
    verbs.sort_by_key(|(verb, role)| {
        (*role != AdminRole::Viewer, ["cancel", "cleanup"].iter().position(|last| last == verb))
    });
    for role in [AdminRole::Viewer, AdminRole::Submitter, AdminRole::Cleaner] {
        let person = kube.person(role.word());
        let args = ["cluster", "manifests", "--for-namespace", namespace, "--roles-only"];
        let whom = ["--user", &person.user, "--role", role.word(), "--see", "nodes,pods"];
        let text = stdout(&kube.run(0, args.iter().chain(&whom)));
        kube.kubectl_with(["apply", "-f", "-"], &text);
        kube.gang_at(&person.laptop, &["true"], "");
        for (verb, _) in verbs.iter().filter(|(_, of)| *of == role) {
            for args in tries(verb, &busy, &ended) {
                let mut command = person.laptop.mlctl(&args);
                command.env("XDG_CACHE_HOME", person.laptop.home().join("cache"));
                let output = command.output().expect("mlctl");
                let said = stdout(&output) + &stderr(&output);
                let is_lacking =
                    ["may not", " lack", "--role ", "mlctl-cleaner", "mlctl-submitter"]
                        .iter()
                        .any(|word| said.contains(word));
                assert!(!is_lacking && output.status.code() != Some(5), "{args:?}: {said}");
            }
        }
        let name = person.user.replace(':', "-");
        for scope in ["mlctl-nodes", "mlctl-pods"] {
            kube.kubectl(["delete", "clusterrolebinding", &format!("{scope}-{name}")]);
        }
    }
}

/// Every verb is either held to a Role or reaches no cluster.
#[test]
fn no_verb_is_left_out() {
    const NOWHERE: [&str; 14] = [
        "init",
        "validate",
        "render",
        "convert",
        "schema",
        "explain",
        "cluster",
        "completions",
        "man",
        "models",
        "model",
        "version",
        "web",
        "help",
    ];
    let held: Vec<&str> = roles_of_verbs().map(|(verb, _)| verb).collect();
    let command = mlctl::cli::command();
    for verb in command.get_subcommands().filter(|verb| !verb.is_hide_set()) {
        let name = verb.get_name();
        assert!(held.contains(&name) != NOWHERE.contains(&name), "{name}");
        if held.contains(&name) {
            tries(name, "busy", "ended");
        }
    }
}

/// What looking would tidy up stays, and the end that it shows counts: of runs that no node takes, that
/// were not wholly submitted, and that were not let go.
#[test]
fn who_may_only_look_sees_the_end_of_their_own_runs() {
    let Some(kube) = Kube::without_pods() else { return };
    let person = kube.person("person");
    kube.grant(&person.user, "submitter");
    let two = "roles: {chief: {cpu: 60m, memory: 64Mi}, worker: {cpu: 50m, memory: 64Mi}}\n";
    let submit = |more: &str| {
        kube.gang_at(&person.laptop, &["true"], more);
        let spec = fs_err::read_to_string(person.laptop.dir().join("mlctl.yaml")).expect("spec");
        if more.starts_with("roles") {
            let one: Vec<&str> =
                spec.lines().filter(|line| !line.starts_with("roles: {worker: {rep")).collect();
            person.laptop.write("mlctl.yaml", &one.join("\n"));
        }
        person.run(0, ["train", "--detach", "--set", r"nodeSelector.of\.whom=nobody"]);
        stdout(&person.run(0, ["list", "-q", "--limit", "1"])).trim().to_owned()
    };
    let late = submit("startTimeout: 5s\n");
    let cut = submit(two);
    let held = submit(two);
    let jobs = |run: &str| {
        let label = format!("mlctl.dev/run={run}");
        kube.kubectl(["get", "jobs", "-l", &label, "-o", "name"])
    };
    assert_eq!(jobs(&cut).lines().count(), 2);
    // As mlctl leaves them that dies before and after it has marked the record.
    let mark = |run: &str, word: &str| {
        let pair = format!("mlctl.dev/submitted={word}");
        kube.kubectl(["annotate", "--overwrite", "configmap", run, &pair]);
        for job in jobs(run).lines() {
            kube.kubectl(["patch", job, "--type=merge", "-p", r#"{"spec":{"suspend":true}}"#]);
        }
    };
    mark(&cut, "false");
    mark(&held, "true");
    let dead = person.laptop.state().join("runs").join(&cut).join("agents/submitting.json");
    fs_err::write(dead, r#"{"pid":1,"start":1}"#).expect("the mark of a dead submission");
    kube.kubectl(["delete", "rolebindings", "--all"]);
    kube.grant(&person.user, "viewer");
    std::thread::sleep(std::time::Duration::from_secs(6));
    for run in [&late, &cut, &held] {
        for verb in ["status", "why"] {
            let said = stderr(&person.run(0, [verb, run]));
            assert!(!said.contains("may not"), "{verb}: {said}");
        }
        person.run(if run == &held { 130 } else { 14 }, ["wait", run, "--timeout", "2s"]);
        assert!(!jobs(run).is_empty(), "{run}: nothing was removed");
    }
    let listed = person.run(0, ["list"]);
    assert!(!stderr(&listed).contains("may not"), "{listed:?}");
    let told = stdout(&person.run(0, ["status", &cut, "-o", "json"]));
    assert!(told.contains("what it had made stays") && !told.contains("is deleted"), "{told}");
    // Who may does it later.
    kube.grant(&person.user, "submitter");
    person.run(0, ["status", &held]);
    let path = "jsonpath={.items[*].spec.suspend}";
    let label = format!("mlctl.dev/run={held}");
    assert_eq!(kube.kubectl(["get", "jobs", "-l", &label, "-o", path]), "false false");
    let mut cleanup = person.laptop.mlctl(["cleanup", &late, &cut, "--yes"]);
    cleanup.env("XDG_CACHE_HOME", person.laptop.home().join("cache"));
    assert!(cleanup.status().expect("mlctl").success());
    poll("what was left is gone", LONG, || {
        (jobs(&late).is_empty() && jobs(&cut).is_empty()).then_some(())
    });
}

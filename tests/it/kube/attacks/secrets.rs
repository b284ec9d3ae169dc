//! Reading what another's run keeps in its Secret, with the Roles that an admin gives.

use crate::kube::support::{Kube, LONG, Person, poll};
use crate::support::{stderr, stdout};

/// Every verb that answers with an object shows its contents. A deletion does too where something
/// holds the object back, and a rehearsed one deletes nothing.
#[test]
fn nobody_reads_a_secret_with_any_role() {
    let Some(kube) = Kube::without_pods() else { return };
    let (attacker, victim) = kube.attacker_and_victim();
    victim.submit(&["sleep 1000"]);
    let secret = kube.get("secrets")[0]["metadata"]["name"].as_str().expect("a name").to_owned();
    let all = format!("/api/v1/namespaces/{}/secrets", kube.namespace);
    let one = format!("{all}/{secret}");
    let people = ["tuner", "viewer", "cleaner"].map(|role| {
        let person = kube.person(role);
        kube.grant(&person.user, role);
        person
    });
    for person in people.iter().chain([&attacker]) {
        for verb in ["get", "list", "watch", "update", "patch", "delete", "deletecollection"] {
            assert_may_not(person, verb);
        }
        person.assert_forbidden(["get", "--raw", &all]);
        person.assert_forbidden(["get", "--raw", &one]);
        let held = format!("{one}?dryRun=All&propagationPolicy=Foreground");
        person.assert_forbidden(["delete", "--raw", &held]);
        person.assert_forbidden(["delete", "--raw", &format!("{all}?dryRun=All")]);
    }
    assert_eq!(kube.get("secrets").len(), 1);
}

fn assert_may_not(person: &Person, verb: &str) {
    let mut command = person.kubectl_command();
    let output = command.args(["auth", "can-i", verb, "secrets"]).output().expect("kubectl");
    assert_eq!(stdout(&output).trim(), "no", "{} may {verb} secrets", person.user);
}

/// Who can't read Secrets doesn't need to: the record takes its own along, and another laptop of the
/// same user lets the primary's pod speak for it.
#[test]
fn a_run_is_cancelled_and_removed_by_who_can_not_read_its_secret() {
    let Some(kube) = Kube::new() else { return };
    let victim = kube.person("victim");
    kube.grant(&victim.user, "submitter");
    let run = victim.submit(&["trap 'echo cleaned up; exit 0' TERM; echo here; sleep 1000 & wait"]);
    kube.printed(0, "here");
    let other = kube.elsewhere();
    let kubeconfig = fs_err::read_to_string(victim.laptop.home().join(".kube/config"));
    kube.set_kubeconfig(&other, &kubeconfig.expect("kubeconfig"));
    let said = stderr(&other.run(0, ["cancel", &run]));
    assert!(!said.contains("deleted instead"), "{said}");
    victim.run(12, ["wait", &run, "--timeout", "60s"]);
    assert!(
        stdout(&other.run(0, ["logs", &run])).contains("cleaned up"),
        "the pod has ended itself"
    );
    for args in [&["status", &run][..], &["why", &run], &["list"], &["doctor", "--no-pod"]] {
        victim.run(0, args);
    }
    let mut cleanup = victim.laptop.mlctl(["cleanup", "--all", "--yes"]);
    cleanup.env("XDG_CACHE_HOME", victim.laptop.home().join("cache"));
    let cleaned = cleanup.output().expect("mlctl");
    assert!(cleaned.status.success() && !stderr(&cleaned).contains("Secret"), "{cleaned:?}");
    poll("the Secret is gone with its record", LONG, || {
        kube.get("configmaps,secrets,services,jobs,pods").is_empty().then_some(())
    });
}

/// Objects that no record owns keep their Secret, and who can't see it is told.
#[test]
fn a_secret_that_nobody_owns_is_told_of() {
    let Some(kube) = Kube::without_pods() else { return };
    let victim = kube.person("victim");
    kube.grant(&victim.user, "submitter");
    kube.gang_at(&victim.laptop, &["sleep 1000"], "");
    let text = stdout(&victim.run(0, ["render"]));
    victim.kubectl_with(["create", "-f", "-"], &text);
    let runs = stdout(&victim.run(0, ["list", "-q", "--all-users"]));
    let mut cleanup =
        victim.laptop.mlctl(["cleanup", "--all", "--all-users", "--running", "--yes"]);
    cleanup.env("XDG_CACHE_HOME", victim.laptop.home().join("cache"));
    let said = stderr(&cleanup.output().expect("mlctl"));
    let command = format!("kubectl delete secrets -l mlctl.dev/run={}", runs.trim());
    assert!(said.contains(&command), "{said}");
    assert_eq!(kube.get("secrets").len(), 1);
}

//! A namespace for each user, made by one call: the boundary between users.

use crate::kube::support::{Kube, Person};
use crate::support::stdout;

/// The namespaces of one test beside its own; gone when it is dropped.
struct Spaces<'a>(&'a Kube, Vec<String>);

impl Drop for Spaces<'_> {
    fn drop(&mut self) {
        for space in &self.1 {
            let mut command = self.0.cluster.kubectl_command();
            let _ = command.args(["delete", "namespace", space, "--wait=false"]).output();
        }
    }
}

#[test]
fn alice_sees_nothing_of_bobs() {
    let Some(kube) = Kube::without_pods() else { return };
    let (alice, bob) = (kube.person("alice"), kube.person("bob"));
    let pattern = format!("{}-{{user}}", kube.namespace);
    let users = ["--user", &alice.user, "--user", &bob.user];
    let made = ["cluster", "manifests", "--for-namespace", &pattern];
    let text = stdout(&kube.run(0, made.iter().chain(&users)));
    kube.cluster.apply(&text);
    let names: Vec<String> = text
        .split("---\n")
        .filter(|document| document.contains("\nkind: Namespace\n"))
        .filter_map(|document| document.lines().find_map(|line| line.strip_prefix("  name: ")))
        .map(str::to_owned)
        .collect();
    let spaces = Spaces(&kube, names);
    let [of_alice, of_bob] = spaces.1.as_slice() else { panic!("two namespaces: {text}") };
    let run = submit(&kube, &bob, of_bob);
    let own = submit(&kube, &alice, of_alice);
    let listed = stdout(&alice.run(0, ["list", "-q", "--all-users", "-n", of_alice]));
    assert_eq!(listed.trim(), own);
    for kind in ["secrets", "configmaps", "jobs", "pods", "services", "events", "rolebindings"] {
        alice.assert_forbidden(["get", kind, "--namespace", of_bob]);
        alice.assert_forbidden(["get", kind, "--all-namespaces"]);
    }
    alice.assert_forbidden(["get", "configmap", &run, "--namespace", of_bob]);
    alice.assert_forbidden(["get", "namespace", of_bob]);
    for verb in ["status", "logs", "why", "cancel"] {
        let output = alice.laptop.mlctl([verb, &run, "-n", of_bob]).output().expect("mlctl");
        assert!(matches!(output.status.code(), Some(4 | 5)), "{verb}: {output:?}");
        assert_eq!(stdout(&output), "", "{verb}");
    }
    alice.run(5, ["train", "-n", of_bob]);
    bob.run(0, ["status", &run]);
}

/// Submits in a namespace of the person's own; the run's id.
fn submit(kube: &Kube, person: &Person, space: &str) -> String {
    kube.gang_at(&person.laptop, &["sleep 1000"], "");
    person.run(0, ["train", "--detach", "-n", space]);
    let runs = stdout(&person.run(0, ["list", "-q", "--limit", "1", "-n", space]));
    runs.trim().to_owned()
}

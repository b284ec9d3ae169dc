//! An endpoint of a test in a cluster: its spec, its callers, how it is.

use serde_json::{Value as Json, json};

use crate::kube::support::{Kube, LONG, poll};
use crate::serve::support::{sandbox_server, status_of};
use crate::support::repository;

/// Writes a spec with these revisions, each a name and the words behind the server's name, and more fields.
pub fn spec(kube: &Kube, revisions: &[(&str, &str, &str)], more: &str) {
    sandbox_server(&kube.sandbox);
    let image = kube.cluster.image("python");
    let mut text = format!(
        "apiVersion: mlctl.dev/v1\nkind: Endpoint\nname: sums\nserver: custom\nimage: {image}\n\
         code: app\nmemory: 128Mi\ncpu: 50m\nrevisions:\n"
    );
    for (name, words, fields) in revisions {
        let words: String = words.split_whitespace().map(|word| format!(", {word}")).collect();
        text += &format!(
            "- name: {name}\n  command: [python3, server.py, \"{{port}}\", {name}{words}]\n"
        );
        for field in fields.split("; ").filter(|field| !field.is_empty()) {
            text += &format!("  {field}\n");
        }
    }
    kube.sandbox.write("mlctl.yaml", &(text + more));
}

/// What `status -o json` says of the endpoint.
pub fn status(kube: &Kube) -> Json {
    status_of(&kube.sandbox, "sums")
}

/// How many replicas of a revision are in a state.
pub fn replicas(status: &Json, revision: &str, state: &str) -> usize {
    let revisions = status["live"]["revisions"].as_array().into_iter().flatten();
    let own = revisions.filter(|one| one["revision"] == revision);
    let all = own.flat_map(|one| one["replicas"].as_array().into_iter().flatten());
    all.filter(|one| one["state"] == state).count()
}

/// Waits until what `status` says is so.
pub fn until(kube: &Kube, what: &str, is_so: impl Fn(&Json) -> bool) -> Json {
    poll(what, LONG, || {
        let now = status(kube);
        is_so(&now).then_some(now)
    })
}

/// Callers in a pod of their own.
pub struct Callers<'a> {
    kube: &'a Kube,
}

impl<'a> Callers<'a> {
    /// So many of them, which ask until [`Callers::end`].
    pub fn start(kube: &'a Kube, url: &str, count: usize) -> Self {
        let script = repository().join("tests/it/kube/serve/caller.py");
        let script = fs_err::read_to_string(script).expect("the callers");
        let map = json!({
            "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "caller"},
            "data": {"caller.py": script},
        });
        let pod = json!({
            "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "caller"},
            "spec": {
                "restartPolicy": "Never",
                "terminationGracePeriodSeconds": 1,
                "securityContext": {
                    "runAsUser": 1000, "runAsNonRoot": true,
                    "seccompProfile": {"type": "RuntimeDefault"},
                },
                "containers": [{
                    "name": "caller", "image": kube.cluster.image("python"),
                    "command": ["python3", "/code/caller.py", url, count.to_string()],
                    "securityContext": {
                        "allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]},
                    },
                    "volumeMounts": [
                        {"name": "code", "mountPath": "/code"}, {"name": "tmp", "mountPath": "/tmp"},
                    ],
                }],
                "volumes": [
                    {"name": "code", "configMap": {"name": "caller"}}, {"name": "tmp", "emptyDir": {}},
                ],
            },
        });
        for object in [map, pod] {
            kube.kubectl_with(["create", "-f", "-"], &object.to_string());
        }
        poll("callers ask", LONG, || {
            let phase = kube.kubectl(["get", "pod", "caller", "-o", "jsonpath={.status.phase}"]);
            (phase == "Running").then_some(())
        });
        Self { kube }
    }

    /// All answers by status and revision, and what went wrong without one.
    pub fn end(self) -> (Json, Json) {
        let said = self.told();
        (said["answers"].clone(), said["failures"].clone())
    }

    /// The same, with the times in seconds since 1970 of the connections that broke off or were refused.
    pub fn told(self) -> Json {
        self.kube.kubectl(["exec", "caller", "--", "touch", "/tmp/stop"]);
        let said = poll("callers have told", LONG, || {
            let phase =
                self.kube.kubectl(["get", "pod", "caller", "-o", "jsonpath={.status.phase}"]);
            (phase == "Succeeded").then(|| self.kube.kubectl(["logs", "caller"]))
        });
        let said: Json = serde_json::from_str(said.trim()).expect("JSON");
        self.kube.kubectl(["delete", "pod,configmap", "caller", "--wait=false"]);
        said
    }
}

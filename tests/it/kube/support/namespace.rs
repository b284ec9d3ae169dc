//! A namespace and a home for one test.

use std::ffi::OsStr;
use std::process::{Command, Output};

use super::cluster::{Cluster, Need, Turn, feed, succeed};
use crate::support::{Sandbox, stderr, stdout};

/// One test's place in the cluster: a namespace under the restricted Pod Security Standard, and a
/// sandbox whose settings name it. Both are gone when it is dropped.
pub struct Kube {
    pub sandbox: Sandbox,
    pub namespace: String,
    pub cluster: &'static Cluster,
    _turn: Turn,
}

impl Kube {
    /// Where pods run, beside other tests; `None`, and said so, where none do.
    pub fn new() -> Option<Self> {
        Some(Self::at(Cluster::with(&[Need::Pods])?, Turn::shared()))
    }

    /// Where nothing needs to run: an API server and its controllers are enough.
    pub fn without_pods() -> Option<Self> {
        Some(Self::at(Cluster::with(&[])?, Turn::shared()))
    }

    /// The same among the simulated nodes of a cluster of the tests' own.
    pub fn simulated() -> Option<Self> {
        Some(Self::at(Cluster::with(&[Need::Own])?, Turn::shared()))
    }

    /// Where pods run as a cluster of the tests' own runs them.
    pub fn own() -> Option<Self> {
        Some(Self::at(Cluster::with(&[Need::Own, Need::Pods])?, Turn::shared()))
    }

    /// The same and alone, to stop parts of the cluster.
    pub fn alone() -> Option<Self> {
        Some(Self::at(Cluster::with(&[Need::Own, Need::Pods])?, Turn::alone()))
    }

    fn at(cluster: &'static Cluster, turn: Turn) -> Self {
        let namespace = format!("mlctl-test-{:08x}", fastrand::u32(..));
        cluster.kubectl(["create", "namespace", &namespace]);
        let standard = "pod-security.kubernetes.io/enforce=restricted";
        cluster.kubectl(["label", "namespace", &namespace, standard]);
        let kube = Self { sandbox: Sandbox::new(), namespace, cluster, _turn: turn };
        kube.settle(&kube.sandbox);
        kube
    }

    /// Another home that knows the same cluster: another laptop.
    pub fn elsewhere(&self) -> Sandbox {
        let sandbox = Sandbox::new();
        self.settle(&sandbox);
        sandbox
    }

    /// Writes settings and a kubeconfig into a home.
    fn settle(&self, sandbox: &Sandbox) {
        let kubeconfig = succeed(self.cluster.kubectl_command().args([
            "config",
            "view",
            "--raw",
            "--minify",
            "--flatten",
        ]));
        self.set_kubeconfig(sandbox, &kubeconfig);
        let config = sandbox.home().join(".config/mlctl");
        fs_err::create_dir_all(&config).expect("folder");
        let runner = self.cluster.image("mlctl");
        let settings = format!("runtime: kubernetes\nrunnerImage: {runner}\n");
        fs_err::write(config.join("config.yaml"), settings).expect("settings");
    }

    /// Writes a home's kubeconfig; its context gets this namespace.
    pub fn set_kubeconfig(&self, sandbox: &Sandbox, text: &str) {
        let folder = sandbox.home().join(".kube");
        fs_err::create_dir_all(&folder).expect("folder");
        let path = folder.join("config");
        fs_err::write(&path, text).expect("kubeconfig");
        let mut command = self.cluster.kubectl_command();
        command.env("KUBECONFIG", &path);
        command.args(["config", "set-context", &self.cluster.context]);
        command.args(["--namespace", &self.namespace]);
        succeed(&mut command);
    }

    /// mlctl in this test's home.
    pub fn mlctl<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Command {
        self.sandbox.mlctl(args)
    }

    /// Runs mlctl to its end; says what it printed when the exit code is another one.
    #[track_caller]
    pub fn run<S: AsRef<OsStr>>(&self, code: i32, args: impl IntoIterator<Item = S>) -> Output {
        self.sandbox.run(code, args)
    }

    /// Submits the spec of the folder, detached; the run's id.
    #[track_caller]
    pub fn detach<'a>(&self, args: impl IntoIterator<Item = &'a str>) -> String {
        let all = ["train", "--detach"].into_iter().chain(args);
        self.run(0, all);
        let runs = stdout(&self.run(0, ["list", "-q", "--limit", "1"]));
        let run = runs.trim();
        assert!(!run.is_empty(), "a run is listed");
        run.to_owned()
    }

    /// Runs kubectl in the namespace.
    #[track_caller]
    pub fn kubectl<'a>(&self, args: impl IntoIterator<Item = &'a str>) -> String {
        succeed(self.kubectl_command().args(args))
    }

    /// kubectl in the namespace.
    pub fn kubectl_command(&self) -> Command {
        let mut command = self.cluster.kubectl_command();
        command.args(["--namespace", &self.namespace]);
        command
    }

    /// Gives kubectl a document on its standard input.
    #[track_caller]
    pub fn kubectl_with<'a>(&self, args: impl IntoIterator<Item = &'a str>, text: &str) -> String {
        feed(self.kubectl_command().args(args), text)
    }

    /// Makes a claim of the default class.
    pub fn claim(&self, name: &str) {
        let text = format!(
            "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {{name: {name}}}\n\
             spec: {{accessModes: [ReadWriteMany], resources: {{requests: {{storage: 1Gi}}}}}}\n"
        );
        self.kubectl_with(["create", "-f", "-"], &text);
    }

    /// What a shell prints in a pod that has the claim as its working folder.
    #[track_caller]
    pub fn in_claim(&self, claim: &str, script: &str) -> String {
        let name = format!("look-{:08x}", fastrand::u32(..));
        let pod = serde_json::json!({
            "apiVersion": "v1", "kind": "Pod", "metadata": {"name": name},
            "spec": {
                "restartPolicy": "Never",
                "securityContext": {
                    "runAsUser": 1000, "runAsGroup": 1000, "fsGroup": 1000, "runAsNonRoot": true,
                    "seccompProfile": {"type": "RuntimeDefault"},
                },
                "containers": [{
                    "name": "look", "image": self.cluster.image("busybox"),
                    "command": ["sh", "-c", script], "workingDir": "/claim",
                    "securityContext": {
                        "allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]},
                    },
                    "volumeMounts": [{"name": "claim", "mountPath": "/claim"}],
                }],
                "volumes": [{"name": "claim", "persistentVolumeClaim": {"claimName": claim}}],
            },
        });
        self.kubectl_with(["create", "-f", "-"], &pod.to_string());
        let ended = "jsonpath={.status.phase}=Succeeded";
        self.kubectl(["wait", "--timeout=60s", "--for", ended, "pod", &name]);
        let text = self.kubectl(["logs", &name]);
        self.kubectl(["delete", "pod", &name, "--wait=false"]);
        text
    }

    /// What a person would look at when a test has failed.
    fn dump(&self) {
        for args in [
            &["get", "job,pod", "-o", "wide"][..],
            &["get", "events", "--sort-by=.lastTimestamp"],
            &[
                "logs",
                "-l",
                "app.kubernetes.io/managed-by=mlctl",
                "--all-containers",
                "--prefix",
                "--tail=40",
            ],
        ] {
            if let Ok(output) = self.kubectl_command().args(args).output() {
                eprintln!("--- kubectl {}\n{}{}", args.join(" "), stdout(&output), stderr(&output));
            }
        }
        for args in [&["status"][..], &["why"]] {
            if let Ok(output) = self.mlctl(args).output() {
                eprintln!("--- mlctl {}\n{}{}", args.join(" "), stdout(&output), stderr(&output));
            }
        }
    }
}

impl Drop for Kube {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.dump();
        }
        // In a namespace that is going, the Job controller no longer lets go of pods.
        let jobs = ["delete", "jobs", "--all", "--cascade=foreground", "--timeout=20s"];
        let _ = self.kubectl_command().args(jobs).output();
        let mut command = self.cluster.kubectl_command();
        let _ = command.args(["delete", "namespace", &self.namespace, "--wait=false"]).output();
    }
}

//! The pods of a namespace and their processes.

use std::time::Duration;

use serde_json::Value;

use super::{Kube, poll};
use crate::support::{stderr, stdout};

/// A pod that mlctl's Jobs made.
#[derive(Clone, Debug)]
pub struct Pod {
    pub name: String,
    pub uid: String,
    pub node: String,
    pub phase: String,
    pub index: usize,
    /// It is being deleted.
    pub leaving: bool,
}

impl Pod {
    fn of(value: &Value) -> Option<Self> {
        let text =
            |path: &str| value.pointer(path).and_then(Value::as_str).unwrap_or("").to_owned();
        let index = text("/metadata/annotations/batch.kubernetes.io~1job-completion-index");
        Some(Self {
            name: text("/metadata/name"),
            uid: text("/metadata/uid"),
            node: text("/spec/nodeName"),
            phase: text("/status/phase"),
            index: index.parse().ok()?,
            leaving: value.pointer("/metadata/deletionTimestamp").is_some(),
        })
    }

    /// Neither succeeded nor failed.
    pub fn is_alive(&self) -> bool {
        matches!(self.phase.as_str(), "Pending" | "Running")
    }
}

impl Kube {
    /// Objects of one kind, or of several, in the namespace.
    #[track_caller]
    pub fn get(&self, kinds: &str) -> Vec<Value> {
        let selector = "app.kubernetes.io/managed-by=mlctl";
        let text = self.kubectl(["get", kinds, "-l", selector, "-o", "json"]);
        let list: Value = serde_json::from_str(&text).expect("JSON");
        list["items"].as_array().cloned().unwrap_or_default()
    }

    /// All pods of Jobs.
    #[track_caller]
    pub fn pods(&self) -> Vec<Pod> {
        self.get("pods").iter().filter_map(Pod::of).collect()
    }

    /// The pod that runs as an index of a Job, once it does.
    #[track_caller]
    pub fn running(&self, index: usize) -> Pod {
        poll(&format!("the pod of index {index} runs"), super::LONG, || {
            let pods = self.pods().into_iter();
            pods.filter(|pod| pod.phase == "Running" && !pod.leaving).find(|pod| pod.index == index)
        })
    }

    /// Waits until the log of an index's pod has a line that begins with `text`; the pod.
    #[track_caller]
    pub fn printed(&self, index: usize, text: &str) -> Pod {
        poll(&format!("index {index} prints `{text}`"), super::LONG, || {
            let pods = self.pods().into_iter();
            pods.filter(|pod| pod.index == index && !pod.leaving)
                .find(|pod| self.log(&pod.name).lines().any(|line| line.starts_with(text)))
        })
    }

    /// What a pod's main container printed so far; nothing if it has not started.
    pub fn log(&self, pod: &str) -> String {
        let output = self.kubectl_command().args(["logs", pod, "-c", "main"]).output();
        output.ok().filter(|output| output.status.success()).map(|o| stdout(&o)).unwrap_or_default()
    }

    /// What the pods of a run printed so far.
    pub fn log_of(&self, run: &str) -> String {
        let label = format!("mlctl.dev/run={run}");
        let output = self.kubectl_command().args(["logs", "-l", &label, "-c", "main"]).output();
        output.ok().map(|output| stdout(&output)).unwrap_or_default()
    }

    /// Runs a shell's script in a pod.
    #[track_caller]
    pub fn exec(&self, pod: &str, script: &str) {
        let mut command = self.kubectl_command();
        command.args(["exec", pod, "-c", "main", "--", "sh", "-c", script]);
        let output = command.output().expect("kubectl starts");
        assert!(output.status.success(), "{script}: {}{}", stdout(&output), stderr(&output));
    }

    /// What `kubectl drain` does to one pod.
    #[track_caller]
    pub fn evict(&self, pod: &str) {
        let eviction = serde_json::json!({
            "apiVersion": "policy/v1", "kind": "Eviction",
            "metadata": {"name": pod, "namespace": self.namespace},
        });
        let path = format!("/api/v1/namespaces/{}/pods/{pod}/eviction", self.namespace);
        self.kubectl_with(["create", "--raw", &path, "-f", "-"], &eviction.to_string());
    }

    /// SIGKILL for the first process of a pod's main container, the agent, as the kernel of a node
    /// with cgroup v2 does when memory runs out. From outside: inside, nothing can kill it.
    #[track_caller]
    pub fn kill_agent(&self, pod: &Pod) {
        self.kill(&pod.uid, b"/mlctl/bin/mlctl\0agent\0");
    }

    /// The same for the first process of a pod of this uid, whose command line begins so.
    #[track_caller]
    pub fn kill(&self, uid: &str, command: &[u8]) {
        let pids = firsts(uid, command);
        assert!(!pids.is_empty(), "the pod {uid} has such a process");
        for pid in pids {
            let pid = rustix::process::Pid::from_raw(pid).expect("a pid");
            rustix::process::kill_process(pid, rustix::process::Signal::KILL).expect("killed");
        }
    }

    /// Nothing of any run runs any more, neither for the API server nor on the machine.
    #[track_caller]
    pub fn wait_until_quiet(&self, limit: Duration) {
        let pods = poll("no pod is alive", limit, || {
            let pods = self.pods();
            (!pods.iter().any(Pod::is_alive)).then_some(pods)
        });
        if self.cluster.name.is_some() {
            let left = || pods.iter().flat_map(|pod| processes(&pod.uid)).count();
            poll("no process of a pod is left", limit, || (left() == 0).then_some(()));
        }
    }

    /// Everything but the record belongs to the record, so that deleting that deletes all.
    #[track_caller]
    pub fn assert_owned(&self) {
        let all = self.get("configmaps,secrets,services,jobs");
        let records: Vec<&str> = all
            .iter()
            .filter(|object| object["kind"] == "ConfigMap")
            .filter(|object| {
                object["metadata"]["name"] == object["metadata"]["labels"]["mlctl.dev/run"]
            })
            .filter_map(|object| object["metadata"]["uid"].as_str())
            .collect();
        for object in &all {
            let uid = object["metadata"]["uid"].as_str().unwrap_or_default();
            let owner = object["metadata"]["ownerReferences"][0]["uid"].as_str();
            let named = format!("{} {}", object["kind"], object["metadata"]["name"]);
            assert!(
                records.contains(&uid) || owner.is_some_and(|owner| records.contains(&owner)),
                "{named} is owned by a run's record"
            );
        }
    }
}

/// First processes of a pod whose command line begins so, by the ids that this machine counts.
fn firsts(pod: &str, command: &[u8]) -> Vec<i32> {
    let is_first = |pid: &i32| {
        let status = fs_err::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
        let inner = status.lines().find_map(|line| line.strip_prefix("NSpid:"));
        inner.is_some_and(|pids| pids.split_whitespace().next_back() == Some("1"))
    };
    let is_meant = |pid: &i32| {
        let line = fs_err::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        line.starts_with(command)
    };
    processes(pod).into_iter().filter(is_first).filter(is_meant).collect()
}

/// Processes in the control groups of a pod.
fn processes(pod: &str) -> Vec<i32> {
    let pids = fs_err::read_dir("/proc")
        .expect("/proc")
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<i32>().ok());
    let inside = |pid: &i32| {
        let groups = fs_err::read_to_string(format!("/proc/{pid}/cgroup")).unwrap_or_default();
        groups.contains(&format!("pod{pod}"))
    };
    let pids = pids.filter(inside);
    // A zombie holds nothing.
    pids.filter(|pid| {
        fs_err::read(format!("/proc/{pid}/cmdline")).is_ok_and(|line| !line.is_empty())
    })
    .collect()
}

//! Nodes that are drained or die.

use crate::kube::support::{COUNTS, Kube, LONG, Pod, SPREAD, Why, poll};
use crate::support::{stderr, stdout};

/// The end of a count that goes on for longer than a silent peer is borne.
const LAST: u32 = 250;

fn counting(kube: &Kube) -> (String, [Pod; 2]) {
    kube.claim("work");
    kube.gang(
        &[&format!("LAST={LAST}\n{COUNTS}"), "echo attempt $MLCTL_ATTEMPT; exec sleep 1000"],
        &format!("completion: primary\noutput: pvc://work/{{run}}\n{SPREAD}"),
    );
    let run = kube.detach([]);
    let pods = [kube.printed(0, "count 5"), kube.printed(1, "attempt 1")];
    assert_ne!(pods[0].node, pods[1].node, "the gang is over both nodes");
    (run, pods)
}

/// The last number of the first attempt and the first one of the second follow each other.
fn goes_on(kube: &Kube, run: &str) {
    let text = stdout(&kube.run(0, ["logs", run, "--replica", "worker-0", "--no-prefix"]));
    let from = text.lines().find_map(|line| line.strip_prefix("attempt 2 goes on from "));
    let from: u32 = from.and_then(|n| n.parse().ok()).unwrap_or_else(|| panic!("{text}"));
    assert!(from >= 5, "the checkpoint of attempt 1 is used:\n{text}");
    assert!(text.contains(&format!("count {LAST}")), "{text}");
    let count = kube.in_claim("work", "cat */checkpoints/n || find .");
    assert_eq!(count.trim(), LAST.to_string());
}

struct Uncordon<'a>(&'a Kube, &'a str);

impl Drop for Uncordon<'_> {
    fn drop(&mut self) {
        let _ = self.0.kubectl_command().args(["uncordon", self.1]).output();
    }
}

#[test]
fn a_drained_node_costs_an_attempt() {
    let Some(kube) = Kube::alone() else { return };
    let (run, [primary, other]) = counting(&kube);
    let _uncordon = Uncordon(&kube, &primary.node);
    // Only this run's pods: what another test has left on the node is not this test's to wait for.
    let mine = format!("--pod-selector=mlctl.dev/run={run}");
    let flags = ["--ignore-daemonsets", "--delete-emptydir-data", "--timeout=60s", &mine];
    kube.kubectl(["drain", &primary.node].into_iter().chain(flags));
    kube.run(0, ["wait", &run]);
    let why = kube.ended(0);
    assert_eq!(why.0["earlier"][0]["replica"], "worker-0", "{:#}", why.0);
    assert_eq!(why.0["earlier"][0]["class"], "preemption", "{:#}", why.0);
    let second = kube.pods().into_iter().find(|pod| pod.index == 0 && pod.uid != primary.uid);
    assert_eq!(second.expect("a second pod").node, other.node);
    goes_on(&kube, &run);
}

/// The machine is gone: kubelet and what ran there. Its pods block their index until the node is
/// back or named as gone; the survivors stop, and `why` says which node it is.
#[test]
fn a_dead_node_is_named_and_the_gang_goes_on_when_it_is_back() {
    let Some(kube) = Kube::alone() else { return };
    let (run, [survivor, lost]) = counting(&kube);
    let kubelet = format!("kubelet-{}", lost.node);
    kube.cluster.control(["stop", &kubelet]);
    let back = Restart(&kube, &kubelet);
    kube.kill_agent(&lost);
    poll("the survivor's command is stopped", LONG, || {
        kube.log(&survivor.name).contains("replicaStopped").then_some(())
    });
    poll("`why` names the node and what to do", LONG, || {
        let text = Why::ask(&kube.sandbox, &run).text();
        (text.contains(&lost.node) && text.contains("out-of-service")).then_some(())
    });
    drop(back);
    kube.run(0, ["wait", &run]);
    let why = kube.ended(0);
    assert_eq!(why.0["earlier"][0]["replica"], "worker-1", "{:#}", why.0);
    goes_on(&kube, &run);
}

/// Starts a component again, whatever happens to the test.
pub(super) struct Restart<'a>(pub(super) &'a Kube, pub(super) &'a str);

impl Drop for Restart<'_> {
    fn drop(&mut self) {
        self.0.cluster.control(["start", self.1]);
    }
}

/// The primary's node is gone with all that it has told: what is known without it is shown, and the run
/// can be cancelled.
#[test]
fn a_dead_node_under_the_primary_blinds_nobody() {
    let Some(kube) = Kube::alone() else { return };
    let (run, [lost, _]) = counting(&kube);
    let kubelet = format!("kubelet-{}", lost.node);
    kube.cluster.control(["stop", &kubelet]);
    let back = Restart(&kube, &kubelet);
    kube.kill_agent(&lost);
    // At once, before the cluster has noticed, and afterwards.
    for is_noticed in [false, true] {
        if is_noticed {
            poll("`why` names the node", LONG, || {
                Why::ask(&kube.sandbox, &run).text().contains(&lost.node).then_some(())
            });
        }
        let shown = stdout(&kube.run(0, ["status", &run]));
        assert!(!is_noticed || shown.contains("worker-0: pod unknown since "), "{shown}");
        assert!(shown.contains("worker-0") && shown.contains("worker-1"), "{shown}");
        kube.run(0, ["why", &run]);
        kube.run(0, ["list"]);
        let output = kube.mlctl(["logs", &run, "--no-prefix"]).output().expect("mlctl");
        let (out, told) = (stdout(&output), stderr(&output));
        assert!(out.contains("attempt 1") && !out.contains("count"), "the other's:\n{out}");
        assert!(told.contains("the log of worker-0 is not shown"), "{told}");
        let output = kube.mlctl(["exec", &run, "--replica", "worker-0", "--", "true"]).output();
        let told = stderr(&output.expect("mlctl"));
        assert!(
            told.contains("the node doesn't answer") || told.contains("runs no command"),
            "{told}"
        );
    }
    kube.run(130, ["wait", &run, "--timeout", "2s"]);
    kube.run(0, ["cancel", &run, "--force"]);
    assert!(kube.get("jobs,pods").is_empty());
    drop(back);
}

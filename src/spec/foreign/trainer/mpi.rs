//! Runtimes of MPI, whose launcher starts processes over ssh: here each node starts its own.
//!
//! Source: `pkg/runtime/framework/plugins/mpi` of Kubeflow Trainer, release 2.3.

use super::overrides::{main_container, with_container};
use crate::spec::foreign::common::fields::{Findings, Table, Use};
use crate::spec::foreign::kubernetes::merged;
use crate::spec::foreign::launchers::{Counts, Replaced, replaced};
use crate::spec::kinds::train::Framework;
use crate::spec::syntax::{Entry, Key, Node, Value};

pub(super) const MPI: Table = &[
    (
        "numProcPerNode",
        Use::Changed(
            "how many processes a node starts; for torchrun the variable PET_NPROC_PER_NODE",
        ),
    ),
    ("mpiImplementation", Use::Left("nothing starts processes over ssh")),
    ("sshAuthMountPath", Use::Left("nothing starts processes over ssh")),
    (
        "runLauncherAsNode",
        Use::Changed("whose pods the nodes have: the launcher's, or those that it reaches"),
    ),
];

/// What a node that waits for the launcher over ssh has of its own for that.
const FOR_SSH: [&str; 5] = ["command", "args", "readinessProbe", "livenessProbe", "startupProbe"];

/// What the launcher's container has for the processes that it starts.
const OF_PROCESSES: [&str; 4] = ["command", "args", "env", "workingDir"];

/// The pods of nodes that have no launcher among them, with the command of their launcher.
pub(super) fn without_launcher(nodes: &Node, launcher: &Node) -> Node {
    let (Some(node), Some(starts)) = (main_container(nodes), main_container(launcher)) else {
        return nodes.clone();
    };
    let own = |one: &Node, is_kept: &dyn Fn(&str) -> bool| {
        let entries = one.as_map().unwrap_or_default().iter();
        let entries = entries.filter(|entry| is_kept(&entry.key.text)).cloned();
        Node { span: one.span, value: Value::Map(entries.collect()) }
    };
    let base = own(node, &|name| !FOR_SSH.contains(&name));
    let container = merged(&base, &own(starts, &|name| OF_PROCESSES.contains(&name)));
    with_container(nodes, container)
}

/// The pods' template in which each of so many nodes starts its own processes, and what is known of those;
/// `None` where an error says why they aren't started. `at` is where the runtime is named.
pub(super) fn in_nodes(
    findings: &mut Findings,
    template: &Node,
    nodes: u32,
    slots: Option<u32>,
    at: &Node,
) -> Option<(Node, Framework, Option<u32>)> {
    let container = main_container(template).unwrap_or(template);
    let counts = Counts { replicas: Some(nodes), slots, names: ["`numNodes`", "`numProcPerNode`"] };
    let instead = replaced(findings, container, container, at, &counts)?;
    let Replaced { command, variables, framework, slots } = instead;
    let list = |name: &str, values: Vec<Node>| Entry {
        key: Key { text: name.to_owned(), span: container.span },
        value: Node { span: container.span, value: Value::List(values) },
    };
    let mut base = container.as_map().unwrap_or_default().to_vec();
    let mut fields = Vec::new();
    if let Some(words) = command {
        base.retain(|entry| !matches!(entry.key.text.as_str(), "command" | "args"));
        fields.push(list("command", words));
    }
    if !variables.is_empty() {
        fields.push(list("env", variables));
    }
    let base = Node { span: container.span, value: Value::Map(base) };
    let patch = Node { span: container.span, value: Value::Map(fields) };
    Some((with_container(template, merged(&base, &patch)), framework, slots))
}

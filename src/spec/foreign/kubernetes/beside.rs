//! Objects of Kubernetes that stand beside a job in its file: ConfigMaps become a part of the job that names them, and
//! of all others is said that they are left out.

use super::config_map::{CONFIG_MAP, names_config_map};
use super::container::CONTAINER;
use super::pod::POD;
use crate::spec::foreign::common::converted::converted;
use crate::spec::foreign::common::fields::{Findings, System, Table};
use crate::spec::kinds::{Converted, ForeignContext, foreign};
use crate::spec::syntax::{Diagnostic, Node};

static KUBERNETES: System = System::of("Kubernetes", &[]);

pub(in crate::spec::foreign) const TABLES: &[(&str, Table)] =
    &[("the spec of a pod", POD), ("containers[]", CONTAINER), ("ConfigMap", CONFIG_MAP)];

/// Groups of systems whose files have objects of Kubernetes beside what is run.
const NEIGHBOURS: [&str; 3] = ["kubeflow.org/", "serving.kserve.io/", "serving.kubeflow.org/"];

/// Objects that people keep beside a job, and that a run of mlctl's has no need of.
const NOT_NEEDED: [&str; 6] =
    ["Namespace", "Service", "Role", "RoleBinding", "ServiceAccount", "LimitRange"];

/// The converter: `None` for what stands by itself, which is told what it is elsewhere.
pub(in crate::spec::foreign) fn recognise(
    node: &Node,
    context: &ForeignContext<'_>,
) -> Option<Converted> {
    let is_neighbour = |one: &Node| {
        let version = one.get("apiVersion").and_then(Node::as_text).unwrap_or_default();
        NEIGHBOURS.iter().any(|group| version.contains(group))
    };
    let version = node.get("apiVersion").and_then(Node::as_text)?;
    let is_job = node.get("kind").and_then(Node::as_text).is_some_and(foreign::is_of_a_system);
    let is_known = is_neighbour(node) || is_job || version.contains("mlctl.dev");
    if is_known || !context.siblings.iter().any(is_neighbour) {
        return None;
    }
    let kind_node = node.get("kind")?;
    let kind = kind_node.as_text()?;
    let name = node.get("metadata").and_then(|one| one.get("name")?.as_text()).unwrap_or_default();
    let mut findings = Findings::of(&KUBERNETES);
    if kind == "ConfigMap" {
        findings.fields(node, "", CONFIG_MAP);
        // One ConfigMap names no other, and there may be thousands.
        let is_map = |one: &&Node| one.get("kind").and_then(Node::as_text) == Some("ConfigMap");
        let mut others = context.siblings.iter().filter(|one| !is_map(one));
        if others.any(|one| names_config_map(one, name)) {
            return Some(converted(findings, None));
        }
    }
    let help = match kind {
        "ConfigMap" => "nothing in this file names it",
        _ if NOT_NEEDED.contains(&kind) => {
            "a run makes what it needs; put it into a file of its own where something else needs it"
        }
        _ => {
            "put it into a file of its own, and make it with `kubectl apply -f` before the job starts"
        }
    };
    let message = format!("the {kind} `{name}` beside the job is left out");
    findings.add(
        Diagnostic::warning(findings.system.left_out, message).at(kind_node.span, "").help(help),
    );
    Some(converted(findings, None))
}

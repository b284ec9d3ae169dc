//! Fields of a pod's template that Kubernetes doesn't know: what nobody reads is named, not lost.

use k8s_openapi::api::core::v1::PodTemplateSpec;

use crate::spec::foreign::common::fields::Findings;
use crate::spec::syntax::{
    Diagnostic, Entry, Node, Spans, Value, index_path, key_path, unknown_fields,
};
use crate::text::nearest;

/// Fields of pods that are written by hand often, so that a slip can be told from what is only unknown.
const USUAL: [&str; 58] = [
    "affinity",
    "annotations",
    "args",
    "claimName",
    "command",
    "configMap",
    "configMapKeyRef",
    "configMapRef",
    "containers",
    "defaultMode",
    "emptyDir",
    "env",
    "envFrom",
    "fieldPath",
    "fieldRef",
    "hostIPC",
    "hostNetwork",
    "hostPath",
    "image",
    "imagePullPolicy",
    "imagePullSecrets",
    "initContainers",
    "items",
    "key",
    "labels",
    "limits",
    "livenessProbe",
    "medium",
    "metadata",
    "mountPath",
    "name",
    "nodeSelector",
    "optional",
    "path",
    "persistentVolumeClaim",
    "ports",
    "prefix",
    "priorityClassName",
    "readOnly",
    "readinessProbe",
    "requests",
    "resources",
    "restartPolicy",
    "runtimeClassName",
    "schedulerName",
    "secret",
    "secretKeyRef",
    "secretName",
    "secretRef",
    "securityContext",
    "serviceAccountName",
    "sizeLimit",
    "startupProbe",
    "subPath",
    "tolerations",
    "value",
    "valueFrom",
    "volumeMounts",
];

/// The template without what Kubernetes doesn't know. A near miss is an error, since the pod would not be what its
/// author means; anything else may come from a newer Kubernetes, and is left out.
pub(super) fn known(findings: &mut Findings, template: Node) -> Node {
    let unknown = unknown_fields::<PodTemplateSpec>(&template.to_json());
    if unknown.is_empty() {
        return template;
    }
    let spans = Spans::of(&template);
    for path in &unknown {
        let name = path.rsplit('.').next().unwrap_or(path);
        let at = spans.key(path);
        let code = findings.system.unknown;
        let near = nearest(name, USUAL);
        findings.add(if near == Some(name) {
            let message = format!("`{name}` is at the wrong place in a pod's template");
            Diagnostic::error(findings.system.misplaced, message)
                .at(at, "")
                .help("mind the indentation: `kubectl explain pod.spec` says where it belongs")
        } else if let Some(near) = near {
            Diagnostic::error(code, format!("a pod's template has no `{name}` there"))
                .at(at, "")
                .help(format!("did you mean `{near}`?"))
        } else {
            let message = format!("Kubernetes knows no `{name}` there: it is left out");
            Diagnostic::warning(code, message).at(at, "")
        });
    }
    without(&template, "", &unknown)
}

/// The node without the fields at these paths.
fn without(node: &Node, path: &str, paths: &[String]) -> Node {
    let value = match &node.value {
        Value::Map(entries) => {
            let kept = entries.iter().filter_map(|entry| {
                let path = key_path(path, &entry.key.text);
                let value = without(&entry.value, &path, paths);
                (!paths.contains(&path)).then(|| Entry { key: entry.key.clone(), value })
            });
            Value::Map(kept.collect())
        }
        Value::List(items) => {
            let items = items.iter().enumerate();
            let items = items.map(|(at, item)| without(item, &index_path(path, at), paths));
            Value::List(items.collect())
        }
        Value::Scalar(scalar) => Value::Scalar(scalar.clone()),
    };
    Node { span: node.span, value }
}

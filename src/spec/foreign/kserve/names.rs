//! `metadata` of an InferenceService: names, labels, and the annotations that say what is done.

use serde_json::{Map, Value as Json};

use crate::spec::foreign::common::fields::{Findings, Table, Use};
use crate::spec::foreign::common::gather::Located;
use crate::spec::foreign::common::metadata::object_fields;
use crate::spec::foreign::common::name::{dns_name, from_source};
use crate::spec::kinds::ForeignContext;
use crate::spec::syntax::{Entry, Node, key_path};

use super::autoscaling::annotated;
use super::system::Served;

pub(super) const METADATA: Table = &object_fields(Use::Within);

const NOT_TRUE: Use =
    Use::Changed("not needed: routers and replicas are the same however KServe would run them");
const METRICS: Use =
    Use::Left("routers count requests, errors and latency by themselves, for Prometheus too");
const CLASS: Use =
    Use::Left("replicas follow `scaling`, which `minReplicas` and `scaleTarget` become");

pub(super) const ANNOTATIONS: Table = &[
    ("serving.kserve.io/deploymentMode", NOT_TRUE),
    ("serving.kserve.io/enable-prometheus-scraping", METRICS),
    ("serving.kserve.io/enable-metric-aggregation", METRICS),
    ("serving.kserve.io/autoscalerClass", CLASS),
    ("serving.kserve.io/metric", Use::Changed("`scaling.target`")),
    ("serving.kserve.io/targetUtilizationPercentage", Use::Changed("`scaling.target.cpu`")),
    (
        "serving.kserve.io/storageSecretName",
        Use::Left(
            "write `storage: {secret: NAME}`, whose keys are variables such as AWS_ACCESS_KEY_ID",
        ),
    ),
    (
        "serving.kserve.io/storage-initializer-uid",
        Use::Left("the agent of a replica fetches the model"),
    ),
    (
        "serving.kserve.io/enable-tag-routing",
        Use::Changed("a revision by its name: `x-mlctl-revision`"),
    ),
    ("serving.kserve.io/enable-auth", Use::Left("write `auth: {tokens: [...]}`")),
    ("security.opendatahub.io/enable-auth", Use::Left("write `auth: {tokens: [...]}`")),
    ("serving.kserve.io/stop", Use::Left("`mlctl undeploy` ends an endpoint")),
    ("sidecar.istio.io/inject", Use::Left("routers stand in front of the replicas already")),
    (
        "serving.knative.openshift.io/enablePassthrough",
        Use::Left("write `expose` for what callers reach"),
    ),
    (
        "sidecar.istio.io/rewriteAppHTTPProbers",
        Use::Left("routers stand in front of the replicas already"),
    ),
    ("autoscaling.knative.dev/target", Use::Changed("`scaling.target`")),
    ("autoscaling.knative.dev/metric", Use::Changed("`scaling.target`")),
    ("autoscaling.knative.dev/minScale", Use::Changed("`replicas.min`")),
    ("autoscaling.knative.dev/min-scale", Use::Changed("`replicas.min`")),
    ("autoscaling.knative.dev/maxScale", Use::Changed("`replicas.max`")),
    ("autoscaling.knative.dev/max-scale", Use::Changed("`replicas.max`")),
    ("autoscaling.knative.dev/window", Use::Kept("scaling.window")),
    (
        "autoscaling.knative.dev/scale-to-zero-pod-retention-period",
        Use::Kept("scaling.scaleToZeroAfter"),
    ),
    ("autoscaling.knative.dev/class", CLASS),
    ("autoscaling.knative.dev/targetUtilizationPercentage", CLASS),
    ("autoscaling.knative.dev/target-utilization-percentage", CLASS),
    ("autoscaling.knative.dev/panicWindowPercentage", CLASS),
    ("autoscaling.knative.dev/panicThresholdPercentage", CLASS),
    ("autoscaling.knative.dev/initial-scale", Use::Left("as many start as there are at least")),
    ("kubectl.kubernetes.io/last-applied-configuration", Use::Output),
];

/// Reads the name and the labels; the annotations that say how it scales are for `served`.
pub(super) fn metadata(
    findings: &mut Findings,
    node: Option<&Node>,
    context: &ForeignContext<'_>,
    served: &mut Served<'_>,
) {
    served.endpoint.name = from_source(context.source_name, context.index);
    let Some(node) = node else { return };
    let fields = findings.fields(node, "metadata", METADATA);
    if let Some(entry) = fields.entry("labels") {
        served.of_all("labels", entry);
        for label in entry.value.as_map().unwrap_or_default() {
            let path = key_path("labels", &label.key.text);
            served.whole.insert(path, Located::new((), label).place);
            if let Some(value) = findings.text(&label.value, "labels") {
                served.endpoint.labels.insert(label.key.text.clone(), value.to_owned());
            }
        }
    }
    if let Some(entry) = fields.entry("annotations") {
        annotations(findings, entry, false, served);
    }
    let Some(entry) = fields.entry("name").or_else(|| fields.entry("generateName")) else { return };
    served.of_all("name", entry);
    let Some(written) = findings.text(&entry.value, "metadata.name") else { return };
    if let Some(name) = dns_name(written) {
        served.endpoint.name = name;
    }
    if served.endpoint.name != written && entry.key.text == "name" {
        let message = format!("the endpoint is called `{}` here", served.endpoint.name);
        let help = "names have lower-case letters, digits and `-`, 30 characters at most; requests go to \
                    the model by the name that it has in the file";
        findings.instead(&entry.value, message, help);
        if !written.is_empty() && !written.contains(['/', ':', '?', '#', ' ']) {
            served.endpoint.model_name = Some(written.to_owned());
            served.of_all("modelName", entry);
        }
    }
}

/// Known annotations do what they say. Those of other tools are handed back where they are the pods', as in a
/// predictor, and are named elsewhere.
pub(super) fn annotations(
    findings: &mut Findings,
    entry: &Entry,
    of_pods: bool,
    served: &mut Served<'_>,
) -> Map<String, Json> {
    let mut others = Map::new();
    let Some(entries) = entry.value.as_map() else {
        findings.wrong_type(&entry.value, "annotations", "a mapping");
        return others;
    };
    for one in entries.iter().filter(|one| !one.value.is_null()) {
        let written = one.key.text.as_str();
        let known = ANNOTATIONS.iter().find(|(name, _)| *name == written);
        match known.map(|(_, usage)| usage) {
            Some(Use::Left(advice)) => findings.left(written, one, advice),
            Some(Use::Output) => {}
            Some(_) => annotated(findings, one, served),
            None if of_pods => {
                others.insert(written.to_owned(), one.value.as_text().unwrap_or_default().into());
            }
            None => {
                let advice = "annotations of other tools mean nothing to the pods; `podPatch: {metadata: \
                              {annotations: {...}}}` gives them some";
                findings.left("annotations", one, advice);
            }
        }
    }
    others
}

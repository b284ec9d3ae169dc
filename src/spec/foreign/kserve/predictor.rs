//! A predictor: what serves, how many of it, and where its pods go.

use std::time::Duration;

use crate::spec::foreign::common::fields::{Findings, Table, Use};
use crate::spec::foreign::common::scalars::items;
use crate::spec::syntax::{Entry, Node, Value};
use crate::text::Span;

use super::autoscaling::replicas;
use super::model::{OF_CONTAINERS, model};
use super::names;
use super::pods::{OF_PODS, PLACED, beside, patch};
use super::program::{Shape, custom, either, picked};
use super::runtime::Runtimes;
use super::storage;
use super::system::Served;

const PATCH: Use = Use::Changed("`podPatch`");
const FRAMEWORK: Use = Use::Within;
const LOG: Use = Use::Left(
    "write `log: {sample: 100%, to: s3://bucket/requests}`, a folder and no address of events",
);

pub(super) const PREDICTOR: Table = &[
    ("model", Use::Within),
    ("containers", Use::Within),
    ("custom", Use::Within),
    ("tensorflow", FRAMEWORK),
    ("sklearn", FRAMEWORK),
    ("xgboost", FRAMEWORK),
    ("lightgbm", FRAMEWORK),
    ("pytorch", FRAMEWORK),
    ("onnx", FRAMEWORK),
    ("pmml", FRAMEWORK),
    ("paddle", FRAMEWORK),
    ("triton", FRAMEWORK),
    ("tensorrt", FRAMEWORK),
    ("huggingface", FRAMEWORK),
    ("mlflow", FRAMEWORK),
    ("minReplicas", Use::Kept("revisions[].replicas.min")),
    ("maxReplicas", Use::Kept("revisions[].replicas.max")),
    ("scaleTarget", Use::Changed("`scaling.target`, by `scaleMetric`")),
    ("scaleMetric", Use::Changed("`scaling.target`: `concurrency`, `requestsPerSecond` or `cpu`")),
    ("scaleMetricType", Use::Changed("not needed: a part of the cores is a percent")),
    (
        "autoScaling",
        Use::Left("write `scaling: {target: {concurrency: 8}}`, `requestsPerSecond` or `cpu`"),
    ),
    ("containerConcurrency", Use::Kept("revisions[].maxConcurrency")),
    ("parallelism", Use::Kept("revisions[].maxConcurrency")),
    ("timeout", Use::Kept("limits.timeout")),
    (
        "canaryTrafficPercent",
        Use::Changed("all requests, with a warning: what has the rest is not in the file"),
    ),
    ("logger", LOG),
    ("batcher", Use::Left("a server puts requests together itself: give its own flags by `args`")),
    ("labels", Use::Changed("`podPatch`")),
    ("annotations", Use::Within),
    (
        "deploymentStrategy",
        Use::Left(
            "`transition: minimalRam` ends the old replicas first, `rollout` moves requests by steps",
        ),
    ),
    ("storageUris", Use::Within),
    ("workerSpec", Use::Refused("a server of several nodes is not run: give one node enough GPUs")),
    ("serviceAccountName", Use::Kept("serviceAccount")),
    ("serviceAccount", Use::Kept("serviceAccount")),
    ("nodeSelector", Use::Kept("revisions[].nodeSelector")),
    ("tolerations", Use::Kept("revisions[].tolerations")),
    ("affinity", Use::Kept("affinity")),
    ("priorityClassName", Use::Kept("priorityClass")),
    ("imagePullSecrets", Use::Kept("imagePullSecrets")),
    ("volumes", Use::Kept("revisions[].volumes")),
    ("terminationGracePeriodSeconds", Use::Kept("revisions[].grace")),
    ("restartPolicy", Use::Changed("not needed: replicas that end have successors")),
    ("initContainers", PATCH),
    ("activeDeadlineSeconds", PATCH),
    ("dnsPolicy", PATCH),
    ("dnsConfig", PATCH),
    ("automountServiceAccountToken", PATCH),
    ("nodeName", PATCH),
    ("hostNetwork", PATCH),
    ("hostPID", PATCH),
    ("hostIPC", PATCH),
    ("shareProcessNamespace", PATCH),
    ("securityContext", PATCH),
    ("hostname", PATCH),
    ("subdomain", PATCH),
    ("schedulerName", PATCH),
    ("hostAliases", PATCH),
    ("priority", PATCH),
    ("readinessGates", PATCH),
    ("runtimeClassName", PATCH),
    ("enableServiceLinks", PATCH),
    ("preemptionPolicy", PATCH),
    ("topologySpreadConstraints", PATCH),
    ("setHostnameAsFQDN", PATCH),
    ("hostUsers", PATCH),
    ("resourceClaims", PATCH),
];

pub(super) const CUSTOM: Table = &[("container", Use::Changed("a container of your own"))];

/// The keys that say what serves.
const SERVING: [&str; 14] = [
    "model",
    "containers",
    "custom",
    "tensorflow",
    "sklearn",
    "xgboost",
    "lightgbm",
    "pytorch",
    "onnx",
    "pmml",
    "paddle",
    "triton",
    "tensorrt",
    "huggingface",
];

const SECRETS: &str = "Secrets that KServe finds by it are not used to fetch the model: write `storage: {secret: \
                       NAME}`, whose keys are variables such as AWS_ACCESS_KEY_ID, where no identity of the cloud \
                       is bound to the account";

/// Reads a predictor into `served`. `None` when an error says why nothing serves.
pub(super) fn predictor(
    findings: &mut Findings,
    node: &Node,
    path: &str,
    runtimes: &Runtimes<'_>,
    served: &mut Served<'_>,
) -> Option<()> {
    let fields = findings.fields(node, path, PREDICTOR);
    let annotated = fields.entry("annotations");
    let of_pods = annotated.map(|entry| names::annotations(findings, entry, true, served));
    replicas(findings, &fields, served);
    if let Some(worker) = fields.entry("workerSpec") {
        let at = Node { span: worker.key.span, ..worker.value.clone() };
        let message = "a server of several nodes is not run".to_owned();
        findings.refuse(&at, message, "give one node enough GPUs, and leave `workerSpec` out");
    }
    let of_model = SERVING.iter().chain(&["mlflow"]).filter(|name| **name != "containers");
    let found: Vec<&Entry> = of_model.filter_map(|name| fields.entry(name)).collect();
    let containers = fields.entry("containers");
    let names: Vec<&str> = OF_PODS.iter().chain(&PLACED).copied().collect();
    let of_pod = picked(node, &names);
    let all = containers.map(|entry| items(&entry.value)).unwrap_or_default();
    match (&found[..], containers) {
        ([one], _) if one.key.text == "custom" => {
            let inner = findings.fields(&one.value, "custom", CUSTOM);
            let Some(container) = inner.entry("container") else {
                findings.missing(&one.value, "custom.container");
                return None;
            };
            own_container(findings, &container.value, of_pod, served)?;
        }
        ([one], _) => {
            model(findings, one, of_pod, fields.entry("storageUris"), runtimes, served)?;
            if let Some(entry) = containers {
                let others: Vec<&Node> = all.iter().collect();
                beside(served, &others, entry);
            }
        }
        ([], Some(entry)) if !all.is_empty() => {
            let named =
                |one: &&Node| one.get("name").and_then(Node::as_text) == Some("kserve-container");
            let main = all.iter().find(named).or(all.first())?;
            if let Some(uris) = fields.entry("storageUris") {
                storage::uris(findings, uris, false, served);
            }
            own_container(findings, main, of_pod, served)?;
            let others: Vec<&Node> = all.iter().filter(|one| !std::ptr::eq(*one, main)).collect();
            beside(served, &others, entry);
        }
        ([], _) => {
            let at =
                node.as_map().and_then(<[Entry]>::first).map_or(node.span, |entry| entry.key.span);
            let at = Node { span: at, value: Value::Map(Vec::new()) };
            let help = "write `model: {modelFormat: {name: sklearn}, storageUri: s3://bucket/model}`, or `containers`";
            findings.refuse(&at, "nothing says what serves".to_owned(), help);
            return None;
        }
        ([first, second, ..], _) => {
            let at = Node { span: second.key.span, ..second.value.clone() };
            let message =
                format!("`{}` and `{}` can't serve both", first.key.text, second.key.text);
            findings.refuse(
                &at,
                message,
                "a predictor has one of them: write two InferenceServices",
            );
            return None;
        }
    }
    // The patch of the pods is there by now.
    if let (Some(entry), Some(others)) = (annotated, of_pods.filter(|others| !others.is_empty())) {
        patch(served, "metadata", "annotations", others.into(), entry);
    }
    if let Some(labels) = fields.entry("labels") {
        patch(served, "metadata", "labels", labels.value.to_json(), labels);
    }
    if let Some(entry) = fields.entry("terminationGracePeriodSeconds")
        && let Some(seconds) = findings.count(&entry.value, "terminationGracePeriodSeconds")
    {
        served.of("grace", entry);
        served.revision.grace = Some(Span(Duration::from_secs(seconds.into())));
    }
    let is_fetched =
        served.revision.model.as_ref().is_some_and(|model| model.to_string().contains("://"));
    if let Some(account) =
        either(&fields, ["serviceAccountName", "serviceAccount"]).filter(|_| is_fetched)
    {
        findings.instead(&account.value, "the account is that of the pods".to_owned(), SECRETS);
    }
    if let Some(canary) = fields.entry("canaryTrafficPercent") {
        alone(findings, canary);
    }
    Some(())
}

/// A container of the user's own; the variable STORAGE_URI says where its model lies.
fn own_container(
    findings: &mut Findings,
    container: &Node,
    of_pod: Vec<Entry>,
    served: &mut Served<'_>,
) -> Option<()> {
    if container.as_map().is_none() {
        findings.wrong_type(container, "containers[]", "a container as in a Pod");
        return None;
    }
    let known: Vec<&str> = OF_CONTAINERS.to_vec();
    let mut own = picked(container, &known);
    for entry in container.as_map().unwrap_or_default() {
        if !known.contains(&entry.key.text.as_str()) {
            own.push(entry.clone());
        }
    }
    for entry in own.iter_mut().filter(|entry| entry.key.text == "env") {
        let Value::List(variables) = &mut entry.value.value else { continue };
        let is_place = |one: &Node| one.get("name").and_then(Node::as_text) == Some("STORAGE_URI");
        let place =
            variables.iter().find(|one| is_place(one)).and_then(|one| one.entry("value")).cloned();
        if let Some(place) = place {
            storage::uri(findings, &place, false, served);
            variables.retain(|one| !is_place(one));
        }
    }
    own.retain(|entry| {
        !(entry.key.text == "env" && entry.value.as_list().is_some_and(<[_]>::is_empty))
    });
    let at =
        container.entry("name").map_or(container.span, |name| name.key.span.to(name.value.span));
    custom(findings, Shape { pod: of_pod, container: own, at }, None, served)
}

/// A share of the requests, of which the rest goes to what an earlier state of the file said.
fn alone(findings: &mut Findings, canary: &Entry) {
    let Some(percent) = findings.count(&canary.value, "canaryTrafficPercent") else { return };
    if percent > 100 {
        findings.wrong_type(&canary.value, "canaryTrafficPercent", "a percent from 0 to 100");
    } else if percent < 100 {
        let message =
            "the revision that has the other requests is not in this file: this one gets all"
                .to_owned();
        let help = format!(
            "after `mlctl convert` write the one before as the first of `revisions`, and `traffic: {percent}` in \
             this one, or `rollout: {{steps: [{}, 100]}}` for what moves by itself",
            percent.max(1)
        );
        findings.instead(&canary.value, message, &help);
    }
}

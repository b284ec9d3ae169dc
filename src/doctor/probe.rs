//! The probe pod, which proves what can't be seen from outside: that images are pulled, that
//! programs run and that names resolve.

use super::finding::{Finding, Place};
use crate::agent::ProbeReport;

/// How far the probe pod came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProbeEnd {
    /// The cluster made no pod; what it says.
    NotMade(String),
    /// No node takes the pod; what the scheduler says.
    NotPlaced(String),
    /// An image could not be pulled.
    NotPulled {
        /// The name of the image.
        image: String,
        /// What the node says.
        message: String,
    },
    /// The program of the pod didn't start, or ended without a report.
    NotRun {
        /// The name of the image.
        image: String,
        /// What the node says.
        message: String,
    },
    /// The time was over while the pod waited for this.
    Late(String),
    /// The pod ran to its end.
    Ran {
        /// The name of the node that it ran on.
        node: String,
        /// What its program reports.
        report: ProbeReport,
    },
}

/// The images of the probe pod.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProbeImages {
    /// The runner image, which brings mlctl.
    pub runner: String,
    /// The user's image; `None` when none was named.
    pub user: Option<String>,
}

const POD: &str = "pod";
const RUNNER: &str = "runner image";
const IMAGE: &str = "image";
const DNS: &str = "dns";

/// Judges how far the probe pod came: one finding for each stage, whether it was proved or not.
pub fn probe(namespace: &str, images: &ProbeImages, end: &ProbeEnd) -> Vec<Finding> {
    let fail = |check: &str, what: String| Finding::fail(Place::Cluster, check, what);
    let unproved = |finding: Finding, rest: &[&str]| {
        let mut all = vec![finding];
        let rest = rest.iter().filter(|check| **check != IMAGE || images.user.is_some());
        all.extend(rest.map(|check| Finding::skip(Place::Cluster, check, "no pod got that far")));
        all
    };
    match end {
        ProbeEnd::NotMade(message) => unproved(not_made(namespace, message), &[RUNNER, IMAGE, DNS]),
        ProbeEnd::NotPlaced(message) => unproved(
            fail(POD, format!("no node takes a small one: {message}"))
                .why("runs wait until there is room on a node that their pods may use")
                .mend("kubectl describe nodes"),
            &[RUNNER, IMAGE, DNS],
        ),
        ProbeEnd::Late(waiting) => unproved(
            fail(POD, format!("time was over: {waiting}"))
                .why("runs start no sooner; a first pull of a large image may take minutes")
                .mend("mlctl doctor --pod-limit 10m"),
            &[RUNNER, IMAGE, DNS],
        ),
        ProbeEnd::NotPulled { image, message } if *image == images.runner => unproved(
            fail(RUNNER, format!("{image} can't be pulled: {message}"))
                .why("every pod takes mlctl from it before anything else")
                .mend(format!("mlctl cluster image --push --name {image}")),
            &[IMAGE, DNS],
        ),
        ProbeEnd::NotPulled { image, message } => {
            let mut all = vec![pulled(&images.runner)];
            all.push(
                fail(IMAGE, format!("{image} can't be pulled: {message}"))
                    .why("the name is wrong, or nodes lack credentials for its registry")
                    .mend(format!(
                        "kubectl create secret docker-registry NAME --namespace {namespace} \
                         --docker-server=REGISTRY --docker-username=USER --docker-password=TOKEN"
                    )),
            );
            all.push(Finding::skip(Place::Cluster, DNS, "no pod got that far"));
            all
        }
        ProbeEnd::NotRun { image, message } => {
            let check = if *image == images.runner { RUNNER } else { IMAGE };
            let foreign = message.contains("exec format error");
            let finding = fail(check, format!("{image} doesn't run: {message}"));
            let finding = if foreign {
                finding
                    .why("it is for another architecture than the node's")
                    .mend("mlctl cluster image --help   # one image over several architectures")
            } else {
                finding
                    .why("what stops a program as small as this stops every run")
                    .mend(format!("kubectl get events --namespace {namespace}"))
            };
            unproved(finding, if check == RUNNER { &[IMAGE, DNS] } else { &[DNS] })
        }
        ProbeEnd::Ran { node, report } => {
            let mut all = vec![Finding::ok(Place::Cluster, POD, format!("one ran on {node}"))];
            all.push(pulled(&images.runner));
            if let Some(image) = &images.user {
                all.push(Finding::ok(Place::Cluster, IMAGE, format!("{image} is pulled and runs")));
            }
            all.push(dns(report));
            all
        }
    }
}

/// The finding that the runner image is pulled and runs.
fn pulled(image: &str) -> Finding {
    Finding::ok(Place::Cluster, RUNNER, format!("{image} is pulled and runs"))
}

/// Why the cluster makes no pod. Its words tell a quota from an admission.
fn not_made(namespace: &str, message: &str) -> Finding {
    let finding = Finding::fail(Place::Cluster, POD, format!("the cluster makes none: {message}"));
    if message.contains("exceeded quota") || message.contains("failed quota") {
        finding
            .why("a quota of the namespace is spent; no run starts until something ends")
            .mend(format!("mlctl cleanup --namespace {namespace}"))
    } else if message.contains("PodSecurity") {
        finding.why("the namespace's Pod Security Standard refuses pods like these").mend(format!(
            "kubectl label namespace {namespace} --overwrite \
             pod-security.kubernetes.io/enforce=baseline"
        ))
    } else {
        finding
            .why("pods of runs are refused in the same way")
            .mend(format!("kubectl get events --namespace {namespace}"))
    }
}

/// Judges what a pod could resolve.
fn dns(report: &ProbeReport) -> Finding {
    let servers = report.nameservers.join(", ");
    if let Some((name, why)) = report.failed.first_key_value() {
        let what = format!("a pod asked {servers} for {name}: {why}");
        return Finding::fail(Place::Cluster, DNS, what)
            .why("replicas find each other by names of the cluster's DNS: no gang starts")
            .mend("kubectl get pods --namespace kube-system -l k8s-app=kube-dns");
    }
    let names: Vec<&str> = report.resolved.keys().map(String::as_str).collect();
    Finding::ok(Place::Cluster, DNS, format!("{} from a pod, by {servers}", names.join(", ")))
}

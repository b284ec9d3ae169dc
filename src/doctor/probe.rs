//! The probe: a small pod that proves what only a pod can.

use super::finding::{Finding, Place};
use crate::agent::ProbeReport;

/// How far the pod came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProbeEnd {
    /// The cluster made no pod; its words.
    NotMade(String),
    /// No node takes it; the scheduler's words.
    NotPlaced(String),
    /// An image was not pulled.
    NotPulled {
        /// The image.
        image: String,
        /// The node's words.
        said: String,
    },
    /// Its program didn't start, or ended without a report.
    NotRun {
        /// The image.
        image: String,
        /// The node's words.
        said: String,
    },
    /// Time was over while it waited for this.
    Late(String),
    /// It ran.
    Ran {
        /// Where.
        node: String,
        /// What it says.
        report: ProbeReport,
    },
}

/// Which images the pod has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProbeImages {
    /// mlctl's own.
    pub runner: String,
    /// The user's, if one was named.
    pub user: Option<String>,
}

const POD: &str = "pod";
const RUNNER: &str = "runner image";
const IMAGE: &str = "image";
const DNS: &str = "dns";

/// What the pod has proved, stage by stage.
pub fn probe(namespace: &str, images: &ProbeImages, end: &ProbeEnd) -> Vec<Finding> {
    let fail = |check: &str, what: String| Finding::fail(Place::Cluster, check, what);
    let unproved = |finding: Finding, rest: &[&str]| {
        let mut all = vec![finding];
        let rest = rest.iter().filter(|check| **check != IMAGE || images.user.is_some());
        all.extend(rest.map(|check| Finding::skip(Place::Cluster, check, "no pod got that far")));
        all
    };
    match end {
        ProbeEnd::NotMade(said) => unproved(not_made(namespace, said), &[RUNNER, IMAGE, DNS]),
        ProbeEnd::NotPlaced(said) => unproved(
            fail(POD, format!("no node takes a small one: {said}"))
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
        ProbeEnd::NotPulled { image, said } if *image == images.runner => unproved(
            fail(RUNNER, format!("{image} can't be pulled: {said}"))
                .why("every pod takes mlctl from it before anything else")
                .mend(format!("mlctl cluster image --push --name {image}")),
            &[IMAGE, DNS],
        ),
        ProbeEnd::NotPulled { image, said } => {
            let mut all = vec![pulled(&images.runner)];
            all.push(
                fail(IMAGE, format!("{image} can't be pulled: {said}"))
                    .why("the name is wrong, or nodes lack credentials for its registry")
                    .mend(format!(
                        "kubectl create secret docker-registry NAME --namespace {namespace} \
                         --docker-server=REGISTRY --docker-username=USER --docker-password=TOKEN"
                    )),
            );
            all.push(Finding::skip(Place::Cluster, DNS, "no pod got that far"));
            all
        }
        ProbeEnd::NotRun { image, said } => {
            let check = if *image == images.runner { RUNNER } else { IMAGE };
            let foreign = said.contains("exec format error");
            let finding = fail(check, format!("{image} doesn't run: {said}"));
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

fn pulled(image: &str) -> Finding {
    Finding::ok(Place::Cluster, RUNNER, format!("{image} is pulled and runs"))
}

fn not_made(namespace: &str, said: &str) -> Finding {
    let finding = Finding::fail(Place::Cluster, POD, format!("the cluster makes none: {said}"));
    if said.contains("exceeded quota") || said.contains("failed quota") {
        finding
            .why("a quota of the namespace is spent; no run starts until something ends")
            .mend(format!("mlctl cleanup --namespace {namespace}"))
    } else if said.contains("PodSecurity") {
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

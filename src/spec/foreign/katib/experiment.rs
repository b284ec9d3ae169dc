//! A whole `Experiment` as a `TuneJob`.

use indexmap::IndexMap;

use super::algorithm::{Search, early_stopping, search};
use super::collector::collect;
use super::objective::{Objective, objective};
use super::parameters::parameters;
use super::system::KATIB;
use super::template::{Template, template};
use crate::spec::foreign::common::converted::{converted, resolved};
use crate::spec::foreign::common::fields::{Findings, Table, Use};
use crate::spec::foreign::common::gather::Located;
use crate::spec::foreign::common::metadata::metadata;
use crate::spec::foreign::vertex::tuning::trial_count;
use crate::spec::kinds::tune::{
    Algorithm, DEFAULT_TRIALS, EarlyStopping, Parameter, Stopping, Trial, TuneJob, Variant,
};
use crate::spec::kinds::{Converted, Document, ForeignContext};
use crate::spec::syntax::{Code, Diagnostic, KeyedSpan, Node, Spans};

const FORMAT: &str = "Katib Experiment";

/// How many trials Katib runs at once where a file does not say.
const PARALLEL: u32 = 3;

pub(super) const EXPERIMENT: Table = &[
    ("apiVersion", Use::Changed("`mlctl.dev/v1`")),
    ("kind", Use::Changed("`TuneJob`")),
    ("metadata", Use::Within),
    ("spec", Use::Within),
    ("status", Use::Output),
];

pub(super) const METADATA: Table = crate::spec::foreign::common::metadata::METADATA;

pub(super) const SPEC: Table = &[
    ("objective", Use::Within),
    ("algorithm", Use::Within),
    ("earlyStopping", Use::Within),
    ("parameters", Use::Within),
    ("parallelTrialCount", Use::Kept("parallelTrials")),
    ("maxTrialCount", Use::Kept("maxTrials")),
    (
        "maxFailedTrialCount",
        Use::Changed("`maxFailedTrials`, one more: with so many the study has failed"),
    ),
    ("metricsCollectorSpec", Use::Within),
    (
        "nasConfig",
        Use::Refused("no architectures are searched: tune the numbers that describe the network"),
    ),
    ("trialTemplate", Use::Within),
    ("resumePolicy", Use::Left("every study can be resumed, and keeps nothing running")),
];

/// The converter of Katib's files: `None` when the document is no experiment of Katib's.
pub(in crate::spec) fn recognise(node: &Node, context: &ForeignContext<'_>) -> Option<Converted> {
    let text = |name: &str| node.get(name).and_then(Node::as_text);
    let version = text("apiVersion")?.strip_prefix("kubeflow.org/")?;
    if text("kind")? != "Experiment" {
        return None;
    }
    let mut findings = Findings::of(&KATIB);
    let document = if version == "v1beta1" {
        convert(&mut findings, node, context)
    } else {
        let at = node.get("apiVersion").unwrap_or(node);
        let help = "write `apiVersion: kubeflow.org/v1beta1`, with `trialTemplate.trialSpec` and \
                    `trialParameters` in place of `goTemplate`";
        findings.refuse(at, format!("experiments of {version} are not read"), help);
        None
    };
    Some(converted(findings, document))
}

fn convert(findings: &mut Findings, node: &Node, context: &ForeignContext<'_>) -> Option<Document> {
    let mut spans = Spans::default();
    spans.insert("", KeyedSpan { key: None, value: node.span });
    let top = findings.fields(node, "", EXPERIMENT);
    let (name, labels) = metadata(findings, top.get("metadata"), "study", context, &mut spans);
    let Some(spec) = top.get("spec") else {
        findings.missing(node, "spec");
        return None;
    };
    let fields = findings.fields(spec, "spec", SPEC);
    spec.as_map()?;
    for required in ["objective", "parameters", "trialTemplate"] {
        if fields.entry(required).is_none() && fields.entry("nasConfig").is_none() {
            findings.missing(spec, &format!("spec.{required}"));
        }
    }
    if let Some(entry) = fields.entry("nasConfig") {
        findings.add(
            Diagnostic::error(Code::KatibKind, "`nasConfig`: mlctl searches no architectures")
                .at(entry.key.span, "neural architecture search")
                .help("tune the numbers that describe the network, such as layers and units"),
        );
        return None;
    }
    let read = |name| fields.entry(name);
    let Objective { metrics, target, measurement, also } =
        read("objective").map(|entry| objective(findings, entry, &mut spans)).unwrap_or_default();
    let Search { algorithm, seed, halving } =
        read("algorithm").map(|entry| search(findings, entry, &mut spans)).unwrap_or_default();
    let early = read("earlyStopping").map(|entry| early_stopping(findings, entry, &mut spans));
    let mut found = read("parameters")
        .map(|entry| parameters(findings, entry, algorithm, &mut spans))
        .unwrap_or_default();
    let early_stopping = match halving {
        Some(halving) => {
            if let Some((name, most)) = &halving.resource {
                whole(&mut found, name, *most);
            }
            EarlyStopping::With(halving.rule)
        }
        None => early.unwrap_or_default(),
    };
    let collect = collect(findings, read("metricsCollectorSpec"), also, &mut spans);
    let template = read("trialTemplate")
        .and_then(|entry| template(findings, entry, &found, context, &mut spans));
    let max_trials = trial_count(findings, &fields, "maxTrialCount", "maxTrials", &mut spans);
    // A grid has an end of its own.
    let is_endless = max_trials.is_none() && algorithm != Algorithm::Grid;
    if is_endless && fields.entry("maxTrialCount").is_none() {
        findings.instead(
            fields.get("objective").unwrap_or(spec),
            format!("`maxTrialCount` is not in the file: {DEFAULT_TRIALS} trials are meant"),
            "write `maxTrialCount`",
        );
    }
    let parallel =
        trial_count(findings, &fields, "parallelTrialCount", "parallelTrials", &mut spans);
    let failed = fields.entry("maxFailedTrialCount").and_then(|entry| {
        spans.insert("maxFailedTrials", Located::new((), entry).place);
        // There, so many may fail; here, with so many the study has failed.
        let count = findings.count(&entry.value, "maxFailedTrialCount")?.saturating_add(1);
        Some(count.min(max_trials.unwrap_or(count)))
    });
    let Template { mut trial, pass } = template?;
    trial.name.clone_from(&name);
    let job = TuneJob {
        name,
        labels,
        metrics,
        parameters: found,
        algorithm,
        max_trials,
        parallel_trials: Some(parallel.unwrap_or(PARALLEL).min(max_trials.unwrap_or(PARALLEL))),
        max_failed_trials: failed,
        early_stopping,
        stopping: Stopping { target, ..Stopping::default() },
        measurement,
        seed,
        collect,
        pass,
        trial: Trial::Job(Box::new(trial)),
        ..TuneJob::default()
    };
    Some(Document::TuneJob(resolved(job, spans, context, FORMAT)))
}

/// The parameter that Katib's Hyperband gives out as a resource: each trial may go to the end.
fn whole(parameters: &mut IndexMap<String, Parameter>, name: &str, most: i64) {
    if let Some(parameter) = parameters.get_mut(name) {
        let integer = Some(vec![most, most]);
        *parameter = Parameter::One(Box::new(Variant { integer, ..Variant::default() }));
    }
}

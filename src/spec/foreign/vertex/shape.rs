//! Which Vertex AI message a document is, and what it is wrapped in.
//!
//! Seen in public files: a bare `CustomJobSpec`; a `CustomJob` (`displayName`, `jobSpec`), also as
//! an answer of the API with `name` and `state`; a request (`parent`, `customJob`); a
//! `TrainingPipeline` (`trainingTaskInputs`); one worker pool; a list of pools as Python's
//! `worker_pool_specs` has it; a `HyperparameterTuningJob` in the same ways.

use crate::spec::syntax::{Entry, Node};

use super::messages::{Fate, messages};
use crate::spec::foreign::common::fields::find;

/// Which message of the API a document is.
pub(super) enum Shape<'a> {
    /// A custom job: the mappings from the document inwards; the last one has `workerPoolSpecs`.
    CustomJob(Vec<&'a Node>),
    /// A batch prediction: the mappings from the document inwards; the last one is the job.
    Batch(Vec<&'a Node>),
    /// A tuning job: the mappings from the document inwards; the last one has `studySpec`.
    Tuning(Vec<&'a Node>),
    /// A model, its deployment to an endpoint, or both.
    Endpoint(&'a Node),
    /// The pools alone: one of them, or a list.
    Pools(&'a Node),
    /// Something else of Google's, with one sentence on what to do.
    Other {
        /// What it is called, such as `Vertex BatchPredictionJob`.
        format: &'static str,
        /// The field that shows it.
        at: &'a Entry,
        /// One sentence on what to do.
        advice: &'static str,
    },
    /// It has fields of two messages, each with its name.
    Both([(&'static str, &'a Entry); 2]),
}

/// Wrappers are not nested deeper than request, job, spec, pools.
const MAX_WRAPPERS: usize = 4;

const PREDICTION: &str = "AI Platform Prediction is gone: write a BatchPredictionJob with \
                          `inputConfig`, `outputConfig` and `unmanagedContainerModel`";
const AI_PLATFORM: &str = "AI Platform Training is gone: write \
                           `workerPoolSpecs` with `machineSpec.machineType` for masterType and \
                           workerType, `replicaCount` for workerCount, and \
                           `containerSpec.imageUri` or `pythonPackageSpec` for imageUri, packageUris and pythonModule";

const AI_PLATFORM_TUNING: &str = "AI Platform Training is gone: write `studySpec` with `metrics: \
                                  [{metricId, goal}]` for hyperparameterMetricTag and goal, and \
                                  `parameters: [{parameterId, doubleValueSpec: {minValue, \
                                  maxValue}}]` for params; beside it `maxTrialCount` for maxTrials, \
                                  `parallelTrialCount` for maxParallelTrials, and the machines and \
                                  the image below `trialJobSpec: {workerPoolSpecs: [...]}`";

/// The fields that show what a document is when it is no custom job.
const OTHERS: [(&str, &str, &str); 5] = [
    ("predictionInput", "AI Platform prediction job", PREDICTION),
    ("trainingInput", "AI Platform training job", AI_PLATFORM),
    ("scaleTier", "AI Platform training job", AI_PLATFORM),
    ("masterType", "AI Platform training job", AI_PLATFORM),
    ("masterConfig", "AI Platform training job", AI_PLATFORM),
];

/// Looks at a document; `None` when it is nothing of Google's.
pub(super) fn shape(node: &Node) -> Option<Shape<'_>> {
    if let Some(items) = node.as_list() {
        return (!items.is_empty()
            && items.iter().all(is_pool_or_gap)
            && items.iter().any(is_pool))
        .then_some(Shape::Pools(node));
    }
    // Kubernetes' and our own documents say what they are.
    if find(node, "apiVersion").is_some() && find(node, "kind").is_some() {
        return None;
    }
    if let Some(found) = told(node) {
        return Some(found);
    }
    if let Some(wrappers) = tuning(node) {
        return Some(Shape::Tuning(wrappers));
    }
    if let Some(other) = other(node) {
        return Some(other);
    }
    if let Some(wrappers) = batch(node) {
        return Some(Shape::Batch(wrappers));
    }
    if let Some(wrappers) = wrappers(node) {
        let inner = wrappers.iter().find_map(|wrapper| other(wrapper));
        return Some(inner.unwrap_or(Shape::CustomJob(wrappers)));
    }
    if is_pool(node) {
        return Some(Shape::Pools(node));
    }
    // A `CustomJob` whose spec lacks its pools (they may be flags of gcloud) still is one.
    if let Some(job) = find(node, "jobSpec").or_else(|| find(node, "customJob")) {
        return Some(Shape::CustomJob(vec![node, &job.value]));
    }
    find(node, "baseOutputDirectory").map(|_| Shape::CustomJob(vec![node]))
}

/// What only some message has, at the top of the document or beside the pools: a message that is not
/// run, or two at once.
fn told(node: &Node) -> Option<Shape<'_>> {
    let inner = wrappers(node).unwrap_or_default();
    let mut levels = vec![node];
    levels.extend(inner.iter().skip(1));
    levels.into_iter().find_map(|level| {
        let found = messages(level);
        let first = |fate: fn(Fate) -> bool| found.iter().find(|(message, _)| fate(message.fate));
        let run = first(|fate| fate == Fate::Runs);
        let served = first(|fate| fate == Fate::Serves);
        let left = first(|fate| matches!(fate, Fate::Left(_)));
        let other = match (run, served) {
            (Some((run, _)), _) => found.iter().find(|(other, _)| other.name != run.name),
            (None, Some(_)) => left,
            (None, None) => None,
        };
        let (one, at) = run.or(served).or(left)?;
        if let Some((other, beside)) = other {
            return Some(Shape::Both([(one.name, at), (other.name, beside)]));
        }
        // A pool with a field of another message is none of both.
        let pool = pool_field(level).filter(|_| run.is_none() && is_pool(level));
        if let Some(pool) = pool {
            return Some(Shape::Both([("a worker pool", pool), (one.name, at)]));
        }
        match one.fate {
            Fate::Runs => None,
            Fate::Serves => Some(Shape::Endpoint(level)),
            Fate::Left(advice) => Some(Shape::Other { format: one.name, at, advice }),
        }
    })
}

/// A field that only a worker pool has: a `containerSpec` alone is a model's as well.
fn pool_field(node: &Node) -> Option<&Entry> {
    ["pythonPackageSpec", "machineSpec", "replicaCount"].iter().find_map(|name| find(node, name))
}

fn other(node: &Node) -> Option<Shape<'_>> {
    OTHERS.iter().find_map(|(field, format, advice)| {
        let at = find(node, field)?;
        if find(&at.value, "hyperparameters").is_some() {
            let format = "AI Platform tuning job";
            return Some(Shape::Other { format, at, advice: AI_PLATFORM_TUNING });
        }
        Some(Shape::Other { format, at, advice })
    })
}

/// A `HyperparameterTuningJob`, alone, or in a request, a wrapper or an answer of the API.
fn tuning(node: &Node) -> Option<Vec<&Node>> {
    if let Some(inner) = find(node, "hyperparameterTuningJob") {
        return Some(vec![node, &inner.value]);
    }
    let is_one =
        |node: &Node| ["studySpec", "trialJobSpec"].iter().any(|f| find(node, f).is_some());
    chain(node, &is_one)
}

/// A `BatchPredictionJob`, alone, below its name, or in a request or an answer of the API.
fn batch(node: &Node) -> Option<Vec<&Node>> {
    if let Some(inner) = find(node, "batchPredictionJob") {
        return Some(vec![node, &inner.value]);
    }
    let has = |name| find(node, name).is_some();
    let output = has("outputConfig") || has("outputInfo") || has("unmanagedContainerModel");
    (has("inputConfig") && output).then(|| vec![node])
}

/// The chain of mappings down to the one that has `workerPoolSpecs`.
fn wrappers(node: &Node) -> Option<Vec<&Node>> {
    chain(node, &|node| find(node, "workerPoolSpecs").is_some())
}

/// The chain of mappings down to one that is meant.
fn chain<'a>(node: &'a Node, is_it: &dyn Fn(&Node) -> bool) -> Option<Vec<&'a Node>> {
    fn down<'a>(node: &'a Node, is_it: &dyn Fn(&Node) -> bool, chain: &mut Vec<&'a Node>) -> bool {
        chain.push(node);
        if is_it(node) {
            return true;
        }
        if chain.len() < MAX_WRAPPERS {
            for entry in node.as_map().unwrap_or_default() {
                // A list of steps of some pipeline tool is not looked into.
                if entry.value.as_map().is_some() && down(&entry.value, is_it, chain) {
                    return true;
                }
            }
        }
        chain.pop();
        false
    }
    let mut chain = Vec::new();
    down(node, is_it, &mut chain).then_some(chain)
}

/// The mapping has the fields of a worker pool.
pub(super) fn is_pool(node: &Node) -> bool {
    let has = |name| find(node, name).is_some();
    has("containerSpec") || has("pythonPackageSpec") || has("machineSpec") && has("replicaCount")
}

fn is_pool_or_gap(node: &Node) -> bool {
    is_pool(node) || node.is_null() || node.as_map().is_some_and(<[_]>::is_empty)
}

/// The key under which a mapping wraps the next one.
pub(super) fn wrapper_key<'a>(outer: &'a Node, inner: &Node) -> Option<&'a Entry> {
    outer.as_map()?.iter().find(|entry| std::ptr::eq(&raw const entry.value, inner))
}

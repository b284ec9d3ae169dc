//! Google's messages by the fields that only they have. A document is told by what it must have and
//! can't have: one that has fields of two messages is neither.

use super::fields::find;
use crate::spec::syntax::{Entry, Node};

/// A message of the API that a mapping can be.
#[derive(Debug)]
pub(super) struct Message {
    /// What it is called, with its article.
    pub(super) name: &'static str,
    /// Fields that no other of these messages has.
    fields: &'static [&'static str],
    /// What to do with one; `None` for what mlctl runs.
    pub(super) advice: Option<&'static str>,
}

const SERVING: &str = "serving will be an Endpoint of mlctl; a training job has `workerPoolSpecs`, and \
                       predictions for files are a BatchPredictionJob";
const PIPELINE: &str = "mlctl runs no pipelines: take the CustomJob of the step that trains, and start it \
                        from your own scheduler";

const DEPLOYMENT: Message = Message {
    name: "a Vertex deployment of a model to an endpoint",
    fields: &[
        "deployedModel",
        "deployedModels",
        "trafficSplit",
        "automaticResources",
        "minReplicaCount",
        "maxReplicaCount",
        "autoscalingMetricSpecs",
        "enableAccessLogging",
    ],
    advice: Some(SERVING),
};

const MODEL: Message = Message {
    name: "a Vertex Model",
    fields: &[
        "artifactUri",
        "predictSchemata",
        "supportedDeploymentResourcesTypes",
        "metadataSchemaUri",
        "predictRoute",
        "healthRoute",
        "deploymentTimeout",
        "invokeRoutePrefix",
    ],
    advice: Some(SERVING),
};

/// Those that are told apart. What a custom job and a model share, a `containerSpec`, is in neither.
const MESSAGES: [Message; 8] = [
    Message {
        name: "a Vertex CustomJob",
        fields: &["workerPoolSpecs", "jobSpec", "customJob"],
        advice: None,
    },
    Message {
        name: "a Vertex HyperparameterTuningJob",
        fields: &["studySpec", "trialJobSpec", "hyperparameterTuningJob"],
        advice: None,
    },
    Message {
        name: "a Vertex BatchPredictionJob",
        fields: &["inputConfig", "batchPredictionJob", "unmanagedContainerModel"],
        advice: None,
    },
    DEPLOYMENT,
    MODEL,
    Message {
        name: "a Vertex PipelineJob",
        fields: &["pipelineSpec", "pipelineJob", "pipelineJobId", "pipelineInfo", "deploymentSpec"],
        advice: Some(PIPELINE),
    },
    Message {
        name: "a Vertex TrainingPipeline of AutoML",
        fields: &["trainingTaskDefinition"],
        advice: Some("AutoML is Google's own: write a TrainJob with the code that trains"),
    },
    Message {
        name: "a Vertex PersistentResource",
        fields: &["resourcePools"],
        advice: Some("each run gets pods of its own: write a training job with `workerPoolSpecs`"),
    },
];

/// The messages that a mapping has fields of, each with the first of them.
pub(super) fn messages(node: &Node) -> Vec<(&'static Message, &Entry)> {
    let is_batch =
        ["inputConfig", "unmanagedContainerModel"].map(|field| find(node, field).is_some());
    // A pipeline of custom code says so by its definition, which only Google's own code has.
    let definition = find(node, "trainingTaskDefinition").and_then(|at| at.value.as_text());
    let is_custom = definition
        .is_some_and(|at| ["custom", "hyperparameter"].iter().any(|word| at.contains(word)));
    let mut found: Vec<_> = MESSAGES
        .iter()
        .filter(|message| !(is_custom && message.fields == ["trainingTaskDefinition"]))
        .filter_map(|message| Some((message, first_of(node, message.fields)?)))
        .collect();
    // A batch prediction has machines under the same name.
    if !is_batch.contains(&true)
        && let Some(at) = find(node, "dedicatedResources")
        && !found.iter().any(|(message, _)| message.fields.contains(&"deployedModel"))
    {
        found.push((&DEPLOYMENT, at));
    }
    let is_model = |(message, _): &(&Message, _)| message.fields.contains(&"artifactUri");
    if !found.iter().any(is_model)
        && let Some(at) = of_model(node)
    {
        found.push((&MODEL, at));
    }
    found
}

/// The container of a model serves: it has routes, and a name beside it that no worker pool has. A
/// request wraps it into `model`.
fn of_model(node: &Node) -> Option<&Entry> {
    if let Some(model) = find(node, "model")
        && model.value.as_map().is_some()
        && !messages(&model.value).is_empty()
    {
        return Some(model);
    }
    let container = find(node, "containerSpec")?;
    let routes =
        ["predictRoute", "healthRoute", "grpcPorts", "deploymentTimeout", "invokeRoutePrefix"];
    let serves = first_of(&container.value, &routes);
    let is_pool = find(node, "machineSpec").is_some() || find(node, "replicaCount").is_some();
    serves.or_else(|| find(node, "displayName").filter(|_| !is_pool))
}

fn first_of<'a>(node: &'a Node, fields: &[&str]) -> Option<&'a Entry> {
    fields.iter().find_map(|field| find(node, field))
}

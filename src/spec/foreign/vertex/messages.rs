//! Google's messages by the fields that only they have. A document is told by what it must have and
//! can't have: one that has fields of two messages is neither.

use crate::spec::foreign::common::fields::find;
use crate::spec::syntax::{Entry, Node};

/// A message of the API that a mapping can be.
#[derive(Debug)]
pub(super) struct Message {
    /// What it is called, with its article.
    pub(super) name: &'static str,
    /// Fields that no other of these messages has.
    fields: &'static [&'static str],
    /// What becomes of one.
    pub(super) fate: Fate,
}

/// What becomes of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// It is run.
    Runs,
    /// It is served: a model and its deployment may stand in one document.
    Serves,
    /// Nothing; the words say what to do instead.
    Left(&'static str),
}

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
    fate: Fate::Serves,
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
    fate: Fate::Serves,
};

/// Those that are told apart. What a custom job and a model share, a `containerSpec`, is in neither.
const MESSAGES: [Message; 8] = [
    Message {
        name: "a Vertex CustomJob",
        fields: &["workerPoolSpecs", "jobSpec", "customJob"],
        fate: Fate::Runs,
    },
    Message {
        name: "a Vertex HyperparameterTuningJob",
        fields: &["studySpec", "trialJobSpec", "hyperparameterTuningJob"],
        fate: Fate::Runs,
    },
    Message {
        name: "a Vertex BatchPredictionJob",
        fields: &["inputConfig", "batchPredictionJob", "unmanagedContainerModel"],
        fate: Fate::Runs,
    },
    DEPLOYMENT,
    MODEL,
    Message {
        name: "a Vertex PipelineJob",
        fields: &["pipelineSpec", "pipelineJob", "pipelineJobId", "pipelineInfo", "deploymentSpec"],
        fate: Fate::Left(PIPELINE),
    },
    Message {
        name: "a Vertex TrainingPipeline of AutoML",
        fields: &["trainingTaskDefinition"],
        fate: Fate::Left("AutoML is Google's own: write a TrainJob with the code that trains"),
    },
    Message {
        name: "a Vertex PersistentResource",
        fields: &["resourcePools"],
        fate: Fate::Left(
            "each run gets pods of its own: write a training job with `workerPoolSpecs`",
        ),
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

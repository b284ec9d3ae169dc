//! Fields that people bring along from other systems, and what they are called here.

use crate::spec::kinds::{Habit, Where};

const VERTEX: &str = "a request to deploy, or a Model, of Vertex AI is taken as a whole, with no mlctl \
                      fields beside it";
const REVISIONS: &str =
    "write `revisions: [{name: v1, model: digits@1, server: tensorflow-serving}]`";
const IN_REVISION: &str = "it stands in a revision: `revisions: [{name: v1, model: ...}]`";
const TRAFFIC: &str = "each revision says its share itself: `{name: v2, traffic: 10}`";
const REPLICAS: &str = "write `replicas: {min: 1, max: 4}`";
const MODEL: &str = "write `model: s3://bucket/model`";
const SCALING: &str =
    "write `scaling: {target: {concurrency: 8}}`, or `requestsPerSecond` or `cpu`";
const PROBES: &str = "write `routes: {health: /health}`, and times below `probes`";
const ROLLOUT: &str = "write `rollout: {steps: [10, 50, 100], interval: 2m, maxErrorRate: 1%}`";
const EXPOSE: &str = "write `expose: {ingress: {host: digits.example.com}}`, `{gateway: {name: ...}}` \
                      or `loadBalancer`";
const LOG: &str = "write `log: {sample: 1%, to: s3://bucket/requests}`";
const ACCELERATORS: &str = "write `accelerators: {type: nvidia, count: 1}`";
const LATENCY: &str = "write `rollout: {maxLatency: {p99: 250ms}}`";
const ERRORS: &str = "write `rollout: {maxErrorRate: 1%}`";
const CONCURRENCY: &str = "write `maxConcurrency: 8` for what a replica gets at most, or `scaling: \
                           {target: {concurrency: 8}}` for what it should carry";
const SHADOW: &str = "write `shadow: {revision: v2, percent: 10}`";
const TOKENS: &str = "write `auth: {tokens: [{secretKeyRef: {name: ..., key: ...}}]}`";
const BATCHING: &str = "the server puts requests together itself: give its own flags by `args`";

/// What to write instead of what other systems have.
pub(super) const HABITS: &[Habit] = &[
    ("spec", Where::Top, "a spec is flat: move the fields below `spec:` to the top level"),
    ("metadata", Where::Top, "`name` and `labels` stand at the top level, without `metadata:`"),
    ("model", Where::Top, IN_REVISION),
    ("traffic", Where::Top, TRAFFIC),
    ("models", Where::Top, REVISIONS),
    ("versions", Where::Top, REVISIONS),
    ("variants", Where::Top, REVISIONS),
    ("deployments", Where::Top, REVISIONS),
    ("services", Where::Top, REVISIONS),
    ("uri", Where::Any, MODEL),
    ("modelUri", Where::Any, MODEL),
    ("path", Where::Any, "a model's place is `model`, a server's path `routes: {health: /health}`"),
    ("version", Where::Any, "write the version behind the model's name: `model: digits@3`"),
    ("weight", Where::Any, "write `traffic: 10`"),
    ("weights", Where::Any, TRAFFIC),
    ("percentage", Where::Any, "write `traffic: 10`, and in `shadow` `percent: 10`"),
    ("canary", Where::Any, ROLLOUT),
    ("canaryPercent", Where::Any, TRAFFIC),
    ("mirror", Where::Any, SHADOW),
    (
        "strategy",
        Where::Any,
        "write `rollout: {steps: [10, 50, 100]}`, and `transition: minimalRam` \
                              where memory has no room for two revisions",
    ),
    ("gpu", Where::Any, ACCELERATORS),
    ("gpus", Where::Any, ACCELERATORS),
    ("resources", Where::Any, "`cpu`, `memory` and `accelerators` stand here without `resources:`"),
    ("environment", Where::Any, "write `env: [{name: ..., value: ...}]`"),
    ("sessionAffinity", Where::Any, "write `sticky: {header: x-user-id}`, or `{cookie: ...}`"),
    ("batching", Where::Any, BATCHING),
    ("batcher", Where::Any, BATCHING),
    ("maxBatchSize", Where::Any, BATCHING),
    ("token", Where::Any, TOKENS),
    ("apiKey", Where::Any, TOKENS),
    ("apiKeys", Where::Any, TOKENS),
    ("cors", Where::Top, "the router leaves that to the server, or to the Ingress"),
    ("ingress", Where::Top, EXPOSE),
    ("gateway", Where::Top, EXPOSE),
    ("loadBalancer", Where::Top, "write `expose: loadBalancer`"),
    ("host", Where::Top, EXPOSE),
    ("autoscaling", Where::Any, SCALING),
    ("concurrency", Where::Any, CONCURRENCY),
    ("targetConcurrency", Where::Any, SCALING),
    (
        "scaleToZero",
        Where::Any,
        "write `replicas: {min: 0, max: 4}`, and `scaling: \
                                 {scaleToZeroAfter: 5m}`",
    ),
    ("errorRate", Where::Any, ERRORS),
    ("maxErrors", Where::Any, ERRORS),
    ("latency", Where::Any, LATENCY),
    ("p90", Where::Any, "limits are on `p50`, `p95` and `p99`"),
    ("p999", Where::Any, "limits are on `p50`, `p95` and `p99`"),
    ("healthCheck", Where::Any, PROBES),
    // Vertex AI.
    ("trafficSplit", Where::Any, TRAFFIC),
    ("deployedModels", Where::Any, VERTEX),
    ("deployedModel", Where::Any, VERTEX),
    ("dedicatedResources", Where::Any, VERTEX),
    ("automaticResources", Where::Any, REPLICAS),
    ("minReplicaCount", Where::Any, REPLICAS),
    ("maxReplicaCount", Where::Any, REPLICAS),
    ("replicaCount", Where::Any, "write `replicas: 2`"),
    ("autoscalingMetricSpecs", Where::Any, SCALING),
    ("machineSpec", Where::Any, "write `cpu`, `memory` and `accelerators`"),
    ("machineType", Where::Any, "write `cpu` and `memory`; `nodeSelector` chooses a kind of node"),
    ("artifactUri", Where::Any, MODEL),
    ("imageUri", Where::Any, "write `image`"),
    (
        "containerSpec",
        Where::Any,
        "`image`, `command`, `args` and `env` stand in the revision itself",
    ),
    ("predictRoute", Where::Any, "write `routes: {predict: /predict}`"),
    ("healthRoute", Where::Any, "write `routes: {health: /health}`"),
    ("deploymentTimeout", Where::Any, "write `probes: {startTimeout: 10m}`"),
    (
        "sharedMemorySizeMb",
        Where::Any,
        "write `volumes: [{name: shm, mountPath: /dev/shm, emptyDir: \
                                        {medium: Memory, sizeLimit: 1Gi}}]`",
    ),
    // KServe, Knative, Seldon.
    ("predictor", Where::Any, REVISIONS),
    ("predictors", Where::Any, REVISIONS),
    ("canaryTrafficPercent", Where::Any, TRAFFIC),
    ("storageUri", Where::Any, MODEL),
    ("storage_uri", Where::Any, MODEL),
    ("modelFormat", Where::Any, "write `server: tensorflow-serving`, `triton`, `mlserver`, ..."),
    ("runtime", Where::Any, "write `server: tensorflow-serving`, `triton`, `mlserver`, ..."),
    ("minReplicas", Where::Any, REPLICAS),
    ("maxReplicas", Where::Any, REPLICAS),
    ("minScale", Where::Any, REPLICAS),
    ("maxScale", Where::Any, REPLICAS),
    ("containerConcurrency", Where::Any, "write `maxConcurrency: 8`"),
    ("scaleTarget", Where::Any, SCALING),
    ("scaleMetric", Where::Any, SCALING),
    ("logger", Where::Any, LOG),
    ("logging", Where::Any, LOG),
    ("transformer", Where::Any, "a server does that itself, or stands in front of the endpoint"),
    ("explainer", Where::Any, "a server does that itself, or stands in front of the endpoint"),
    // Pods, Deployments, Argo Rollouts.
    ("containers", Where::Any, "`image`, `command`, `args` and `env` stand in the revision itself"),
    (
        "ports",
        Where::Any,
        "the command gets its ports by `{port}` and `{grpcPort}`, an image by AIP_HTTP_PORT; for \
         a server that always listens on one write `routes: {port: 7080}`",
    ),
    ("readinessProbe", Where::Any, PROBES),
    ("startupProbe", Where::Any, "write `probes: {startTimeout: 10m}`"),
    ("livenessProbe", Where::Any, "write `probes: {restartAfter: 30}`"),
    ("periodSeconds", Where::Any, "write `period: 2s`"),
    ("timeoutSeconds", Where::Any, "write `timeout: 10s`"),
    ("failureThreshold", Where::Any, "write `failures: 4`"),
    ("initialDelaySeconds", Where::Any, "no delay is needed: write `startTimeout: 10m`"),
    ("terminationGracePeriodSeconds", Where::Any, "write `grace: 30s`"),
    ("serviceAccountName", Where::Any, "write `serviceAccount` at the top level"),
    ("priorityClassName", Where::Any, "write `priorityClass` at the top level"),
    ("setWeight", Where::Any, ROLLOUT),
    ("pause", Where::Any, "write `interval: 2m` for how long each step is looked at"),
    ("analysis", Where::Any, ROLLOUT),
    ("autoRollback", Where::Any, "write `onFailure: rollback`, which is the default"),
];

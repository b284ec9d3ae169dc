//! Fields that people bring along from other tools, and what they are called here.

use crate::spec::kinds::{Habit, Where};

const VERTEX: &str = "a Vertex AI file has this at its top or below `hyperparameterTuningJob`, with \
                      no mlctl fields beside it";
const KATIB: &str = "Katib's Experiment is taken as a whole, with `apiVersion: kubeflow.org/v1beta1` \
                     and no mlctl fields";
const METRICS: &str = "write `metrics: [{name: val_accuracy, goal: maximize}]`";
const PARAMETERS: &str = "write `parameters: {learning_rate: {double: [1e-5, 1e-1], scale: log}}`";
const DOUBLE: &str = "write `{double: [1e-5, 1e-1]}`, with both ends of the range";
const LOG: &str = "write `{double: [1e-5, 1e-1], scale: log}`";
const INTEGER: &str = "write `{integer: [16, 512]}`, with both ends of the range";
const INTEGER_LOG: &str = "write `{integer: [16, 512], scale: log}`";
const CATEGORICAL: &str = "write `{categorical: [adam, sgd]}`; numbers in order are `discrete`";
const CONSTANT: &str =
    "write the range with the same number twice, or put it into the trial's `args`";
const STEP: &str = "write the values that are possible: `{discrete: [0.1, 0.2, 0.3]}`";
const NORMAL: &str = "ranges have no distribution: write `{double: [low, high]}`, if need be with \
                      `scale: log`";
const TRIALS: &str = "write `maxTrials: 40`";
const PARALLEL: &str = "write `parallelTrials: 4`";
const ALGORITHM: &str = "write `algorithm: bayesian`, `random`, `grid` or `quasirandom`";
const EARLY: &str = "write `earlyStopping: median`, `asha` or `hyperband`, or `{type: asha, \
                     minResource: 1, maxResource: 81, reductionFactor: 3}`";
const COLLECT: &str = "write `collect: stdout`, or `collect: {from: tensorboard, path: logs}`";
const TRIAL: &str = "write `trial: {file: train.yaml}`, or a TrainJob below `trial:`";

/// What to write instead of what other tools have.
pub(super) const HABITS: &[Habit] = &[
    ("spec", Where::Top, "a spec is flat: move the fields below `spec:` to the top level"),
    ("metadata", Where::Top, "`name` and `labels` stand at the top level, without `metadata:`"),
    // Vertex AI.
    ("studySpec", Where::Any, VERTEX),
    ("trialJobSpec", Where::Any, VERTEX),
    ("workerPoolSpecs", Where::Any, VERTEX),
    ("parameterId", Where::Any, PARAMETERS),
    ("metricId", Where::Any, METRICS),
    ("doubleValueSpec", Where::Any, DOUBLE),
    ("integerValueSpec", Where::Any, INTEGER),
    ("categoricalValueSpec", Where::Any, CATEGORICAL),
    ("discreteValueSpec", Where::Any, "write `{discrete: [32, 64, 128]}`"),
    ("scaleType", Where::Any, "write `scale: linear`, `log` or `reverseLog`"),
    (
        "conditionalParameterSpecs",
        Where::Any,
        "the conditional parameter says itself when it counts: `momentum: {double: [0.5, 0.99], when: \
         {optimizer: [sgd]}}`",
    ),
    ("maxTrialCount", Where::Any, TRIALS),
    ("parallelTrialCount", Where::Any, PARALLEL),
    ("maxFailedTrialCount", Where::Any, "write `maxFailedTrials: 3`"),
    ("measurementSelectionType", Where::Any, "write `measurement: last` or `best`"),
    ("medianAutomatedStoppingSpec", Where::Any, EARLY),
    ("decayCurveStoppingSpec", Where::Any, "write `earlyStopping: decayCurve`"),
    ("studyStoppingConfig", Where::Any, "write `stopping: {noProgress: 10, minTrials: 20}`"),
    // Katib.
    ("objective", Where::Top, METRICS),
    ("objectiveMetricName", Where::Any, METRICS),
    ("additionalMetricNames", Where::Any, "write `collect: {also: [loss]}`"),
    (
        "feasibleSpace",
        Where::Any,
        "write `{double: [0.01, 0.05]}`, `integer`, `discrete` or `categorical`",
    ),
    (
        "parameterType",
        Where::Any,
        "write `{double: [0.01, 0.05]}`, `integer`, `discrete` or `categorical`",
    ),
    ("algorithmName", Where::Any, ALGORITHM),
    ("metricsCollectorSpec", Where::Any, COLLECT),
    ("metricsCollector", Where::Any, COLLECT),
    (
        "metricsFormat",
        Where::Any,
        "write `collect: {from: stdout, regex: ['([\\w-]+): ([0-9.]+)']}`",
    ),
    ("trialTemplate", Where::Top, KATIB),
    ("trialSpec", Where::Any, TRIAL),
    ("trialParameters", Where::Any, "name parameters in the trial by `${params.learning_rate}`"),
    ("resumePolicy", Where::Any, "leave it out: every study can be resumed"),
    // Optuna, Ray Tune, W&B, Keras Tuner and others.
    ("direction", Where::Top, METRICS),
    ("direction", Where::Any, "write `goal: maximize` or `minimize`"),
    ("directions", Where::Any, METRICS),
    ("mode", Where::Top, METRICS),
    ("mode", Where::Any, "write `goal: maximize` or `minimize`"),
    ("metric", Where::Top, METRICS),
    ("objectives", Where::Top, METRICS),
    (
        "goal",
        Where::Top,
        "the goal stands in the metric: `metrics: [{name: val_accuracy, goal: maximize}]`",
    ),
    ("hyperparameters", Where::Any, PARAMETERS),
    ("hyperParameters", Where::Any, PARAMETERS),
    ("params", Where::Top, PARAMETERS),
    ("searchSpace", Where::Any, PARAMETERS),
    ("search_space", Where::Any, PARAMETERS),
    ("param_space", Where::Any, PARAMETERS),
    ("space", Where::Top, PARAMETERS),
    ("config", Where::Top, PARAMETERS),
    ("min", Where::Any, DOUBLE),
    ("max", Where::Any, DOUBLE),
    ("low", Where::Any, DOUBLE),
    ("high", Where::Any, DOUBLE),
    ("lower", Where::Any, DOUBLE),
    ("upper", Where::Any, DOUBLE),
    ("minValue", Where::Any, DOUBLE),
    ("maxValue", Where::Any, DOUBLE),
    ("range", Where::Any, DOUBLE),
    ("bounds", Where::Any, DOUBLE),
    ("float", Where::Any, DOUBLE),
    ("uniform", Where::Any, DOUBLE),
    ("loguniform", Where::Any, LOG),
    ("logUniform", Where::Any, LOG),
    ("log_uniform", Where::Any, LOG),
    ("log_uniform_values", Where::Any, LOG),
    ("log", Where::Any, "write `scale: log`"),
    (
        "distribution",
        Where::Any,
        "write `scale: log` for what is even in its logarithm; nothing for what is even",
    ),
    ("normal", Where::Any, NORMAL),
    ("randn", Where::Any, NORMAL),
    ("int", Where::Any, INTEGER),
    ("randint", Where::Any, INTEGER),
    ("int_uniform", Where::Any, INTEGER),
    ("lograndint", Where::Any, INTEGER_LOG),
    ("quniform", Where::Any, STEP),
    ("qloguniform", Where::Any, STEP),
    ("qrandint", Where::Any, STEP),
    ("step", Where::Any, STEP),
    ("choice", Where::Any, CATEGORICAL),
    ("choices", Where::Any, CATEGORICAL),
    ("values", Where::Any, CATEGORICAL),
    ("list", Where::Any, CATEGORICAL),
    ("enum", Where::Any, CATEGORICAL),
    ("value", Where::Any, CONSTANT),
    ("constant", Where::Any, CONSTANT),
    ("condition", Where::Any, "write `when: {optimizer: [sgd]}`"),
    ("conditions", Where::Any, "write `when: {optimizer: [sgd]}`"),
    ("if", Where::Any, "write `when: {optimizer: [sgd]}`"),
    ("parent", Where::Any, "write `when: {optimizer: [sgd]}`"),
    ("method", Where::Top, ALGORITHM),
    ("strategy", Where::Top, ALGORITHM),
    ("search_alg", Where::Any, ALGORITHM),
    ("sampler", Where::Any, ALGORITHM),
    ("tuner", Where::Any, ALGORITHM),
    ("optimizer", Where::Top, ALGORITHM),
    ("nTrials", Where::Top, TRIALS),
    ("n_trials", Where::Top, TRIALS),
    ("num_samples", Where::Any, TRIALS),
    ("numTrials", Where::Top, TRIALS),
    ("num_trials", Where::Top, TRIALS),
    ("trials", Where::Top, TRIALS),
    ("run_cap", Where::Any, TRIALS),
    ("count", Where::Top, TRIALS),
    ("maxJobs", Where::Top, TRIALS),
    ("maxNumberOfTrainingJobs", Where::Any, TRIALS),
    ("nJobs", Where::Top, PARALLEL),
    ("n_jobs", Where::Top, PARALLEL),
    ("maxConcurrentTrials", Where::Any, PARALLEL),
    ("max_concurrent_trials", Where::Any, PARALLEL),
    ("concurrency", Where::Top, PARALLEL),
    ("parallelism", Where::Top, PARALLEL),
    ("parallel", Where::Top, PARALLEL),
    ("maxParallelJobs", Where::Any, PARALLEL),
    ("timeout", Where::Top, "write `maxDuration: 2h`; of each trial it is `trial: {timeout: 2h}`"),
    ("time_budget_s", Where::Any, "write `maxDuration: 2h`"),
    ("pruner", Where::Any, EARLY),
    ("scheduler", Where::Any, EARLY),
    ("early_terminate", Where::Any, EARLY),
    ("max_t", Where::Any, "write `maxResource: 81`"),
    ("max_iter", Where::Any, "write `maxResource: 81`"),
    ("min_iter", Where::Any, "write `minResource: 1`"),
    ("grace_period", Where::Any, "write `minResource: 1`"),
    ("eta", Where::Any, "write `reductionFactor: 3`"),
    ("n_startup_trials", Where::Any, "write `minTrials: 5`"),
    ("n_warmup_steps", Where::Any, "write `minStep: 5`"),
    ("points_to_evaluate", Where::Any, "write `baseline: [{learning_rate: 0.001}]`"),
    ("initialPoints", Where::Any, "write `baseline: [{learning_rate: 0.001}]`"),
    ("defaults", Where::Top, "write `baseline: [{learning_rate: 0.001}]`"),
    ("default", Where::Any, "write `baseline: [{learning_rate: 0.001}]` at the top level"),
    ("program", Where::Top, TRIAL),
    ("job", Where::Top, TRIAL),
    ("template", Where::Top, TRIAL),
    ("file", Where::Top, "write `trial: {file: train.yaml}`"),
];

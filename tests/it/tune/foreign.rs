//! Studies of other systems run unchanged.

use super::support::{report, states};
use crate::support::{Sandbox, both};

/// As a trainer for Vertex AI does it: the package's file, strings, and folders of its own.
const HYPERTUNE: &str = r#"
import argparse, json, os, time
parser = argparse.ArgumentParser()
parser.add_argument("--units")
parser.add_argument("--lr", type=float)
args = parser.parse_args()
trial = os.environ["CLOUD_ML_TRIAL_ID"]
assert args.units in ("16.0", "32.0"), args.units
for name, part in [("MODEL", "model"), ("CHECKPOINT", "checkpoints"), ("TENSORBOARD_LOG", "logs")]:
    folder = os.environ[f"AIP_{name}_DIR"]
    assert folder.endswith(f"/out/{trial}/{part}/"), folder
path = os.environ["CLOUD_ML_HP_METRIC_FILE"]
os.makedirs(os.path.dirname(path), exist_ok=True)
with open(path, "w") as file:
    report = {"timestamp": time.time(), "trial": trial, "checkpoint_path": "", "global_step": "7",
              "my_metric": str(args.lr * float(args.units))}
    file.write(json.dumps(report, sort_keys=True) + "\n")
"#;

#[test]
fn a_tuning_job_of_vertex() {
    let sandbox = Sandbox::new();
    sandbox.write("task.py", HYPERTUNE);
    let out = sandbox.dir().join("out").display().to_string();
    sandbox.write(
        "job.yaml",
        &format!(
            "displayName: vertex-search\nmaxTrialCount: 4\nparallelTrialCount: 2\nstudySpec:\n  \
             metrics: [{{metricId: my_metric, goal: MAXIMIZE}}]\n  parameters:\n  \
             - parameterId: units\n    discreteValueSpec: {{values: [16, 32]}}\n  \
             - parameterId: lr\n    doubleValueSpec: {{minValue: 0.1, maxValue: 1}}\n\
             trialJobSpec:\n  baseOutputDirectory: {{outputUriPrefix: {out}}}\n  workerPoolSpecs:\n  \
             - replicaCount: 1\n    containerSpec: {{imageUri: x, command: [python3, task.py]}}\n"
        ),
    );
    sandbox.run(0, ["tune", "job.yaml"]);
    let report = report(&sandbox);
    assert_eq!(states(&report), ["succeeded"; 4], "{report}");
    assert_eq!(report["trials"][0]["step"], 7);
    assert!(sandbox.dir().join("out/4/model").is_dir());
}

#[test]
fn an_experiment_of_katib() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "experiment.yaml",
        r#"
apiVersion: kubeflow.org/v1beta1
kind: Experiment
metadata: {name: random}
spec:
  objective: {type: maximize, goal: 0.99, objectiveMetricName: Validation-accuracy, additionalMetricNames: [Train-accuracy]}
  algorithm: {algorithmName: random}
  metricsCollectorSpec:
    collector: {kind: StdOut}
    source: {filter: {metricsFormat: ['{metricName: ([\w|-]+), metricValue: ((-?\d+)(\.\d+)?)}']}}
  parallelTrialCount: 2
  maxTrialCount: 3
  maxFailedTrialCount: 3
  parameters:
    - {name: lr, parameterType: double, feasibleSpace: {min: "0.01", max: "0.03"}}
  trialTemplate:
    primaryContainerName: training
    trialParameters: [{name: learningRate, reference: lr}]
    trialSpec:
      apiVersion: batch/v1
      kind: Job
      spec:
        template:
          spec:
            containers:
              - name: training
                image: docker.io/example/mnist
                command:
                  - python3
                  - -c
                  - 'print("epoch 1\n{metricName: Validation-accuracy, metricValue: " + "${trialParameters.learningRate}" + "}")'
            restartPolicy: Never
"#,
    );
    let told = both(&sandbox.run(0, ["tune", "experiment.yaml"]));
    let report = report(&sandbox);
    assert_eq!(states(&report), ["succeeded"; 3], "{told}\n{report}");
    let first = &report["trials"][0];
    assert_eq!(first["values"]["Validation-accuracy"], first["params"]["lr"]);
}

/// A file that says nothing of how many trials it has gets it from the command line.
#[test]
fn counts_of_trials_come_from_the_command_line() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "study.yaml",
        "studySpec:\n  metrics: [{metricId: m, goal: MAXIMIZE}]\n  parameters:\n  \
         - {parameterId: x, doubleValueSpec: {minValue: 0, maxValue: 1}}\ntrialJobSpec:\n  \
         workerPoolSpecs:\n  - containerSpec: {imageUri: x, command: [sh, -c, 'echo m=1']}\n",
    );
    sandbox.run(0, ["tune", "study.yaml", "--max-trials", "2", "--parallel-trials", "2"]);
    let report = report(&sandbox);
    assert_eq!((states(&report).len(), &report["parallelTrials"]), (2, &2.into()));
}

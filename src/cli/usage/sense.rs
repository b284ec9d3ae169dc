//! Words that people know from other tools, and what they mean here. Data alone: what is told of them is
//! `verbs.rs` and `unknown.rs`.

/// Verbs of other tools, and the verbs that do it here, the likeliest first.
pub(super) const VERBS: &[(&str, &[&str])] = &[
    // What runs.
    ("submit run create apply launch job fit start sbatch srun qsub python torchrun", &["train"]),
    ("custom-jobs training train-job jobs-submit ray-job", &["train"]),
    ("new example examples quickstart scaffold bootstrap template templates", &["init"]),
    ("up deploy endpoint endpoints service host publish expose", &["serve"]),
    ("update edit patch set-image", &["serve"]),
    ("sweep hpo hyperopt search study studies optimize optimise experiment", &["tune"]),
    ("hp-tuning hp-tuning-jobs hyperparameter-tuning hptuning-jobs", &["tune"]),
    ("trial trials", &["tune trials"]),
    ("best", &["tune best"]),
    ("predict-batch batch batchpredict batch-prediction batch-predictions", &["batch-predict"]),
    ("batch-transform bulk-predict score", &["batch-predict", "evaluate"]),
    ("infer inference query ask invoke curl request raw-predict explain-prediction", &["predict"]),
    ("port-forward proxy tunnel", &["predict", "serve"]),
    ("load loadtest load-test bench benchmark", &["predict --load 30s"]),
    (
        "retry rerun repeat again resume restart continue requeue",
        &["train", "tune resume", "batch-predict --retry-failed"],
    ),
    // What is looked at.
    ("ps get jobs runs queue squeue history dashboard experiments", &["list"]),
    ("describe show info inspect stat pods pod replicas", &["status"]),
    ("watch top monitor", &["status --watch", "list --watch"]),
    ("log tail stream-logs stdout stderr", &["logs"]),
    ("attach follow join", &["logs -f", "wait"]),
    ("await block", &["wait"]),
    ("events", &["wait --events"]),
    ("debug diagnose troubleshoot reason failure errors", &["why", "doctor"]),
    ("check preflight health healthcheck", &["doctor", "validate"]),
    ("login auth config configure settings context contexts use-context", &["doctor"]),
    ("ssh shell sh bash rsh", &["exec -- sh"]),
    (
        "gpu accelerators nodes node devices resources offer offers fleet fleets nvidia-smi show-gpus",
        &["gpus"],
    ),
    ("costs cost-report price prices pricing bill billing usage", &["cost"]),
    ("results result predictions output", &["outputs"]),
    ("eval metrics accuracy assess test", &["evaluate"]),
    ("compare diff", &["list", "tune trials"]),
    // What ends and goes.
    ("stop kill abort terminate end halt interrupt scancel", &["cancel"]),
    ("down teardown unserve undeploy-model delete-endpoint", &["undeploy", "cancel"]),
    ("delete del rm remove purge prune clean gc destroy", &["cleanup", "cancel"]),
    // Models and endpoints.
    ("model registry artifact artifacts", &["models list"]),
    ("push register upload log-model upload-model", &["models push"]),
    ("pull download", &["models pull"]),
    ("split canary weights route set-traffic", &["traffic"]),
    ("promote", &["rollout promote"]),
    ("revert undo", &["rollback"]),
    ("resize autoscale", &["scale"]),
    // Specs and the program.
    ("lint verify", &["validate"]),
    ("manifest manifests yaml generate", &["render"]),
    ("import migrate translate", &["convert"]),
    ("doc docs field fields reference api-resources", &["explain"]),
    ("env environment variable variables secret secrets", &["explain TrainJob.env"]),
    ("json-schema", &["schema"]),
    ("completion autocomplete install-completion", &["completions"]),
    ("upgrade self-update about", &["version"]),
    ("install setup", &["cluster manifests", "completions"]),
];

/// The same for two words, of which the second says what the first is about or is told to do.
pub(super) const PAIRS: &[(&str, &[&str])] = &[
    ("get runs", &["list"]),
    ("get jobs", &["list"]),
    ("get pods", &["status"]),
    ("get logs", &["logs"]),
    ("get nodes", &["gpus"]),
    ("get models", &["models list"]),
    ("get endpoints", &["list"]),
    ("delete endpoint", &["undeploy"]),
    ("delete endpoints", &["undeploy"]),
    ("jobs launch", &["train"]),
    ("jobs queue", &["list"]),
    ("jobs list", &["list"]),
    ("jobs logs", &["logs"]),
    ("jobs cancel", &["cancel"]),
    ("job submit", &["train"]),
    ("job list", &["list"]),
    ("job logs", &["logs"]),
    ("job status", &["status"]),
    ("job stop", &["cancel"]),
    ("custom-jobs create", &["train"]),
    ("custom-jobs list", &["list"]),
    ("custom-jobs describe", &["status"]),
    ("custom-jobs stream-logs", &["logs -f"]),
    ("custom-jobs cancel", &["cancel"]),
    ("hp-tuning-jobs create", &["tune"]),
    ("hp-tuning-jobs list", &["list"]),
    ("hp-tuning-jobs describe", &["tune trials"]),
    ("hp-tuning-jobs cancel", &["cancel"]),
    ("endpoints create", &["serve"]),
    ("endpoints list", &["list"]),
    ("endpoints predict", &["predict"]),
    ("endpoints deploy-model", &["serve"]),
    ("endpoints undeploy-model", &["undeploy"]),
    ("models delete", &["models remove"]),
    ("models register", &["models push"]),
    ("models upload", &["models push"]),
    ("models create", &["models push"]),
    ("models add", &["models push"]),
    ("models describe", &["models show"]),
    ("models get", &["models show"]),
    ("models info", &["models show"]),
    ("models download", &["models pull"]),
    ("models promote", &["models alias"]),
    ("models tag", &["models alias"]),
    ("models cp", &["models copy"]),
    ("state show", &["state path"]),
    ("state repair", &["state rebuild"]),
    ("cluster setup", &["cluster manifests"]),
    ("cluster install", &["cluster manifests"]),
    ("cluster check", &["doctor"]),
];

/// Words before the verb in other tools that say nothing here.
pub(super) const PREFIXES: &[&str] = &["ai", "beta", "alpha"];

/// What is meant by a flag that a verb doesn't have.
#[derive(Clone, Copy, Debug)]
pub(super) enum Instead {
    /// A flag of another name with the same value.
    Flag(&'static str),
    /// Words without a value in its place.
    Words(&'static str),
    /// A value of the spec.
    Set(&'static str),
    /// How many replicas the first role has.
    Replicas,
    /// A variable of the environment.
    Variable,
    /// Another verb, with the same run.
    Verb(&'static str),
    /// Nothing that a command line could say: a sentence.
    Said(&'static str),
}

/// Flags of other tools: the verbs that may be meant (none: all), the flags, and what they are here.
pub(super) const FLAGS: &[(&str, &str, Instead)] = &[
    ("", "--ns", Instead::Flag("--namespace")),
    ("", "--cluster --kube-context", Instead::Flag("--context")),
    ("", "--json", Instead::Words("-o json")),
    ("", "--yaml", Instead::Words("-o yaml")),
    ("", "--format", Instead::Flag("-o")),
    ("", "--no-color --no-colour", Instead::Words("--color never")),
    ("", "--debug", Instead::Words("--verbose")),
    ("", "--silent", Instead::Words("--quiet")),
    ("", "--help-all --usage", Instead::Words("--help")),
    (
        "",
        "--kubeconfig",
        Instead::Said(
            "the variable KUBECONFIG names the kubeconfig, and --context one of its contexts",
        ),
    ),
    (
        "",
        "--region --location --zone --project --cloud --infra",
        Instead::Said("a cluster is one context of the kubeconfig: --context"),
    ),
    (
        "train tune batch-predict serve",
        "--background --async --no-follow --bg",
        Instead::Words("--detach"),
    ),
    (
        "train tune batch-predict serve",
        "--display-name --job-name --run-name",
        Instead::Flag("--name"),
    ),
    ("train tune batch-predict serve cleanup", "--dryrun --plan", Instead::Words("--dry-run")),
    ("train tune batch-predict", "--tag --labels", Instead::Flag("--label")),
    ("train", "--follow --stream", Instead::Words("")),
    (
        "train tune",
        "--gpus --gpu --num-gpus",
        Instead::Set("accelerators.type=nvidia accelerators.count"),
    ),
    ("train", "--replicas --num-nodes --nodes --workers --num-replicas", Instead::Replicas),
    ("train batch-predict", "--env -e", Instead::Variable),
    ("train", "--output-dir --output-uri --out", Instead::Set("output")),
    ("train", "--max-run-time --max-time", Instead::Set("timeout")),
    ("train", "--requirements --requirements-file -r", Instead::Set("setup.python.requirements")),
    ("train", "--python-version", Instead::Set("setup.python.version")),
    (
        "train",
        "--retries --max-retries --max-restarts --restarts",
        Instead::Set("retries.userError"),
    ),
    (
        "train",
        "--args --arguments --script-args",
        Instead::Said("arguments of the command stand behind --: mlctl train FILE -- --epochs 3"),
    ),
    (
        "train batch-predict",
        "--worker-pool-spec --worker-pool-specs",
        Instead::Said(
            "a file of Vertex AI is taken as it is: -f FILE; `mlctl init plain` writes a spec",
        ),
    ),
    ("tune", "--trials --n-trials --max-trial-count --count", Instead::Flag("--max-trials")),
    (
        "tune",
        "--parallel --parallel-trial-count --concurrency --workers",
        Instead::Flag("--parallel-trials"),
    ),
    ("logs", "--lines --last", Instead::Flag("--tail")),
    ("logs", "--watch -w --stream", Instead::Words("--follow")),
    ("logs", "--previous -p", Instead::Words("--attempt 1")),
    ("logs exec", "--pod --container -c --worker", Instead::Flag("--replica")),
    ("status", "--follow -f", Instead::Words("--watch")),
    ("list", "--follow -f", Instead::Words("--watch")),
    ("list cleanup", "--status --phase", Instead::Flag("--state")),
    ("list", "--last", Instead::Flag("--limit")),
    ("list cleanup", "--selector", Instead::Flag("--label")),
    ("list cost cleanup", "--everybody --all-user", Instead::Words("--all-users")),
    ("list", "--running", Instead::Words("--state running")),
    ("list", "--failed", Instead::Words("--state failed")),
    ("cleanup undeploy", "--force -f", Instead::Words("--yes")),
    ("cancel", "--now", Instead::Words("--force")),
    ("cancel", "--async", Instead::Words("--no-wait")),
    (
        "wait",
        "--for",
        Instead::Said("it waits for the end of a run, or until an endpoint is ready"),
    ),
    ("status", "--events", Instead::Verb("wait --events")),
    ("status", "--logs", Instead::Verb("logs")),
    ("predict", "--data --body -d", Instead::Flag("--json")),
    ("predict", "--url", Instead::Words("")),
];

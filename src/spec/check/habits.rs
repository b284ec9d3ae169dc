//! Fields that people bring along from other systems, and what they are called here.

/// (field, only at this path or anywhere, what to write instead).
const HABITS: &[(&str, Where, &str)] = &[
    ("spec", Where::Top, "a spec is flat: move the fields below `spec:` to the top level"),
    ("metadata", Where::Top, "`name` and `labels` stand at the top level, without `metadata:`"),
    ("worker", Where::Top, "roles stand below `roles:`: `roles: {worker: {...}}`"),
    ("workers", Where::Top, "write `roles: {worker: {replicas: N}}`"),
    ("numWorkers", Where::Top, "write `roles: {worker: {replicas: N}}`"),
    ("num_workers", Where::Top, "write `roles: {worker: {replicas: N}}`"),
    ("nodes", Where::Top, "write `roles: {worker: {replicas: N}}`"),
    ("numNodes", Where::Top, "write `roles: {worker: {replicas: N}}`"),
    ("num_nodes", Where::Top, "write `roles: {worker: {replicas: N}}`"),
    ("replicaCount", Where::Any, "write `replicas` in a role: `roles: {worker: {replicas: N}}`"),
    ("chief", Where::Top, "roles stand below `roles:`: `roles: {chief: {...}}`"),
    ("master", Where::Top, "roles stand below `roles:`; TensorFlow's is called `chief`"),
    ("ps", Where::Top, "roles stand below `roles:`: `roles: {ps: {...}}`"),
    ("evaluator", Where::Top, "roles stand below `roles:`: `roles: {evaluator: {...}}`"),
    (
        "workerPoolSpecs",
        Where::Any,
        "a Vertex file has this at its top or below `jobSpec`, with no mlctl fields beside it",
    ),
    (
        "tfReplicaSpecs",
        Where::Any,
        "write the roles below `roles:`: `roles: {worker: {replicas: N}}`",
    ),
    (
        "pytorchReplicaSpecs",
        Where::Any,
        "write the roles below `roles:`: `roles: {worker: {replicas: N}}`",
    ),
    ("resources", Where::Any, "`cpu`, `memory` and `accelerators` stand here without `resources:`"),
    ("requests", Where::Any, "`cpu`, `memory` and `accelerators` are request and limit at once"),
    ("limits", Where::Any, "`cpu`, `memory` and `accelerators` are request and limit at once"),
    ("cpus", Where::Any, "write `cpu: 2`"),
    ("mem", Where::Any, "write `memory: 4Gi`"),
    ("ram", Where::Any, "write `memory: 4Gi`"),
    ("gpu", Where::Any, "write `accelerators: {type: nvidia, count: 1}`"),
    ("gpus", Where::Any, "write `accelerators: {type: nvidia, count: 1}`"),
    ("nvidia.com/gpu", Where::Any, "write `accelerators: {type: nvidia, count: 1}`"),
    (
        "machineSpec",
        Where::Any,
        "write `cpu`, `memory` and `accelerators: {type: ..., count: ...}`",
    ),
    ("machineType", Where::Any, "write `cpu` and `memory`; `nodeSelector` chooses a kind of node"),
    ("acceleratorType", Where::Any, "write `accelerators: {type: nvidia-l4, count: 1}`"),
    ("acceleratorCount", Where::Any, "write `accelerators: {type: nvidia-l4, count: 1}`"),
    ("imageUri", Where::Any, "write `image`"),
    ("dockerImage", Where::Any, "write `image`"),
    (
        "container",
        Where::Any,
        "`image`, `command`, `args` and `env` stand here without `container:`",
    ),
    (
        "containers",
        Where::Any,
        "`image`, `command`, `args` and `env` stand here without `containers:`",
    ),
    (
        "containerSpec",
        Where::Any,
        "`image`, `command`, `args` and `env` stand here without `containerSpec:`",
    ),
    (
        "template",
        Where::Any,
        "`image`, `command`, `args` and `env` stand here; for what has no field there is `podPatch`",
    ),
    (
        "restartPolicy",
        Where::Any,
        "restarts of the gang are counted by class of failure: `retries: {userError: 0}`",
    ),
    (
        "backoffLimit",
        Where::Any,
        "restarts of the gang are counted by class of failure: `retries: {userError: 0}`",
    ),
    (
        "maxRetries",
        Where::Any,
        "restarts of the gang are counted by class of failure: `retries: {userError: 0}`",
    ),
    ("activeDeadlineSeconds", Where::Any, "write `timeout: 2h`"),
    ("maxRuntime", Where::Any, "write `timeout: 2h`"),
    ("ttlSecondsAfterFinished", Where::Any, "`mlctl cleanup` removes finished runs"),
    ("entrypoint", Where::Any, "write `command: [python, train.py]`"),
    ("cmd", Where::Any, "write `command: [python, train.py]`"),
    (
        "run",
        Where::Any,
        "write `command: [python, train.py]`, or `command: [sh, -c, \"...\"]` for a script",
    ),
    (
        "script",
        Where::Any,
        "write `command: [python, train.py]`, or `command: [sh, -c, \"...\"]` for a script",
    ),
    ("pythonModule", Where::Any, "write `command: [python, -m, package.module]`"),
    ("parameters", Where::Any, "write `args`: a mapping there gives `--name=value`"),
    ("hyperparameters", Where::Any, "write `args`: a mapping there gives `--name=value`"),
    ("arguments", Where::Any, "write `args`: a mapping there gives `--name=value`"),
    ("environment", Where::Any, "write `env: [{name: ..., value: ...}]`"),
    ("envVars", Where::Any, "write `env: [{name: ..., value: ...}]`"),
    ("envFrom", Where::Any, "write `secrets: [{name: ...}]`: each key becomes a variable"),
    ("configMapKeyRef", Where::Any, "only `secretKeyRef` is known; give `value` as a literal"),
    ("fieldRef", Where::Any, "only `secretKeyRef` is known; give `value` as a literal"),
    ("workdir", Where::Any, "write `code: .`: a copy of it is the working folder"),
    ("workingDir", Where::Any, "write `code: .`: a copy of it is the working folder"),
    ("requirements", Where::Top, "write `setup: {python: {requirements: requirements.txt}}`"),
    ("pip", Where::Any, "write `setup: {python: {requirements: requirements.txt}}`"),
    ("outputDir", Where::Any, "write `output` at the top level"),
    ("baseOutputDirectory", Where::Any, "write `output` at the top level"),
    (
        "volumeMounts",
        Where::Any,
        "write `volumes: [{name, mountPath, emptyDir: {}}]`: a volume says itself where it is mounted",
    ),
    ("serviceAccountName", Where::Any, "write `serviceAccount` at the top level"),
    ("priorityClassName", Where::Any, "write `priorityClass` at the top level"),
    ("queueName", Where::Any, "write `queue` at the top level"),
    ("pullSecrets", Where::Any, "write `imagePullSecrets: [NAME]` at the top level"),
    ("podTemplate", Where::Any, "write what mlctl has no field for below `podPatch`, as in a Pod"),
    ("podTemplateOverrides", Where::Any, "write it below `podPatch`, as in a Pod"),
    ("nodeAffinity", Where::Any, "write `affinity: {nodeAffinity: ...}` at the top level"),
    ("podAntiAffinity", Where::Any, "write `affinity: {podAntiAffinity: ...}` at the top level"),
    ("datasets", Where::Any, "write `data: [{uri: ..., path: ...}]`"),
    ("inputs", Where::Any, "write `data: [{uri: ..., path: ...}]`"),
    (
        "namespace",
        Where::Any,
        "the namespace comes from `--namespace`, the context or the settings",
    ),
    (
        "securityContext",
        Where::Any,
        "write `security: restricted`, `baseline`, `root` or `openshift` at the top level",
    ),
    ("ports", Where::Any, "the replicas of a run reach each other on every port; none is declared"),
];

#[derive(Clone, Copy, PartialEq)]
enum Where {
    Top,
    Any,
}

/// What to write instead of a field of another system.
pub(crate) fn advice(name: &str, path: &str) -> Option<&'static str> {
    HABITS
        .iter()
        .find(|(habit, place, _)| *habit == name && (*place == Where::Any || path.is_empty()))
        .map(|(_, _, help)| *help)
}

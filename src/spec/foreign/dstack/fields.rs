//! The fields of tasks and services, and what becomes of each.

use crate::spec::foreign::common::fields::{Table, Use};

const MACHINES: Use =
    Use::Left("mlctl rents no machines: runs are on this one, or on a cluster's nodes");
const QUEUES: Use =
    Use::Left("`queue` names a queue of Kueue, `priorityClass` a class of the cluster");
const CALLERS: Use =
    Use::Left("`expose`, `tls` and `limits` of an Endpoint say how callers come in");

pub(super) const RUN: Table = &[
    ("type", Use::Changed("`kind`: a task is a TrainJob, a service an Endpoint")),
    ("name", Use::Kept("name")),
    ("image", Use::Kept("image")),
    (
        "commands",
        Use::Changed("`command`: one shell for all; each runs if the one before has succeeded"),
    ),
    ("entrypoint", Use::Changed("`command`, to which the commands are arguments")),
    ("shell", Use::Changed("the shell of `command`; `sh` with an image, else `bash`")),
    (
        "python",
        Use::Changed("an environment with this Python, which `uv` makes before the commands"),
    ),
    ("env", Use::Kept("env")),
    ("resources", Use::Within),
    ("working_dir", Use::Changed("a `cd` before the commands")),
    ("repos", Use::Changed("`code`, or a `git clone` before the commands")),
    ("files", Use::Kept("data")),
    ("volumes", Use::Kept("volumes")),
    ("tags", Use::Kept("labels")),
    ("user", Use::Changed("`security: root` for root")),
    ("nodes", Use::Kept("roles.worker.replicas")),
    ("retry", Use::Changed("`retries`: the whole gang starts again")),
    ("max_duration", Use::Kept("timeout")),
    ("stop_duration", Use::Kept("grace")),
    (
        "stop_criteria",
        Use::Changed("`completion`: `all-done` is `all`, `master-done` is `primary`"),
    ),
    (
        "port",
        Use::Changed("`{port}` where the commands say it: each replica has a port of its own"),
    ),
    ("model", Use::Changed("`server: openai`")),
    ("replicas", Use::Kept("revisions.replicas")),
    ("scaling", Use::Within),
    ("probes", Use::Changed("`routes.health` and `probes`")),
    ("auth", Use::Left("`auth: {tokens: [{env: NAME}]}` of an Endpoint asks callers for a token")),
    ("docker", Use::Refused("containers start no containers: name the `image` that is meant")),
    (
        "groups",
        Use::Refused("write a TrainJob with a role for each group, an Endpoint with revisions"),
    ),
    ("dockerfile", Use::Refused("build and push it, and name the `image`")),
    ("envs", Use::Refused("it is called `env`")),
    (
        "privileged",
        Use::Left("pods are not privileged: `security` and `podPatch` say what they may"),
    ),
    ("nvcc", Use::Left("name an `image` that has the compiler")),
    ("single_branch", Use::Left("code of this machine travels without its history")),
    (
        "registry_auth",
        Use::Left("`imagePullSecrets` names a Secret with it; keep passwords out of files"),
    ),
    (
        "ports",
        Use::Left(
            "on this machine the program's own port is reached; in a cluster by kubectl port-forward",
        ),
    ),
    ("https", CALLERS),
    ("gateway", CALLERS),
    ("rate_limits", CALLERS),
    ("strip_prefix", CALLERS),
    (
        "spot_policy",
        Use::Changed(
            "`on-demand` is what runs get; for spot nodes write `nodeSelector` and `tolerations`",
        ),
    ),
    ("backends", MACHINES),
    ("regions", MACHINES),
    ("availability_zones", MACHINES),
    ("instance_types", MACHINES),
    ("instances", MACHINES),
    ("reservation", MACHINES),
    ("fleets", MACHINES),
    ("creation_policy", MACHINES),
    ("idle_duration", MACHINES),
    ("termination_policy", MACHINES),
    ("termination_idle_time", MACHINES),
    ("pool_name", MACHINES),
    ("instance_name", MACHINES),
    ("backend_options", MACHINES),
    ("max_price", Use::Left("`maxCost` limits what all of a run costs")),
    (
        "utilization_policy",
        Use::Left("`mlctl cost` says what was wasted; `timeout` and `maxCost` end a run"),
    ),
    ("startup_order", Use::Left("all replicas start together, and commands find who is the first")),
    ("schedule", Use::Left("start it from your scheduler: cron, or a CronJob")),
    ("priority", QUEUES),
    ("dstack", Use::Left("there is no server of dstack")),
    ("home_dir", Use::Left("dstack ignores it too")),
    ("setup", Use::Left("dstack no longer runs it: put it first in `commands`")),
    ("build", Use::Left("dstack no longer runs it: put it first in `commands`")),
    ("cache", Use::Left("dstack no longer has it: mount a volume")),
    ("retry_policy", Use::Left("dstack calls it `retry` now")),
];
pub(super) const RETRY: Table = &[
    ("on_events", Use::Changed("`retries`: `error` starts again after failures of the commands")),
    (
        "duration",
        Use::Changed("`startTimeout`, where there is no capacity; restarts are counted, not timed"),
    ),
];

//! The flags of launchers, each with what it means where no launcher reaches other machines.
//!
//! Source: the manual of Open MPI 4.1 (`mpirun(1)`), MPICH's `mpiexec.hydra -help`, `horovod/runner/launch.py` and
//! `horovod/runner/common/util/config_parser.py` of Horovod 0.28, and `deepspeed/launcher/runner.py` of
//! DeepSpeed.

/// What a flag means here.
#[derive(Clone, Copy)]
pub(super) enum Meaning {
    /// So many processes in all.
    Processes,
    /// So many in each worker.
    PerWorker,
    /// So many workers.
    Workers,
    /// `NAME=VALUE`, or a name whose value is that of the launcher.
    Variable,
    /// The name of a variable and its value.
    Pair,
    /// The value is that of this variable.
    Value(&'static str),
    /// The same in bytes, of a number of MiB.
    Mebibytes(&'static str),
    /// This variable has this value.
    Set(&'static str, &'static str),
    /// The program is a module of Python.
    Module,
    /// The program is none of Python.
    NoPython,
    /// Nothing, with so many values.
    Left(usize),
}

use Meaning::{
    Left, Mebibytes, Module, NoPython, Pair, PerWorker, Processes, Set, Value, Variable, Workers,
};

/// The flags of a launcher by their names, without the dashes before them.
pub(super) type Table = &'static [(&'static [&'static str], Meaning)];

/// Those of Open MPI, MPICH and Intel MPI.
pub(super) const MPIRUN: Table = &[
    (&["np", "n", "c"], Processes),
    (&["N", "npernode", "ppn", "perhost"], PerWorker),
    (&["x"], Variable),
    (&["genv", "env"], Pair),
    (
        &[
            "allow-run-as-root",
            "bynode",
            "byslot",
            "bind-to-none",
            "bind-to-core",
            "oversubscribe",
            "nooversubscribe",
            "report-bindings",
            "display-map",
            "display-allocation",
            "tag-output",
            "timestamp-output",
            "merge-stderr-to-stdout",
            "nolocal",
            "verbose",
            "v",
            "quiet",
            "q",
            "l",
            "genvall",
            "envall",
        ],
        Left(0),
    ),
    (
        &[
            "H",
            "host",
            "hosts",
            "hostfile",
            "machinefile",
            "default-hostfile",
            "f",
            "bind-to",
            "map-by",
            "rank-by",
            "output-filename",
            "timeout",
            "am",
            "bootstrap",
            "launcher",
            "iface",
        ],
        Left(1),
    ),
    (&["mca", "gmca"], Left(2)),
];

/// Those of Horovod.
pub(super) const HOROVODRUN: Table = &[
    (&["np", "num-proc"], Processes),
    (&["slots-per-host", "slots"], PerWorker),
    (&["fusion-threshold-mb"], Mebibytes("HOROVOD_FUSION_THRESHOLD")),
    (&["cycle-time-ms"], Value("HOROVOD_CYCLE_TIME")),
    (&["cache-capacity"], Value("HOROVOD_CACHE_CAPACITY")),
    (&["disable-cache"], Left(0)),
    (&["hierarchical-allreduce"], Set("HOROVOD_HIERARCHICAL_ALLREDUCE", "1")),
    (&["hierarchical-allgather"], Set("HOROVOD_HIERARCHICAL_ALLGATHER", "1")),
    (&["autotune"], Set("HOROVOD_AUTOTUNE", "1")),
    (&["autotune-log-file"], Value("HOROVOD_AUTOTUNE_LOG")),
    (&["autotune-warmup-samples"], Value("HOROVOD_AUTOTUNE_WARMUP_SAMPLES")),
    (&["autotune-steps-per-sample"], Value("HOROVOD_AUTOTUNE_STEPS_PER_SAMPLE")),
    (&["autotune-bayes-opt-max-samples"], Value("HOROVOD_AUTOTUNE_BAYES_OPT_MAX_SAMPLES")),
    (&["autotune-gaussian-process-noise"], Value("HOROVOD_AUTOTUNE_GAUSSIAN_PROCESS_NOISE")),
    (&["timeline-filename"], Value("HOROVOD_TIMELINE")),
    (&["timeline-mark-cycles"], Set("HOROVOD_TIMELINE_MARK_CYCLES", "1")),
    (&["no-stall-check"], Set("HOROVOD_STALL_CHECK_DISABLE", "1")),
    (&["stall-check-warning-time-seconds"], Value("HOROVOD_STALL_CHECK_TIME_SECONDS")),
    (&["stall-check-shutdown-time-seconds"], Value("HOROVOD_STALL_SHUTDOWN_TIME_SECONDS")),
    (&["num-nccl-streams"], Value("HOROVOD_NUM_NCCL_STREAMS")),
    (&["thread-affinity"], Value("HOROVOD_THREAD_AFFINITY")),
    (&["gloo-timeout-seconds"], Value("HOROVOD_GLOO_TIMEOUT_SECONDS")),
    (&["log-level"], Value("HOROVOD_LOG_LEVEL")),
    (&["log-with-timestamp"], Set("HOROVOD_LOG_HIDE_TIME", "0")),
    (&["log-without-timestamp", "log-hide-timestamp"], Set("HOROVOD_LOG_HIDE_TIME", "1")),
    (&["network-interface", "network-interfaces"], Value("HOROVOD_GLOO_IFACE")),
    (&["tcp"], Set("NCCL_IB_DISABLE", "1")),
    (
        &[
            "gloo",
            "use-gloo",
            "mpi",
            "use-mpi",
            "verbose",
            "prefix-timestamp",
            "prefix-output-with-timestamp",
            "mpi-threads-disable",
        ],
        Left(0),
    ),
    (
        &[
            "H",
            "hosts",
            "hostfile",
            "host-discovery-script",
            "min-np",
            "min-num-proc",
            "max-np",
            "max-num-proc",
            "elastic-timeout",
            "reset-limit",
            "start-timeout",
            "output-filename",
            "p",
            "ssh-port",
            "i",
            "ssh-identity-file",
            "mpi-args",
            "binding-args",
        ],
        Left(1),
    ),
];

/// Those of DeepSpeed.
pub(super) const DEEPSPEED: Table = &[
    (&["num_gpus", "num_accelerators"], PerWorker),
    (&["num_nodes"], Workers),
    (&["module"], Module),
    (&["no_python"], NoPython),
    (&["no_local_rank", "force_multi", "no_ssh", "no_ssh_check"], Left(0)),
    (
        &["H", "hostfile", "master_addr", "master_port", "launcher", "launcher_args", "ssh_port"],
        Left(1),
    ),
];

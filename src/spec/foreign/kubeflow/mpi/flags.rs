//! What stands between a launcher and the program that it starts.
//!
//! Source: the manual of Open MPI 4.1 (`mpirun(1)`), MPICH's `mpiexec.hydra -help`, `horovod/runner/launch.py` and
//! `horovod/runner/common/util/config_parser.py` of Horovod 0.28, and `deepspeed/launcher/runner.py` of DeepSpeed
//! 0.16.

use super::launcher::Launcher;

/// What a flag means here.
#[derive(Clone, Copy)]
enum Meaning {
    /// So many processes in all.
    Processes,
    /// So many in each worker.
    PerWorker,
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
    Left, Mebibytes, Module, NoPython, Pair, PerWorker, Processes, Set, Value, Variable,
};

/// The flags of a launcher by their names, without the dashes before them.
type Table = &'static [(&'static [&'static str], Meaning)];

const MPIRUN: Table = &[
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

const HOROVODRUN: Table = &[
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

const DEEPSPEED: Table = &[
    (&["num_gpus", "num_accelerators"], PerWorker),
    (&["module"], Module),
    (&["no_python"], NoPython),
    (&["no_local_rank", "force_multi", "no_ssh", "no_ssh_check"], Left(0)),
    (
        &[
            "H",
            "hostfile",
            "num_nodes",
            "master_addr",
            "master_port",
            "launcher",
            "launcher_args",
            "ssh_port",
        ],
        Left(1),
    ),
];

/// What the flags of a launcher say.
#[derive(Default)]
pub(super) struct Flags {
    /// How many processes there are in all.
    pub(super) processes: Option<String>,
    /// How many there are in each worker.
    pub(super) per_worker: Option<String>,
    /// Variables, each with its value as it is written.
    pub(super) variables: Vec<(String, String)>,
    /// The program is a module of Python.
    pub(super) is_module: bool,
    /// The program is none of Python.
    pub(super) is_no_python: bool,
    /// Flags that mean nothing here.
    pub(super) left: Vec<String>,
    /// How many words stand before the program.
    pub(super) count: usize,
}

/// A word between a launcher and its program that isn't known, or lacks its value.
pub(super) struct UnknownFlag(pub(super) String);

/// Reads the words behind a launcher, each as it is meant and as it is written. Torchrun has none that matter.
pub(super) fn flags(launcher: Launcher, words: &[(&str, &str)]) -> Result<Flags, UnknownFlag> {
    let table = match launcher {
        Launcher::Mpirun => MPIRUN,
        Launcher::Horovodrun => HOROVODRUN,
        Launcher::Deepspeed => DEEPSPEED,
        Launcher::Torchrun => return Ok(Flags::default()),
    };
    let mut flags = Flags::default();
    let mut at = 0;
    while let Some((text, written)) = words.get(at).filter(|(text, _)| text.starts_with('-')) {
        let unknown = || UnknownFlag((*text).to_owned());
        at += 1;
        let name = text.trim_start_matches('-');
        let (name, mut joined) = match (name.split_once('='), written.split_once('=')) {
            (Some((name, _)), Some((_, value))) => (name, Some(value)),
            _ => (name, None),
        };
        let known = table.iter().find(|(names, _)| names.contains(&name));
        let meaning = known.map(|(_, meaning)| *meaning).ok_or_else(unknown)?;
        let mut value = || {
            joined.take().map(str::to_owned).or_else(|| {
                at += 1;
                words.get(at - 1).map(|(_, written)| (*written).to_owned())
            })
        };
        match meaning {
            Processes => flags.processes = Some(value().ok_or_else(unknown)?),
            PerWorker => flags.per_worker = Some(value().ok_or_else(unknown)?),
            Variable => {
                let given = value().ok_or_else(unknown)?;
                if let Some((name, value)) = given.split_once('=') {
                    flags.variables.push((name.to_owned(), value.to_owned()));
                }
            }
            Pair => {
                let name = value().ok_or_else(unknown)?;
                flags.variables.push((name, value().ok_or_else(unknown)?));
            }
            Value(name) => flags.variables.push((name.to_owned(), value().ok_or_else(unknown)?)),
            Mebibytes(name) => {
                let given = value().and_then(|text| text.parse::<u64>().ok());
                let bytes =
                    given.and_then(|count| count.checked_mul(1 << 20)).ok_or_else(unknown)?;
                flags.variables.push((name.to_owned(), bytes.to_string()));
            }
            Set(name, value) => flags.variables.push((name.to_owned(), value.to_owned())),
            Module => flags.is_module = true,
            NoPython => flags.is_no_python = true,
            Left(count) => {
                for _ in 0..count {
                    value().ok_or_else(unknown)?;
                }
                if !flags.left.iter().any(|known| known == text) {
                    flags.left.push((*text).to_owned());
                }
            }
        }
    }
    flags.count = at;
    Ok(flags)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(launcher: Launcher, text: &str) -> Result<Flags, UnknownFlag> {
        let words: Vec<(&str, &str)> = text.split(' ').map(|word| (word, word)).collect();
        flags(launcher, &words)
    }

    #[test]
    fn flags_end_where_the_program_begins() {
        let text = "-np 4 --allow-run-as-root -mca btl ^openib -x A=b=c -x PATH -bind-to none python -np 3";
        let flags = read(Launcher::Mpirun, text).ok().unwrap();
        assert_eq!(flags.processes.as_deref(), Some("4"));
        assert_eq!(flags.variables, [("A".to_owned(), "b=c".to_owned())]);
        assert_eq!(flags.left, ["--allow-run-as-root", "-mca", "-bind-to"]);
        assert_eq!(text.split(' ').nth(flags.count), Some("python"));
        let text = "--num-proc=2 --fusion-threshold-mb 32 --autotune python x.py";
        let flags = read(Launcher::Horovodrun, text).ok().unwrap();
        assert_eq!(flags.processes.as_deref(), Some("2"));
        let bytes = ("HOROVOD_FUSION_THRESHOLD".to_owned(), "33554432".to_owned());
        assert_eq!(flags.variables, [bytes, ("HOROVOD_AUTOTUNE".to_owned(), "1".to_owned())]);
    }

    #[test]
    fn unknown_flags_are_named() {
        for (launcher, text, name) in [
            (Launcher::Mpirun, "-np 2 -wdir /x python", "-wdir"),
            (Launcher::Mpirun, "-np", "-np"),
            (Launcher::Deepspeed, "--include a:0 train.py", "--include"),
            (Launcher::Horovodrun, "--config-file=x python", "--config-file=x"),
        ] {
            assert_eq!(
                read(launcher, text).err().map(|UnknownFlag(name)| name).as_deref(),
                Some(name)
            );
        }
    }
}

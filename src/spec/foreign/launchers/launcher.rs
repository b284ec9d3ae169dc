//! Programs that start processes, by how they are called.

/// A program that starts the processes of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Launcher {
    /// That of Open MPI, Intel MPI and MPICH.
    Mpirun,
    /// That of Horovod.
    Horovodrun,
    /// That of DeepSpeed.
    Deepspeed,
    /// That of PyTorch, which starts the processes of its own machine only.
    Torchrun,
}

const NAMES: [(&str, Launcher); 8] = [
    ("mpirun", Launcher::Mpirun),
    ("mpiexec", Launcher::Mpirun),
    ("mpiexec.hydra", Launcher::Mpirun),
    ("orterun", Launcher::Mpirun),
    ("horovodrun", Launcher::Horovodrun),
    ("deepspeed", Launcher::Deepspeed),
    ("ds", Launcher::Deepspeed),
    ("torchrun", Launcher::Torchrun),
];

/// Modules of Python that are torchrun.
const MODULES: [&str; 2] = ["torch.distributed.run", "torch.distributed.launch"];

impl Launcher {
    /// The launcher that the words of a command start with.
    pub(super) fn of(words: &[&str]) -> Option<Self> {
        let program = words.first()?.rsplit('/').next()?;
        let is_module = || words.windows(2).any(|two| two[0] == "-m" && MODULES.contains(&two[1]));
        if program.starts_with("python") && is_module() {
            return Some(Self::Torchrun);
        }
        NAMES.iter().find(|(name, _)| *name == program).map(|(_, launcher)| *launcher)
    }

    /// How it is called in messages.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Mpirun => "mpirun",
            Self::Horovodrun => "horovodrun",
            Self::Deepspeed => "deepspeed",
            Self::Torchrun => "torchrun",
        }
    }

    /// What it starts runs in all workers by itself, without words of its own.
    pub(super) fn is_torchrun(self) -> bool {
        self == Self::Torchrun
    }
}

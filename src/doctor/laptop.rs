//! Checks of this machine: what local runs need of it, and what mlctl itself needs.

use std::path::PathBuf;

use super::finding::{Finding, Place};

/// The oldest Python that the frameworks of today support.
const OLDEST_PYTHON: (u32, u32) = (3, 10);
/// With so many bytes free there is room for the logs of a run and a small model.
const COMFORTABLE_BYTES: u64 = 1 << 30;
/// With fewer bytes free not even one log fits.
const LEAST_BYTES: u64 = 16 << 20;

/// The interpreter that a local run would use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PythonFacts {
    /// There is no interpreter of this name.
    Missing(String),
    /// The interpreter of this name doesn't work; what it says.
    Broken(String, String),
    /// The interpreter works.
    There {
        /// The path at which it was found.
        path: String,
        /// Its version, such as `3.11.2`.
        version: String,
        /// Its major and minor version.
        number: (u32, u32),
        /// Whether it can make environments.
        environments: Environments,
    },
}

/// Whether an interpreter can make environments with pip, which `setup.python` needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Environments {
    /// It can, by itself.
    Whole,
    /// It can, but has no `ensurepip`; where pip comes from instead.
    Brought(String),
    /// It can't, because it has no `venv`.
    NoVenv,
    /// It can't, because it has no `ensurepip`; why pip comes from nowhere else either.
    NoPip(String),
}

/// Judges the interpreter. A run with `setup.python` that asks for one which fails is refused.
pub fn python(facts: &PythonFacts) -> Finding {
    const CHECK: &str = "python";
    const NO_ENVIRONMENT: &str = "specs with `setup.python` don't start; others do";
    const VENV: &str = "sudo apt-get install python3-venv   # or your system's own";
    let install = "sudo apt-get install python3 python3-venv   # or your system's own";
    match facts {
        PythonFacts::Missing(name) => {
            let place = if name.contains('/') { "" } else { " in PATH" };
            Finding::fail(Place::Laptop, CHECK, format!("there is no {name}{place}"))
                .why("local runs of Python code, and `setup.python`, start with it")
                .mend(install)
        }
        PythonFacts::Broken(name, output) => {
            Finding::fail(Place::Laptop, CHECK, format!("{name} doesn't work: {output}"))
                .why("local runs of Python code, and `setup.python`, start with it")
                .mend(format!("{name} -c 'import sys; print(sys.version)'"))
        }
        PythonFacts::There { path, version, environments: Environments::NoVenv, .. } => {
            let what = format!("{version} at {path} can't make environments: it lacks venv");
            Finding::fail(Place::Laptop, CHECK, what).why(NO_ENVIRONMENT).mend(VENV)
        }
        PythonFacts::There { path, version, environments: Environments::NoPip(why), .. } => {
            let what = format!(
                "{version} at {path} can't make environments: it lacks ensurepip, and pip comes \
                 from nowhere else: {why}"
            );
            Finding::fail(Place::Laptop, CHECK, what).why(NO_ENVIRONMENT).mend(VENV)
        }
        PythonFacts::There { path, version, number, .. } if *number < OLDEST_PYTHON => {
            Finding::warn(Place::Laptop, CHECK, format!("{version} at {path} is old"))
                .why("today's TensorFlow, PyTorch and JAX want 3.10 or newer")
                .mend("sudo apt-get install python3   # on a newer system, or pyenv")
        }
        PythonFacts::There { path, version, environments, .. } => {
            let pip = match environments {
                Environments::Brought(from) => format!(" with pip from {from} (no ensurepip)"),
                _ => String::new(),
            };
            let what = format!("{version} at {path}, makes environments{pip}");
            Finding::ok(Place::Laptop, CHECK, what)
        }
    }
}

/// Whether a framework can be used by that interpreter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FrameworkFacts {
    /// It is not installed.
    Missing,
    /// It can't be imported; the last line that Python prints.
    Broken(String),
    /// Importing it took longer than mlctl waits.
    Slow,
    /// It can be imported.
    There {
        /// The version of the framework.
        version: String,
        /// How many GPUs it sees; `None` when it wasn't asked, because there is none.
        gpus: Option<usize>,
    },
}

/// Judges a framework. `package` is the name by which pip installs it.
pub fn framework(name: &str, package: &str, facts: &FrameworkFacts) -> Finding {
    match facts {
        FrameworkFacts::Missing => {
            Finding::skip(Place::Laptop, name, "not installed; `setup.python` can bring it")
        }
        FrameworkFacts::Broken(output) => {
            Finding::warn(Place::Laptop, name, format!("can't be imported: {output}"))
                .why("runs that use this interpreter's own packages fail in the same way")
                .mend(format!("python3 -m pip install --force-reinstall {package}"))
        }
        FrameworkFacts::Slow => {
            Finding::warn(Place::Laptop, name, "was not imported within a minute")
                .why("each attempt of a run waits for it as long")
                .mend(format!("python3 -X importtime -c 'import {name}'"))
        }
        FrameworkFacts::There { version, gpus: Some(0) } => {
            Finding::warn(Place::Laptop, name, format!("{version} sees no GPU, nvidia-smi does"))
                .why("runs would train on the CPU: a build without CUDA, or for another driver")
                .mend(format!("python3 -m pip install --upgrade '{package}'"))
        }
        FrameworkFacts::There { version, gpus } => {
            let gpus = gpus.map(|count| format!(", sees {count} GPU")).unwrap_or_default();
            Finding::ok(Place::Laptop, name, format!("{version}{gpus}"))
        }
    }
}

/// What nvidia-smi says of this machine's GPUs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GpuFacts {
    /// There is no nvidia-smi; how many cards of NVIDIA are on the bus.
    NoProgram(usize),
    /// The driver gives no answer that could be used; how, in a sentence.
    Broken(String),
    /// It answers.
    There {
        /// The names of the GPUs.
        names: Vec<String>,
        /// The version of the driver.
        driver: String,
        /// What the user's `CUDA_VISIBLE_DEVICES` makes of them, in a clause; `None` where it isn't set.
        shown: Option<String>,
    },
}

/// Judges the GPUs.
pub fn gpus(facts: &GpuFacts) -> Finding {
    const CHECK: &str = "gpu";
    match facts {
        GpuFacts::NoProgram(0) => {
            Finding::skip(Place::Laptop, CHECK, "no NVIDIA card and no nvidia-smi: runs use CPUs")
        }
        GpuFacts::NoProgram(cards) => {
            let what = format!("{cards} NVIDIA on the bus, and no nvidia-smi in PATH");
            Finding::warn(Place::Laptop, CHECK, what)
                .why("without the driver no framework sees them, and mlctl hands none out")
                .mend("sudo apt-get install nvidia-driver   # or your system's own, then reboot")
        }
        GpuFacts::Broken(output) => Finding::fail(Place::Laptop, CHECK, output.clone())
            .why("runs that ask for accelerators are refused here")
            .mend("sudo modprobe nvidia && nvidia-smi   # after a driver's upgrade: reboot"),
        GpuFacts::There { names, driver, shown } => {
            let mut counted: Vec<(usize, &String)> = Vec::new();
            for name in names {
                match counted.iter_mut().find(|(_, known)| *known == name) {
                    Some((count, _)) => *count += 1,
                    None => counted.push((1, name)),
                }
            }
            let all: Vec<String> =
                counted.iter().map(|(count, name)| format!("{count} x {name}")).collect();
            if all.is_empty() {
                return Finding::warn(Place::Laptop, CHECK, "nvidia-smi runs and lists no GPU")
                    .why("runs that ask for accelerators are refused here")
                    .mend("sudo dmesg | grep -i nvrm");
            }
            let shown = shown.as_ref().map(|shown| format!("; {shown}")).unwrap_or_default();
            let what = format!("{}, driver {driver}{shown}", all.join(", "));
            Finding::ok(Place::Laptop, CHECK, what)
        }
    }
}

/// Judges the ports of the loopback interface, over which the replicas of a gang talk. `bound` is
/// how many could be bound at once, or why none could.
pub fn ports(bound: &Result<usize, String>) -> Finding {
    const CHECK: &str = "ports";
    match bound {
        Ok(count) => {
            Finding::ok(Place::Laptop, CHECK, format!("{count} at once on 127.0.0.1, connected"))
        }
        Err(why) => Finding::fail(Place::Laptop, CHECK, format!("127.0.0.1: {why}"))
            .why("replicas of a local run find each other there")
            .mend("sudo ip link set lo up   # or end what holds the ports: ss -tlnp"),
    }
}

/// A folder that mlctl writes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FolderFacts {
    /// The path of the folder.
    pub path: PathBuf,
    /// Whether a small file could be written there and flushed; else why not.
    pub written: Result<(), String>,
    /// The command that lets it be used, where it isn't because of others who could write there.
    pub mend: Option<String>,
    /// How many bytes are free there; `None` when that can't be found out.
    pub free: Option<u64>,
}

/// Judges a folder. `name` is `state` or `cache`, and `variable` is the environment variable that
/// moves it elsewhere.
pub fn folder(name: &str, variable: &str, facts: &FolderFacts) -> Finding {
    let FolderFacts { path, written, mend, free } = facts;
    let shown = path.display();
    let elsewhere = format!("df -h {shown}   # free some, or elsewhere: export {variable}=FOLDER");
    let why = match name {
        "state" => "every run is written down there before it starts",
        _ => "Python environments of runs are made there",
    };
    let left = free.map_or_else(|| "?".into(), amount);
    match (written, free) {
        (Err(error), _) => {
            Finding::fail(Place::Laptop, name, format!("nothing can be written: {error}"))
                .why(why)
                .mend(mend.as_ref().map_or(elsewhere, |mend| {
                    format!("{mend}   # or elsewhere: export {variable}=FOLDER")
                }))
        }
        (Ok(()), Some(free)) if *free < LEAST_BYTES => {
            Finding::fail(Place::Laptop, name, format!("{left} free for {shown}")).why(why).mend(
                mend.as_ref().map_or(elsewhere, |mend| {
                    format!("{mend}   # or elsewhere: export {variable}=FOLDER")
                }),
            )
        }
        (Ok(()), Some(free)) if *free < COMFORTABLE_BYTES => {
            Finding::warn(Place::Laptop, name, format!("{left} free for {shown}"))
                .why(why)
                .mend("mlctl cleanup")
        }
        _ => Finding::ok(Place::Laptop, name, format!("{left} free for {shown}")),
    }
}

/// An amount of bytes for people.
fn amount(bytes: u64) -> String {
    let mib = bytes as f64 / 1_048_576.0;
    if mib < 1024.0 { format!("{mib:.0} MiB") } else { format!("{:.0} GiB", mib / 1024.0) }
}

/// Judges the state folder. `checked` is how many runs it remembers and what is wrong with it, or
/// why it can't be read.
pub fn state(checked: &Result<(usize, Vec<String>), String>) -> Finding {
    const CHECK: &str = "runs";
    match checked {
        Ok((runs, problems)) if problems.is_empty() => {
            Finding::ok(Place::Laptop, CHECK, format!("{runs} remembered, nothing damaged"))
        }
        Ok((_, problems)) => {
            let more = problems.len() - 1;
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            Finding::warn(Place::Laptop, CHECK, format!("{}{more}", problems[0]))
                .why("`list` and `status` may lack or misstate runs")
                .mend("mlctl state check && mlctl state rebuild")
        }
        Err(error) => Finding::fail(Place::Laptop, CHECK, error.clone())
            .why("no run can be recorded there")
            .mend("mlctl state check"),
    }
}

/// Judges the settings file. `error` is why it can't be used, `None` when it can; `mend` is the command
/// that lets it be, where that is not to edit it.
pub fn settings(path: &std::path::Path, error: Option<&str>, mend: Option<String>) -> Finding {
    const CHECK: &str = "settings";
    match error {
        None => Finding::ok(Place::Laptop, CHECK, path.display().to_string()),
        Some(error) => Finding::fail(Place::Laptop, CHECK, error)
            .why("no other verb works before it does; here the defaults are used")
            .mend(mend.unwrap_or_else(|| format!("$EDITOR {}", path.display()))),
    }
}

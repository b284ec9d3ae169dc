//! The interpreter of local runs, the frameworks in it, and the GPUs that they should see.

use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde::Deserialize;

use crate::agent::{ENSUREPIP, PIP, pip_folder};
use crate::doctor::{Environments, FrameworkFacts, GpuFacts, PythonFacts, Visit};
use crate::runtime::local::config::LocalConfig;
use crate::runtime::local::gpu::shown_by_environment;
use crate::runtime::local::nvidia_smi::DriverError;
use crate::sys;
use crate::sys::{ANSWER, ask};

/// Importing a framework from a cold disk takes this long at most.
const IMPORT: Duration = Duration::from_mins(1);

/// What `setup.python` takes unless the spec names another one.
pub(crate) const INTERPRETER: &str = "python3";

/// pip is a small download.
const DOWNLOAD: Duration = Duration::from_mins(2);

const ABOUT: &str = "import importlib.util, json, sys
has = importlib.util.find_spec('venv') is not None
print(json.dumps({'path': sys.executable, 'number': sys.version_info[:2], 'hasVenv': has,
    'version': '.'.join(map(str, sys.version_info[:3]))}))";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct About {
    path: String,
    version: String,
    number: (u32, u32),
    has_venv: bool,
}

/// A framework: what it is called, what installs it with GPU support, how it is asked.
pub(crate) struct Framework {
    pub(crate) module: &'static str,
    pub(crate) package: &'static str,
    /// An expression: how many GPUs it sees.
    count: &'static str,
}

pub(crate) const FRAMEWORKS: [Framework; 3] = [
    Framework {
        module: "tensorflow",
        package: "tensorflow[and-cuda]",
        count: "len(it.config.list_physical_devices('GPU'))",
    },
    Framework { module: "torch", package: "torch", count: "it.cuda.device_count()" },
    Framework {
        module: "jax",
        package: "jax[cuda12]",
        count: "sum(one.platform == 'gpu' for one in it.devices())",
    },
];

/// A program with the environment of a local run's commands, in a folder without the user's code.
pub(crate) fn command(config: &LocalConfig, program: &Path) -> Command {
    let mut command = Command::new(program);
    command.env_clear().envs(&config.env).current_dir("/");
    command
}

/// How pip is looked for where an interpreter has none for environments, with the cache's folder.
#[derive(Clone, Copy)]
pub(crate) enum Pip<'a> {
    /// So that nothing stays.
    Looked(&'a Path),
    /// So that environments find it in the cache.
    Kept(&'a Path),
}

/// The interpreter that a local run would use. `interpreter` makes a command that starts it, which
/// goes by its program's name.
pub(crate) fn python(
    interpreter: &dyn Fn() -> Command,
    pip: Pip<'_>,
    is_left: &dyn Fn() -> bool,
) -> PythonFacts {
    let name = interpreter().get_program().to_string_lossy().into_owned();
    let asked = |limit, args: &[&str]| ask(interpreter().args(args), limit, is_left);
    let answer = match asked(ANSWER, &["-c", ABOUT]) {
        Ok(answer) if answer.status.success() => answer,
        Ok(answer) => return PythonFacts::Broken(name, answer.complaint()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return PythonFacts::Missing(name),
        Err(error) => return PythonFacts::Broken(name, error.to_string()),
    };
    let About { path, version, number, has_venv } = match serde_json::from_str(&answer.stdout) {
        Ok(about) => about,
        Err(error) => return PythonFacts::Broken(name, error.to_string()),
    };
    let environments = if !has_venv {
        Environments::NoVenv
    } else if asked(ANSWER, &["-c", ENSUREPIP]).is_ok_and(|answer| answer.status.success()) {
        Environments::Whole
    } else if let Err(error) = sys::check_own(&match pip {
        Pip::Looked(cache) | Pip::Kept(cache) => pip_folder(cache),
    }) {
        // What lies there would be run.
        Environments::NoPip(error.to_string())
    } else {
        let (cache, look) = match pip {
            Pip::Looked(cache) => (cache, Some("--look")),
            Pip::Kept(cache) => (cache, None),
        };
        let folder = pip_folder(cache).to_string_lossy().into_owned();
        let args: Vec<&str> = ["-I", "-c", PIP].into_iter().chain(look).chain([&*folder]).collect();
        match asked(DOWNLOAD, &args) {
            Ok(answer) if answer.status.success() => {
                let from = answer.stdout.lines().next().unwrap_or_default();
                Environments::Brought(from.to_owned())
            }
            Ok(answer) => Environments::NoPip(answer.complaint()),
            Err(error) => Environments::NoPip(error.to_string()),
        }
    };
    PythonFacts::There { path, version, number, environments }
}

/// Imports a framework, and asks it for GPUs where there are some.
pub(crate) fn framework(
    config: &LocalConfig,
    framework: &Framework,
    has_gpus: bool,
    visit: &Visit,
) -> FrameworkFacts {
    let Framework { module, count, .. } = framework;
    let count = if has_gpus { count } else { "-1" };
    // Frameworks write much of their own on both streams: the answer is the last line.
    let script = format!(
        "import importlib.util as u, sys
if u.find_spec('{module}') is None: sys.exit(77)
import {module} as it
print('\\n' + str(it.__version__), {count})"
    );
    let mut asked = command(config, Path::new(INTERPRETER));
    // Whoever only looks takes no card's memory.
    asked.env("TF_CPP_MIN_LOG_LEVEL", "3").env("XLA_PYTHON_CLIENT_PREALLOCATE", "false");
    let answer = match ask(asked.args(["-c", &script]), IMPORT, &|| visit.is_stopped()) {
        Ok(answer) => answer,
        Err(error) if error.kind() == io::ErrorKind::TimedOut => return FrameworkFacts::Slow,
        Err(error) => return FrameworkFacts::Broken(error.to_string()),
    };
    if answer.status.code() == Some(77) {
        return FrameworkFacts::Missing;
    }
    let last = answer.stdout.lines().next_back().unwrap_or_default();
    match last.rsplit_once(' ') {
        Some((version, gpus)) if answer.status.success() => FrameworkFacts::There {
            version: version.to_owned(),
            gpus: gpus.parse().ok().filter(|_| has_gpus),
        },
        _ => FrameworkFacts::Broken(answer.complaint()),
    }
}

/// What nvidia-smi says; without it, what is on the bus.
pub(crate) fn gpus(config: &LocalConfig, visit: &Visit) -> GpuFacts {
    let (gpus, driver) = match config.nvidia_smi.look(&|| visit.is_stopped()) {
        Ok(found) => found,
        Err(DriverError::Missing) => {
            return GpuFacts::NoProgram(cards(Path::new("/sys/bus/pci/devices")));
        }
        Err(error) => return GpuFacts::Broken(error.to_string()),
    };
    let shown = shown_by_environment(config, &gpus);
    let names = gpus.into_iter().map(|gpu| gpu.name).collect();
    GpuFacts::There { names, driver: driver.unwrap_or_default(), shown }
}

/// NVIDIA's graphics and compute cards on the bus.
fn cards(devices: &Path) -> usize {
    let is_card = |device: PathBuf| {
        let read = |name: &str| fs_err::read_to_string(device.join(name)).unwrap_or_default();
        // The same maker sells bridges and sound devices.
        read("vendor").trim() == "0x10de" && read("class").starts_with("0x03")
    };
    let entries = fs_err::read_dir(devices).into_iter().flatten().flatten();
    entries.filter(|entry| is_card(entry.path())).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_cards_of_the_maker_count() {
        let bus = tempfile::tempdir().unwrap();
        for (name, vendor, class) in [
            ("a", "0x10de\n", "0x030200\n"),
            ("b", "0x10de\n", "0x040300\n"),
            ("c", "0x1002\n", "0x030000\n"),
        ] {
            let device = bus.path().join(name);
            fs_err::create_dir(&device).unwrap();
            fs_err::write(device.join("vendor"), vendor).unwrap();
            fs_err::write(device.join("class"), class).unwrap();
        }
        assert_eq!(cards(bus.path()), 1);
        assert_eq!(cards(&bus.path().join("none")), 0);
    }
}

//! The program that speaks for NVIDIA's driver, and how it fails: said in the same words by whoever asks it.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::hardware::gpus::{APPS_QUERY, GPU_QUERY, Gpu, GpuProcess, apps, gpus, slices};
use crate::sys::{Answer, ask};

/// A driver that answers does so within this time, also on a machine of eight GPUs that sleep.
const ANSWER: Duration = Duration::from_secs(10);
/// One that has just hung is not asked again for so long: every question would take as long.
const HUNG: Duration = Duration::from_mins(1);

/// Which GPUs a machine has is asked again after this time: a run that waits asks for hours, and each
/// answer costs a driver that sleeps a second.
const LISTED: Duration = Duration::from_secs(10);

/// nvidia-smi: where it is, whether it has just hung, and what it has listed.
#[derive(Clone, Debug)]
pub struct NvidiaSmi {
    program: PathBuf,
    hung: Arc<Mutex<Option<Instant>>>,
    listed: Arc<Mutex<Option<Listed>>>,
}

/// When the driver was asked, and what it said.
type Listed = (Instant, Vec<Gpu>);

impl From<&str> for NvidiaSmi {
    /// A path, or a name that is looked up in `PATH`.
    fn from(program: &str) -> Self {
        Self { program: program.into(), hung: Arc::default(), listed: Arc::default() }
    }
}

/// Why the driver says nothing that could be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum DriverError {
    /// There is no such program.
    Missing,
    /// It doesn't come to an end.
    Hangs,
    /// It ends with an error; what it says.
    Failed(String),
    /// It ends well and prints something else than what it was asked for.
    Garbled(String),
}

impl fmt::Display for DriverError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => {
                f.write_str("this machine has no nvidia-smi, which comes with NVIDIA's driver")
            }
            Self::Hangs => {
                write!(
                    f,
                    "nvidia-smi gives no answer within {} s: its driver hangs",
                    ANSWER.as_secs()
                )
            }
            Self::Failed(words) => write!(f, "nvidia-smi failed: {words}"),
            Self::Garbled(words) => {
                write!(f, "nvidia-smi prints what is no list of GPUs: {words}")
            }
        }
    }
}

impl NvidiaSmi {
    /// Whether there is such a program; nothing is started.
    pub(crate) fn is_there(&self, path: &str) -> bool {
        if self.program.components().count() > 1 {
            return self.program.is_file();
        }
        std::env::split_paths(path).any(|dir: PathBuf| is_program(&dir, &self.program))
    }

    /// Its standard output, trimmed.
    pub(crate) fn output(
        &self,
        args: &[&str],
        is_left: &dyn Fn() -> bool,
    ) -> Result<String, DriverError> {
        let hung = || self.hung.lock().unwrap_or_else(PoisonError::into_inner);
        if hung().is_some_and(|at| at.elapsed() < HUNG) {
            return Err(DriverError::Hangs);
        }
        match ask(Command::new(&self.program).args(args), ANSWER, is_left) {
            Ok(answer) => said(&answer),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(DriverError::Missing),
            Err(error) if error.kind() == io::ErrorKind::TimedOut => {
                *hung() = Some(Instant::now());
                Err(DriverError::Hangs)
            }
            Err(error) => Err(DriverError::Failed(error.to_string())),
        }
    }

    /// All GPUs in the order of their numbers, those under MIG with their slices.
    pub(crate) fn gpus(&self) -> Result<Vec<Gpu>, DriverError> {
        let listed = || self.listed.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((at, gpus)) = &*listed()
            && at.elapsed() < LISTED
        {
            return Ok(gpus.clone());
        }
        let (gpus, _) = self.look(&|| false)?;
        *listed() = Some((Instant::now(), gpus.clone()));
        Ok(gpus)
    }

    /// The same as they are now, and the version of the driver where there is a GPU.
    pub(crate) fn look(
        &self,
        is_left: &dyn Fn() -> bool,
    ) -> Result<(Vec<Gpu>, Option<String>), DriverError> {
        let text = self.output(&GPU_QUERY, is_left)?;
        let (mut gpus, driver) = gpus(&text).ok_or_else(|| garbled(&text))?;
        if gpus.iter().any(|gpu| gpu.mig == Some(true)) {
            let all = slices(&self.output(&["-L"], is_left)?);
            for gpu in &mut gpus {
                let mine = all.iter().filter(|(uuid, _)| *uuid == gpu.uuid);
                gpu.slices = mine.map(|(_, slice)| slice.clone()).collect();
            }
        }
        Ok((gpus, driver))
    }

    /// The processes that use GPUs, each with the UUID of its GPU; none where the driver doesn't say.
    pub(crate) fn processes(&self) -> Vec<(String, GpuProcess)> {
        apps(&self.output(&APPS_QUERY, &|| false).unwrap_or_default())
    }
}

/// What is printed where a list of GPUs was asked for, as far as it names the trouble.
fn garbled(text: &str) -> DriverError {
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    DriverError::Garbled(words.chars().take(120).collect())
}

/// Standard output, or what went wrong in nvidia-smi's own words: it writes them there too.
fn said(answer: &Answer) -> Result<String, DriverError> {
    let stdout = answer.stdout.trim();
    // It ends with an error where there is a driver and no GPU.
    if answer.status.success() || stdout.starts_with("No devices") {
        return Ok(stdout.to_owned());
    }
    let all = [stdout, answer.stderr.as_str()].join(" ");
    let words = all.split_whitespace().collect::<Vec<_>>().join(" ");
    let words = if words.is_empty() { answer.status.to_string() } else { words };
    Err(DriverError::Failed(words))
}

fn is_program(dir: &Path, name: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    let found = fs_err::metadata(dir.join(name));
    found.is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
}

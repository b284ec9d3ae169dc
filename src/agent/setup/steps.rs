//! The steps of a set-up, each a guarded process.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use super::environment::with_python;
use crate::agent::config::AgentRuntime;
use crate::agent::input::{SetupDone, SetupError};
use crate::agent::log::Log;
use crate::agent::process::{Control, Ended, Program, Sink, run};
use crate::gang::ExitStatus;
use crate::spec::Setup;
use crate::text::signal_name;

/// What the steps of a set-up need.
pub(crate) struct Steps<'a> {
    /// The path of this program, for guard processes.
    pub(crate) exe: &'a Path,
    pub(crate) setup: &'a Setup,
    /// The run that this is for.
    pub(crate) run: &'a str,
    pub(crate) runtime: AgentRuntime,
    /// The variables that every step gets.
    pub(crate) env: &'a [(String, String)],
    /// The working folder, with the code in it.
    pub(crate) cwd: &'a Path,
    /// Where environments are cached by their content.
    pub(crate) cache: &'a Path,
    pub(crate) log: &'a Arc<Log>,
    pub(crate) control: &'a Control,
}

impl Steps<'_> {
    /// Runs all steps. The second value is `true` when there was nothing to do, because the Python
    /// environment was in the cache.
    pub(crate) fn run(&self) -> Result<(SetupDone, bool), SetupError> {
        let mut done = SetupDone::default();
        let mut cached = true;
        if let Some(python) = &self.setup.python {
            let (made, found) = self.python(python)?;
            done.python = Some(made.place);
            done.once = made.once;
            cached = found;
        }
        if let Some(script) = &self.setup.shell {
            cached = false;
            let env = with_python(self.env, done.python.as_ref());
            let argv = ["sh", "-e", "-c", script].map(str::to_owned).to_vec();
            self.step(argv, env, "the set-up script")?;
        }
        Ok((done, cached))
    }

    /// An error when somebody wants set-up to end.
    pub(super) fn fail_if_ended(&self) -> Result<(), SetupError> {
        if self.control.is_ended() {
            return Err(SetupError("ended during set-up".into()));
        }
        Ok(())
    }

    /// Writes a line into the log.
    pub(super) fn say(&self, line: &str) {
        self.log.setup_output(format!("{line}\n").as_bytes());
    }

    /// Runs a program to its end. `what` names it in the error.
    pub(super) fn step(
        &self,
        argv: Vec<String>,
        env: Vec<(String, String)>,
        what: &str,
    ) -> Result<(), SetupError> {
        self.fail_if_ended()?;
        let log = Arc::clone(self.log);
        let sink: Sink = Arc::new(move |bytes: &[u8]| log.setup_output(bytes));
        let program = Program { argv, env, cwd: self.cwd.to_owned(), lets_go: false };
        let ended = run(self.exe, &program, &sink, self.control, |_| {});
        let why = match ended {
            Ok(Ended::Exited(ExitStatus::Code(0))) => return Ok(()),
            Ok(Ended::Exited(ExitStatus::Code(code))) => format!("exit code {code}"),
            Ok(Ended::Exited(ExitStatus::Signal(signal))) => {
                format!("killed by {}", signal_name(signal))
            }
            Ok(Ended::Exited(ExitStatus::NotStarted)) => "it could not be started".into(),
            Ok(Ended::NotStarted { reason, .. } | Ended::Failed { reason, .. }) => reason,
            Ok(Ended::GuardLost) => "killed".into(),
            Err(error) => error.to_string(),
        };
        let mut message = format!("{what} failed: {why}");
        let lines = self.log.end();
        if let Some(line) = lines.iter().rfind(|line| line.contains("ERROR")).or(lines.last()) {
            // Writing to a String can't fail.
            let _ = write!(message, ": {line}");
        }
        Err(SetupError(message))
    }
}

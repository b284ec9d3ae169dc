//! The local runtime behind the trait of all runtimes.

use std::os::unix::process::ExitStatusExt;
use std::path::Path;

use rustix::process::Signal;

use super::config::LocalConfig;
use super::{check, claimed, holdings, launch, machine, observe, process};
use crate::agent;
use crate::event::Cursor;
use crate::event::Event;
use crate::gang::ReplicaId;
use crate::plan::{Plan, RuntimeDefaults};
use crate::runtime::log_files::FileLogs;
use crate::runtime::{
    ExecRequest, GpuView, Inventory, LogQuery, LogReader, Notice, Outputs, Runs, RuntimeError,
    SecretValues, SubmitOptions,
};
use crate::runtime::{Holding, Holdings, LOCAL};
use crate::storage::Place;
use crate::store::{ProcessName, RunPaths};
use crate::sys;

/// Gangs as processes of this machine.
#[derive(Clone, Debug)]
pub struct Local {
    pub(crate) config: LocalConfig,
}

impl Local {
    /// A runtime with these surroundings.
    pub fn new(config: LocalConfig) -> Self {
        Self { config }
    }
}

impl Runs for Local {
    fn name(&self) -> String {
        LOCAL.into()
    }

    fn defaults(&self) -> RuntimeDefaults {
        RuntimeDefaults::LOCAL
    }

    fn check(&self, plan: &Plan, options: &SubmitOptions) -> Result<Vec<Notice>, RuntimeError> {
        check::check(&self.config, plan, options)
    }

    fn ensure(
        &self,
        plan: &Plan,
        run: &RunPaths,
        secrets: &SecretValues,
        options: &SubmitOptions,
    ) -> Result<Vec<Notice>, RuntimeError> {
        let launched = launch::launch(&self.config, plan, run, secrets, options);
        if launched.is_err() && !matches!(launched, Err(RuntimeError::Queued(_))) {
            // Agents that were started before the error must not outlive a failed submission.
            self.remove(run)?;
            if let Ok(Some(base)) = check::output_dir(plan, &self.config.claims)
                && !Place::from(base.as_str()).is_url()
            {
                // What can't be given back is said when somebody wants the folder.
                let _ = claimed::give_back(Path::new(&base), &run.run);
            }
        }
        launched
    }

    fn observe(&self, run: &RunPaths, cursor: &mut Cursor) -> Result<Vec<Event>, RuntimeError> {
        observe::observe(run, cursor)
    }

    fn cancel(&self, run: &RunPaths, by: &str) -> Result<Vec<Notice>, RuntimeError> {
        let Some(launched) = launch::launched(run) else {
            if process::is_submitting(run) {
                launch::withdraw(run, by)?;
            }
            self.remove(run)?;
            return Ok(Vec::new());
        };
        let token = sys::read_own(&run.token())?;
        let mut unheard = false;
        for (leader, address) in launched.leaders(run) {
            let lives = process::agent_lives(run, &leader);
            // A task whose agent has ended has nothing that could be cancelled.
            if (lives || !launched.tasks) && agent::cancel(&address, &token, &run.run, by).is_err()
            {
                unheard |= !launched.tasks || process::agent_lives(run, &leader);
            }
        }
        if unheard {
            // Who does not answer can't decide. Each agent ends its own command on SIGTERM.
            process::signal_agents(run, Signal::TERM);
        }
        Ok(Vec::new())
    }

    fn is_gone(&self, run: &RunPaths) -> Result<bool, RuntimeError> {
        let gone = !process::anything_lives(run);
        let gang = launch::launched(run).filter(|launched| !launched.tasks);
        let primary = gang.and_then(|launched| launched.replicas.first().cloned());
        if !gone && primary.is_some_and(|primary| !process::agent_lives(run, &primary)) {
            // Nothing replaces a dead primary on this machine: agents that have not joined it would
            // wait in vain.
            process::signal_agents(run, Signal::TERM);
        }
        if gone {
            // Killed agents leave processes and leases behind.
            process::sweep(run);
            launch::release(run);
        }
        Ok(gone)
    }

    fn remove(&self, run: &RunPaths) -> Result<(), RuntimeError> {
        process::signal_agents(run, Signal::KILL);
        process::sweep(run);
        launch::release(run);
        Ok(())
    }

    fn exec(
        &self,
        run: &RunPaths,
        replica: &ReplicaId,
        request: &ExecRequest,
    ) -> Result<u8, RuntimeError> {
        let gone = || RuntimeError::Unsupported(format!("{replica} runs no command now"));
        let agent = process::recorded(run, ProcessName::Replica(replica))
            .filter(|mark| mark.is_alive())
            .ok_or_else(gone)?;
        let status = agent::beside(agent.pid, &request.argv)
            .ok_or_else(gone)?
            .status()
            .map_err(|error| RuntimeError::NotRun(request.argv.join(" "), error))?;
        let code = status.code().or_else(|| status.signal().map(|signal| 128 + signal));
        Ok(code.and_then(|code| u8::try_from(code).ok()).unwrap_or(1))
    }
}

impl Outputs for Local {
    fn logs(&self, run: &RunPaths, query: &LogQuery) -> Result<Box<dyn LogReader>, RuntimeError> {
        let launched = launch::launched(run);
        let (nonce, replicas) =
            launched.map_or_else(Default::default, |known| (known.nonce, known.replicas));
        Ok(Box::new(FileLogs::open(run, query, &nonce, replicas)))
    }
}

impl Inventory for Local {
    fn holdings(&self) -> Result<Holdings, RuntimeError> {
        Ok(holdings::holdings(&self.config))
    }

    fn discard(&self, holding: &Holding) -> Result<(), RuntimeError> {
        holdings::discard(&self.config, holding)
    }

    fn gpus(&self) -> Result<GpuView, RuntimeError> {
        machine::machine(&self.config)
    }
}

//! Running things: what a runtime does with a plan, from its submission to its last process.

use std::net::SocketAddr;

use jiff::Timestamp;

use super::{
    ExecRequest, Inventory, Notes, Notice, Outputs, RuntimeError, SecretValues, SubmitOptions,
};
use crate::event::{Cursor, Event};
use crate::gang::{ReplicaId, RunId};
use crate::plan::{Plan, RuntimeDefaults};
use crate::store::RunPaths;

/// The name of this machine's runtime.
pub const LOCAL: &str = "local";

/// Runs things and says what happens to them.
pub trait Runs {
    /// `local`, or `<context>/<namespace>` of a cluster. Recorded with every run,
    /// which is found again by it.
    fn name(&self) -> String;

    /// The name by which the runtime knows this user; `None` where it knows none.
    fn who(&self) -> Result<Option<String>, RuntimeError> {
        Ok(None)
    }

    /// The time where its runs are, by which their ages are judged: the clock of this machine may be
    /// another one, and wrong.
    fn time(&self) -> Timestamp {
        Timestamp::now()
    }

    /// The timeouts that hold here where a spec names none.
    fn defaults(&self) -> RuntimeDefaults;

    /// Fills in what only the runtime can find out: the command of an image.
    fn complete(&self, plan: &mut Plan) -> Result<(), RuntimeError> {
        let _ = plan;
        Ok(())
    }

    /// Finds out, before anything is created, whether the plan can run here. Returns what the user
    /// should know; the error names every reason against it at once.
    fn check(&self, plan: &Plan, options: &SubmitOptions) -> Result<Vec<Notice>, RuntimeError>;

    /// Starts the plan's unit. When it returns, the unit goes on without mlctl. A second call for the
    /// same run changes nothing.
    fn ensure(
        &self,
        plan: &Plan,
        run: &RunPaths,
        secrets: &SecretValues,
        options: &SubmitOptions,
    ) -> Result<Vec<Notice>, RuntimeError>;

    /// Called before [`Runs::observe`] of each of these runs: a runtime for which every request
    /// takes time can ask for all of them at once here.
    fn prepare(&self, _runs: &[RunId]) -> Result<(), RuntimeError> {
        Ok(())
    }

    /// Everything that has happened since `cursor`, in order; moves the cursor. When the gang has
    /// ended, or nothing of it is left, the last event is `Finished`.
    fn observe(&self, run: &RunPaths, cursor: &mut Cursor) -> Result<Vec<Event>, RuntimeError>;

    /// Asks the gang to end as cancelled; returns at once.
    fn cancel(&self, run: &RunPaths, by: &str) -> Result<Vec<Notice>, RuntimeError>;

    /// True when no process or pod of the run is left. After the verdict that takes a moment, while
    /// agents end their commands.
    fn is_gone(&self, run: &RunPaths) -> Result<bool, RuntimeError>;

    /// The same, for whoever has seen the verdict and the end of every command: true as well where agents
    /// alone are left, which end by themselves in a moment.
    fn is_settled(&self, run: &RunPaths) -> Result<bool, RuntimeError> {
        self.is_gone(run)
    }

    /// Ends whatever is left of the run. "Not there" is success.
    fn remove(&self, run: &RunPaths) -> Result<(), RuntimeError>;

    /// An address of this machine by which callers reach an endpoint for as long as this process lives; `None`
    /// where its own URL is reached from here.
    fn reach(&self, endpoint: &RunId) -> Result<Option<SocketAddr>, RuntimeError> {
        let _ = endpoint;
        Ok(None)
    }

    /// Runs a command beside a replica's, in the same environment and folder, to its end; gives its
    /// exit status.
    fn exec(
        &self,
        run: &RunPaths,
        replica: &ReplicaId,
        request: &ExecRequest,
    ) -> Result<u8, RuntimeError>;

    /// The same beside the server of an endpoint's replica, where that is a pod and no run.
    fn exec_in(
        &self,
        endpoint: &RunPaths,
        pod: &str,
        request: &ExecRequest,
    ) -> Result<u8, RuntimeError> {
        let _ = (endpoint, request);
        Err(RuntimeError::Unsupported(format!("{pod} is no replica that runs now")))
    }

    /// Deletes Deployments of an endpoint that nothing names any more, with what their pods read.
    fn discard_deployments(
        &self,
        endpoint: &RunPaths,
        deployments: &[RunId],
    ) -> Result<(), RuntimeError> {
        let _ = (endpoint, deployments);
        Ok(())
    }
}

/// A whole runtime. Callers ask for the part that they need.
pub trait Runtime: Runs + Outputs + Inventory + Notes + Sync {}

impl<T: Runs + Outputs + Inventory + Notes + Sync> Runtime for T {}

//! The threads on which everything is asked that is not on this machine.

use std::cell::OnceCell;
use std::rc::Rc;

use tokio::runtime::{Builder, Handle};

use super::{CliError, Context};

/// The one Tokio runtime of a command. It is made when something is first asked from afar, so that
/// commands about this machine alone start no threads. It ends with the process: a name that is being
/// looked up, or a cut connection, must not hold the command up.
#[derive(Clone, Debug, Default)]
pub(super) struct Threads(Rc<OnceCell<Handle>>);

impl Context {
    /// Where requests run; whoever waits for an answer blocks on it.
    pub fn handle(&self) -> Result<Handle, CliError> {
        if let Some(handle) = self.threads.0.get() {
            return Ok(handle.clone());
        }
        let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        let handle = runtime.handle().clone();
        // Dropping it would wait for what its threads are doing.
        std::mem::forget(runtime);
        Ok(self.threads.0.get_or_init(|| handle).clone())
    }
}

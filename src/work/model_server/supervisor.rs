//! A server over all its lives: started, watched, started again, ended.

use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

use super::launch::Launch;
use super::probe::Probe;
use super::process::{Output, Running};
use super::ready::ready;
use super::state::ServerState;
use crate::plan::ServerPlan;

/// The pause between two questions whether it is ready.
const BETWEEN_PROBES: Duration = Duration::from_millis(100);
/// The pause before the first restart; each further one is twice as long, up to the limit.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// How a server is started and ended.
#[derive(Clone)]
pub struct ServerOptions {
    /// What the plan says of it.
    pub plan: ServerPlan,
    /// What it is started with.
    pub launch: Launch,
    /// From SIGTERM to SIGKILL.
    pub grace: Duration,
    /// Takes its output line by line, and a line of its own for each start and end.
    pub output: Output,
}

/// A model server beside the worker. It is watched until [`Self::end`] is called; dropped before, it
/// is killed, but what it has started may live on.
pub struct ModelServer {
    state: watch::Receiver<ServerState>,
    end: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl ModelServer {
    /// Starts it. Whether that went well is told by its state.
    pub fn start(options: ServerOptions) -> Self {
        let (state, seen) = watch::channel(ServerState::Starting);
        let (end, ending) = watch::channel(false);
        let task = tokio::spawn(supervise(options, state, ending));
        Self { state: seen, end, task }
    }

    /// Whether it can be asked, as that changes.
    pub fn state(&self) -> watch::Receiver<ServerState> {
        self.state.clone()
    }

    /// Ends it; it is gone when this returns.
    pub async fn end(self) {
        // Nobody listens where it has ended already.
        let _ = self.end.send(true);
        let _ = self.task.await;
    }
}

/// How one life of a server went.
enum Life {
    /// It ended by itself: how, and with which last lines.
    Died(String),
    /// Another start would not help.
    Hopeless(String),
    /// The worker ended it.
    Ended,
}

async fn supervise(
    options: ServerOptions,
    state: watch::Sender<ServerState>,
    mut ending: watch::Receiver<bool>,
) {
    let mut pause = FIRST_PAUSE;
    let mut restarts = 0;
    let reason = loop {
        let died = match live(&options, &state, &mut ending).await {
            Life::Ended => break None,
            Life::Hopeless(reason) => break Some(reason),
            Life::Died(how) => how,
        };
        if restarts == options.plan.restarts {
            let budget = match restarts {
                0 => String::new(),
                times => format!(" (it had been restarted {times} times)"),
            };
            break Some(format!("the model server {died}{budget}"));
        }
        restarts += 1;
        state.send_replace(ServerState::Starting);
        let left = options.plan.restarts - restarts;
        (options.output)(&format!(
            "the model server {died}; it is started again, and may be {left} times more"
        ));
        tokio::select! {
            () = sleep(pause) => pause = (pause * 2).min(LONGEST_PAUSE),
            _ = ending.wait_for(|end| *end) => break None,
        }
    };
    if let Some(reason) = &reason {
        (options.output)(reason);
    }
    // Whoever still waits for the server learns that nobody looks after it any more.
    let ended = || "the worker has ended its model server".to_owned();
    state.send_replace(ServerState::Gone(reason.unwrap_or_else(ended)));
}

async fn live(
    options: &ServerOptions,
    state: &watch::Sender<ServerState>,
    ending: &mut watch::Receiver<bool>,
) -> Life {
    let mut running = match Running::start(&options.launch, &options.output) {
        Ok(running) => running,
        Err(error) => {
            let program = options.launch.argv.first().map_or("no command", String::as_str);
            return Life::Hopeless(format!(
                "the model server can't be started: {program}: {error}; name its program in \
                 `model.command`, or an `image` that has it"
            ));
        }
    };
    let begun = tokio::select! {
        how = running.ended() => Err(Some(format!("{how} before it was ready"))),
        _ = ending.wait_for(|end| *end) => Err(None),
        begun = until_ready(options) => Ok(begun),
    };
    let end = match begun {
        Ok(Ok(())) => {
            state.send_replace(ServerState::Ready);
            tokio::select! {
                how = running.ended() => Some(how),
                _ = ending.wait_for(|end| *end) => None,
            }
        }
        Ok(Err(missing)) => {
            let last = running.end(options.grace).await;
            return Life::Hopeless(format!(
                "the model server was not ready within {:?}: {missing}{last}",
                options.plan.start_timeout
            ));
        }
        Err(end) => end,
    };
    if let Some(how) = end {
        let last = running.rest().await;
        Life::Died(format!("{how}{last}"))
    } else {
        running.end(options.grace).await;
        Life::Ended
    }
}

/// Waits until it is ready; what was missing at the last look when the time is over.
async fn until_ready(options: &ServerOptions) -> Result<(), String> {
    let deadline = Instant::now() + options.plan.start_timeout;
    let probe = Probe::new(&options.launch.base)?;
    loop {
        let Err(missing) = ready(&options.plan, &options.launch, &probe).await else {
            return Ok(());
        };
        if Instant::now() >= deadline {
            return Err(missing);
        }
        sleep(BETWEEN_PROBES).await;
    }
}

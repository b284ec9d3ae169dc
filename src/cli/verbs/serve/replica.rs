//! The hidden verb that is one replica of an endpoint, with its model server beside it.

use std::fmt::Display;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Builder;

use crate::cli::interrupt::Interrupts;
use crate::cli::{CliError, Env, ErrorKind};
use crate::gang::RunId;
use crate::plan::ServingPlan;
use crate::runtime::kubernetes::endpoint::variable;
use crate::store::EndpointPaths;
use crate::ui::Printer;
use crate::work::serve::{ReplicaEnd, ReplicaPlace, serve_replica};

/// How soon a signal is seen.
const SIGNAL_PERIOD: Duration = Duration::from_millis(20);
/// What a shell says of a command that SIGTERM has ended.
const TERMINATED: u8 = 143;

/// Arguments of `serve-replica`.
#[derive(Debug, clap::Args)]
pub struct ServeReplicaArgs {
    /// The model server's program and its arguments
    #[arg(last = true)]
    pub server: Vec<String>,
}

/// Serves until it is told to go. The exit code is 143 then, and 1 when its server can't go on.
pub fn serve_replica_verb(
    env: &Env,
    args: &ServeReplicaArgs,
    printer: &Printer,
) -> Result<u8, CliError> {
    let wrong = |name: &str, reason: &dyn Display| {
        CliError::new(ErrorKind::Usage, format!("{name}: {reason}"))
            .hint("this verb is run by the agent of an endpoint's replica")
    };
    let variable = |name: &str| env.get(name).ok_or_else(|| wrong(name, &"is not set"));
    let serving: ServingPlan = serde_json::from_str(variable("MLCTL_SERVING")?)
        .map_err(|error| wrong("MLCTL_SERVING", &error))?;
    let ready = match env.get("MLCTL_SERVES") {
        None => None,
        Some(endpoint) => {
            let id =
                |name: &str, text: &str| text.parse::<RunId>().map_err(|error| wrong(name, &error));
            let endpoint = id("MLCTL_SERVES", endpoint)?;
            let run = id("MLCTL_RUN", variable("MLCTL_RUN")?)?;
            Some(EndpointPaths::new(&env.state_dir()?, &endpoint).ready(&run))
        }
    };
    let interrupts = Interrupts::listen()?;
    let printer = printer.clone();
    let (of_server, own) = (printer.clone(), printer.clone());
    let tell = move |line: &str| own.line(line.to_owned());
    let cache = env.cache_dir()?;
    let place = ReplicaPlace {
        command: args.server.clone(),
        environment: &env.vars,
        home: env.home.clone(),
        cache: &cache,
        ready: ready.as_deref(),
        pod: pod_address(env)?,
        output: Arc::new(move |line: &str| of_server.line(line.to_owned())),
        tell: &tell,
    };
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let end = runtime.block_on(serve_replica(&serving, place, asked(&interrupts)));
    match end.map_err(|error| CliError::new(ErrorKind::Internal, error.to_string()))? {
        ReplicaEnd::Asked => Ok(TERMINATED),
        ReplicaEnd::Gone(reason) => Err(CliError::new(ErrorKind::Internal, reason)),
    }
}

/// The address of the pod that this is, where it is one.
fn pod_address(env: &Env) -> Result<Option<IpAddr>, CliError> {
    let Some(text) = env.get(variable::ADDRESS) else { return Ok(None) };
    text.parse().map(Some).map_err(|error| {
        CliError::new(ErrorKind::Usage, format!("{}: `{text}`: {error}", variable::ADDRESS))
    })
}

async fn asked(interrupts: &Interrupts) {
    while interrupts.count() == 0 {
        tokio::time::sleep(SIGNAL_PERIOD).await;
    }
}

//! The hidden verb that does one replica's part of a batch prediction, with a model server beside it.

use std::fmt::Display;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::runtime::Builder;
use tokio::task::JoinSet;

use crate::cli::error::exit;
use crate::cli::interrupt::Interrupts;
use crate::cli::{CliError, Env, ErrorKind};
use crate::plan::{BatchPlan, Protocol};
use crate::storage::{NoProgress, StorageConfig, Stores};
use crate::sys;
use crate::ui::Printer;
use crate::work::batch::{WorkerEnd, WorkerPlace, WorkerProgress, run_worker};
use crate::work::model_server::{
    Launch, ModelServer, ServerOptions, free_ports, stage, tensorflow_server,
};
use crate::work::protocol::{Client, ClientOptions, Connection, Token};

/// Between two lines about progress.
const REPORT_PERIOD: Duration = Duration::from_secs(2);
/// How soon a signal is seen.
const SIGNAL_PERIOD: Duration = Duration::from_millis(100);
/// From SIGTERM to SIGKILL for the model server: shorter than what an agent gives its command.
const SERVER_GRACE: Duration = Duration::from_secs(5);
/// What a shell says of a command that SIGTERM has ended.
const TERMINATED: u8 = 143;

/// Arguments of `batch-worker`.
#[derive(Debug, clap::Args)]
pub struct BatchWorkerArgs {
    /// The model server's program and its arguments
    #[arg(last = true)]
    pub server: Vec<String>,
}

/// What the variables say that a replica's agent sets.
struct Told {
    plan: BatchPlan,
    place: WorkerPlace,
}

/// Works until the whole job is done. The exit code is 0 then, 21 when more rows have failed than may,
/// and 1 when it can't go on.
pub fn batch_worker(env: &Env, args: &BatchWorkerArgs, printer: &Printer) -> Result<u8, CliError> {
    let Told { plan, place } = told(env)?;
    let interrupts = Interrupts::listen()?;
    let runtime = Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let server = server(env, &plan, &args.server, printer).await?;
        let done = tokio::select! {
            done = work(env, &plan, place, &server, printer) => done,
            () = signal(&interrupts) => Ok(TERMINATED),
        };
        if let (Some(server), _) = server {
            server.end().await;
        }
        done
    })
}

fn told(env: &Env) -> Result<Told, CliError> {
    let wrong = |name: &str, reason: &dyn Display| {
        let message = format!("{name}: {reason}");
        CliError::new(ErrorKind::Usage, message)
            .hint("this verb is run by the agent of a batch prediction: use `mlctl batch-predict`")
    };
    let variable = |name: &str| env.get(name).ok_or_else(|| wrong(name, &"is not set"));
    let number = |name: &str| variable(name)?.parse::<u32>().map_err(|error| wrong(name, &error));
    let plan = serde_json::from_str(variable("MLCTL_BATCH")?)
        .map_err(|error| wrong("MLCTL_BATCH", &error))?;
    let (index, replicas) = (number("RANK")?, number("WORLD_SIZE")?);
    // The same replica may be started again while what it has begun to write is still on its way.
    let writer = format!("w{index}-{}", sys::random_word(8)?);
    Ok(Told { plan, place: WorkerPlace { index, replicas, writer } })
}

async fn signal(interrupts: &Interrupts) {
    while interrupts.count() == 0 {
        tokio::time::sleep(SIGNAL_PERIOD).await;
    }
}

fn stores(env: &Env, plan: &BatchPlan) -> Stores {
    Stores::new(StorageConfig {
        env: env.vars.clone(),
        home: env.home.clone(),
        buckets: plan.storage.clone(),
    })
}

/// The server of this worker, with its address; only the address where somebody else serves.
async fn server(
    env: &Env,
    plan: &BatchPlan,
    command: &[String],
    printer: &Printer,
) -> Result<(Option<ModelServer>, String), CliError> {
    if let Some(address) = &plan.server.address {
        return Ok((None, address.clone()));
    }
    let cache = env.cache_dir()?;
    let staged = stage(&stores(env, plan), &plan.server, &cache, &NoProgress).await;
    let model = staged.map_err(failed)?;
    let path = env.get("PATH").unwrap_or_default();
    let command = tensorflow_server(command.to_vec(), path, &cache)?;
    let ports = free_ports(&plan.server)?;
    let launch = Launch::new(&plan.server, &command, &env.vars, ports, model.as_deref());
    let base = launch.base.clone();
    let printer = printer.clone();
    // The mark keeps a server's line from being taken for the worker's own.
    let output = move |line: &str| printer.line(format!("server: {line}"));
    let options = ServerOptions {
        plan: plan.server.clone(),
        launch,
        grace: SERVER_GRACE,
        output: Arc::new(output),
    };
    Ok((Some(ModelServer::start(options)), base))
}

async fn work(
    env: &Env,
    plan: &BatchPlan,
    place: WorkerPlace,
    server: &(Option<ModelServer>, String),
    printer: &Printer,
) -> Result<u8, CliError> {
    let connection = match &server.0 {
        Some(server) => Connection::Watched(server.state()),
        None => Connection::Endpoint,
    };
    let options = ClientOptions {
        timeout: plan.request_timeout,
        max_in_flight: plan.max_in_flight,
        token: token(env, plan.server.protocol),
    };
    let client = Client::connect(&plan.server, &server.1, connection, options).await;
    let client = client.map_err(failed)?;
    let progress = Arc::new(Progress::new(printer.clone()));
    let (stores, plan, reports) = (stores(env, plan), plan.clone(), Arc::clone(&progress));
    // On the runtime's own threads: batches and answers come from there, and each would have to wake
    // this one.
    let mut worker = JoinSet::new();
    worker.spawn(async move {
        let report = |now: WorkerProgress| reports.report(now);
        run_worker(&stores, &plan, place, &client, &report).await
    });
    let end = worker.join_next().await;
    progress.last();
    let end = end.ok_or_else(|| failed("the worker has not run"))?.map_err(failed)?;
    match end.map_err(failed)? {
        WorkerEnd::Complete(_) => Ok(exit::OK),
        WorkerEnd::OverLimit { reason } => {
            printer.error(reason);
            Ok(exit::TOO_MANY_ROWS_FAILED)
        }
    }
}

/// What lets requests in.
fn token(env: &Env, protocol: Protocol) -> Token {
    let own = env.get("MLCTL_ENDPOINT_TOKEN");
    let of_openai = || env.get("OPENAI_API_KEY").filter(|_| protocol == Protocol::Openai);
    Token(own.or_else(of_openai).map(str::to_owned))
}

fn failed(error: impl Display) -> CliError {
    CliError::new(ErrorKind::Internal, error.to_string())
}

/// Lines about progress, which the agent of this replica turns into events.
struct Progress {
    printer: Printer,
    state: Mutex<(Option<Instant>, Option<WorkerProgress>)>,
}

impl Progress {
    fn new(printer: Printer) -> Self {
        Self { printer, state: Mutex::default() }
    }

    fn report(&self, now: WorkerProgress) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.0.is_some_and(|last| last.elapsed() < REPORT_PERIOD) {
            state.1 = Some(now);
            return;
        }
        *state = (Some(Instant::now()), None);
        self.print(now);
    }

    /// Prints what was reported last, unless that was printed.
    fn last(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(now) = state.1.take() {
            self.print(now);
        }
    }

    fn print(&self, now: WorkerProgress) {
        // A log that nobody takes any more must not end the work.
        let _ = self.printer.data(&line(now));
    }
}

/// One line about progress, in the form that the agent of the replica reads as metrics.
fn line(now: WorkerProgress) -> String {
    serde_json::json!({
        "rows": now.rows,
        "failed": now.failed,
        "shards": now.shards,
        "rowsPerSecond": now.rows_per_second,
    })
    .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_about_progress_is_what_an_agent_reads() {
        let now = WorkerProgress { rows: 9, failed: 1, shards: 2, rows_per_second: 4.5 };
        assert_eq!(line(now), r#"{"rows":9,"failed":1,"shards":2,"rowsPerSecond":4.5}"#);
    }

    #[test]
    fn variables_that_are_wrong_are_named() {
        let mut env = Env::default();
        let error = |env: &Env| told(env).err().unwrap().message;
        assert_eq!(error(&env), "MLCTL_BATCH: is not set");
        env.vars.insert("MLCTL_BATCH".into(), "{}".into());
        assert!(error(&env).starts_with("MLCTL_BATCH: missing field"), "{}", error(&env));
    }

    #[test]
    fn a_key_of_openai_goes_to_servers_of_its_protocol_only() {
        let vars = [("OPENAI_API_KEY".to_owned(), "k".to_owned())].into();
        let mut env = Env { vars, ..Env::default() };
        assert_eq!(token(&env, Protocol::Vertex).0, None);
        assert_eq!(token(&env, Protocol::Openai).0.as_deref(), Some("k"));
        env.vars.insert("MLCTL_ENDPOINT_TOKEN".into(), "t".into());
        assert_eq!(token(&env, Protocol::Openai).0.as_deref(), Some("t"));
    }
}

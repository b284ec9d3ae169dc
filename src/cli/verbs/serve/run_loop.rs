//! The hidden verb that is the controller of an endpoint: it routes requests and decides over the revisions
//! until the endpoint is ended.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use mlctl_router::{Router, RouterConfig, SCHEMA_VERSION};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};

use super::certificate::{Shown, certificate_of, host_of};
use crate::agent::CANCELLED;
use crate::cli::interrupt::Interrupts;
use crate::cli::{CliError, Context, Env, ErrorKind, LOCAL, exit};
use crate::gang::RunId;
use crate::store::{Durability, write_atomic};
use crate::ui::{Text, entry_line};
use crate::work::serve::{
    EndpointAsked, EndpointDocument, EndpointSurroundings, EndpointTold, Keeper, LONGEST_QUEUE,
    ReplicaRuns, RunsPlace, SERVE_LOOP_VERB, SERVE_SECRET_VARIABLE, control_endpoint,
};

/// What a shell says of a command that SIGTERM has ended.
const TERMINATED: u8 = 143;
/// Variables that are the controller's own: a replica that inherited them would be taken for it.
const OWN: [&str; 4] = ["MLCTL_RUN", "MLCTL_REPLICA", "MLCTL_ATTEMPT", "MLCTL_ENDPOINT"];
/// Kept requests are written away within this time at the end.
const KEEP_LIMIT: Duration = Duration::from_secs(5);
/// A predecessor that was killed has let its port go within this time.
const PORT_LIMIT: Duration = Duration::from_secs(15);

/// What the controller's own variables say, which are taken out of the environment.
#[derive(Debug)]
pub struct ServeVariables {
    run: String,
    endpoint: String,
    secrets: BTreeMap<String, String>,
}

impl ServeVariables {
    /// Takes them out of an environment, which is then as it was for whoever began the endpoint.
    pub fn take(env: &mut Env) -> Result<Self, CliError> {
        let mut own: Vec<Option<String>> = OWN.iter().map(|name| env.vars.remove(*name)).collect();
        let is_secret = |name: &&String| name.starts_with(SERVE_SECRET_VARIABLE);
        let names: Vec<String> = env.vars.keys().filter(is_secret).cloned().collect();
        let secrets = names.into_iter().filter_map(|name| env.vars.remove_entry(&name)).collect();
        match (own[0].take(), own[3].take()) {
            (Some(run), Some(endpoint)) => Ok(Self { run, endpoint, secrets }),
            _ => Err(CliError::new(
                ErrorKind::Usage,
                format!("`{SERVE_LOOP_VERB}` is run by mlctl itself"),
            )
            .hint("use `mlctl serve`")),
        }
    }
}

/// Serves until the endpoint is ended. The exit code is 143 then, as of a command that was told to go.
pub fn serve_loop(context: &mut Context, variables: ServeVariables) -> Result<u8, CliError> {
    let wrong = |error: &dyn std::fmt::Display| CliError::new(ErrorKind::Usage, error.to_string());
    let session: RunId = variables.run.parse().map_err(|error| wrong(&error))?;
    let endpoint: RunId = variables.endpoint.parse().map_err(|error| wrong(&error))?;
    let store = context.store()?;
    let mark = context.env.cwd.parent().map(|folder| folder.join(CANCELLED));
    // What a person's command line and settings name by relative paths starts where they were.
    context.env.cwd = store.record(&session)?.cwd;
    let paths = store.endpoint(&endpoint);
    let document = EndpointDocument::read(&paths)?;
    let runtime = context.runtime(LOCAL)?;
    let interrupts = Interrupts::listen()?;
    let asked = || match (interrupts.count(), mark.as_ref().is_some_and(|mark| mark.exists())) {
        (0, _) => EndpointAsked::Nothing,
        (_, true) => EndpointAsked::End,
        (_, false) => EndpointAsked::Leave,
    };
    let handle = context.handle()?;
    let Some(listener) = handle.block_on(listen(document.port, &interrupts))? else {
        return Ok(TERMINATED);
    };
    let port = listener.local_addr()?.port();
    let (records, kept) = mpsc::channel(LONGEST_QUEUE);
    let router = Router::new(nobody(&document), Some(records))
        .map_err(|error| CliError::new(ErrorKind::Internal, error.to_string()))?;
    let secret = document.tls.as_ref().map(|tls| tls.secret.clone());
    let shown =
        secret.map(|secret| certificate_of(context, &secret).map(Shown::new)).transpose()?;
    let tls = shown.as_ref().map(Shown::config).transpose()?;
    let (open, opened) = watch::channel(false);
    let (stop, stopped) = watch::channel(false);
    let drain = document.drain();
    let serving = {
        let router = router.clone();
        handle.spawn(async move {
            let (mut opened, mut stopped) = (opened, stopped);
            // Until it is known who answers, callers wait in the kernel's queue.
            let _ = opened.wait_for(|open| *open).await;
            let asked = async move { _ = stopped.wait_for(|stop| *stop).await };
            router.serve(listener, tls, asked, drain).await;
        })
    };
    let of_keeper = context.printer.clone();
    let keeper = Keeper::new(
        context.stores(),
        document.name.clone(),
        session.to_string(),
        Box::new(move |note| of_keeper.line(note.to_owned())),
    );
    let keep = keeper.wanted();
    keep(document.log.as_ref());
    let keeping = handle.spawn(keeper.keep(kept));
    let close = || {
        let _ = stop.send(true);
        let _ = open.send(true);
        while !serving.is_finished() {
            std::thread::sleep(Duration::from_millis(20));
        }
    };
    let git = store.record(&endpoint).ok().and_then(|record| record.git);
    let mut submitter = context.submitter();
    // The code is a copy, and was at the commit that the endpoint's run has recorded.
    submitter.git = Box::new(move |_| git.clone());
    let printer = &context.printer;
    let say = |text: Text| {
        // A log that nobody takes any more must not end the endpoint.
        let _ = printer.show(text);
    };
    let name = document.name.clone();
    let mut tell = |told: EndpointTold<'_>| match told {
        EndpointTold::Line(line) => {
            if let Some(text) = entry_line(line) {
                say(text);
            }
        }
        EndpointTold::Note(note) => printer.line(note.to_owned()),
        EndpointTold::Serving(true) => say(format!("{name} answers at 127.0.0.1:{port}").into()),
        EndpointTold::Serving(false) => say(format!("{name} has nobody to answer").into()),
    };
    let mut replicas = ReplicaRuns::new(RunsPlace {
        store: &store,
        paths: &paths,
        runtime: &*runtime,
        submitter,
        prices: context.prices(LOCAL)?,
        secrets: variables.secrets,
    });
    let written = std::cell::RefCell::new(String::new());
    let around = EndpointSurroundings {
        replicas: &mut replicas,
        notes: &*runtime,
        session,
        router,
        url: match &shown {
            None => format!("http://127.0.0.1:{port}"),
            Some(shown) => {
                format!("https://{}:{port}", host_of(&shown.chain()).unwrap_or("127.0.0.1"))
            }
        },
        certificate: &|| shown.as_ref().map(|shown| shown.chain()),
        // Whoever applies a spec writes into this folder, and there is no other router.
        fetch: &|| {
            let document = EndpointDocument::read(&paths)?;
            if let (Some(shown), Some(tls)) = (&shown, &document.tls) {
                match certificate_of(context, &tls.secret) {
                    Ok(found) => shown.becomes(found),
                    // Callers see the one before.
                    Err(error) => printer.line(error.message),
                }
            }
            Ok(())
        },
        leads: &|| true,
        peers: &Vec::new,
        keep: &keep,
        show: &|live| {
            if let Some(chain) = &live.certificate
                && written.replace(chain.clone()) != *chain
            {
                write_atomic(&paths.certificate(), chain.as_bytes(), Durability::Crash)?;
            }
            live.write(&paths)
        },
        asked: &asked,
        open: &|| _ = open.send(true),
        close: &close,
        tell: &mut tell,
    };
    let end = control_endpoint(&paths, document, around)?;
    close();
    // What was kept is written away; a store that doesn't take it holds nobody up.
    let _ = handle.block_on(async { tokio::time::timeout(KEEP_LIMIT, keeping).await });
    if end == EndpointAsked::Leave {
        // Its agent starts a command again that a signal has ended, and takes an exit code for its own end.
        signal_hook::low_level::emulate_default_handler(signal_hook::consts::SIGTERM)?;
    }
    Ok(if end == EndpointAsked::Nothing { exit::OK } else { TERMINATED })
}

/// Listens on an endpoint's port; `None` where the endpoint was ended before it was free.
async fn listen(
    port: Option<u16>,
    interrupts: &Interrupts,
) -> Result<Option<TcpListener>, CliError> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port.unwrap_or(0)));
    let start = Instant::now();
    loop {
        match TcpListener::bind(address).await {
            Ok(listener) => return Ok(Some(listener)),
            Err(_) if interrupts.count() > 0 => return Ok(None),
            Err(error) if start.elapsed() > PORT_LIMIT => {
                let message = format!("the port {} can't be listened on: {error}", address.port());
                return Err(CliError::new(ErrorKind::Refused, message)
                    .hint("end what holds it, or serve on another one: --port"));
            }
            Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
        }
    }
}

/// What a router has before anything is known of the revisions.
pub(super) fn nobody(document: &EndpointDocument) -> RouterConfig {
    RouterConfig {
        schema_version: SCHEMA_VERSION,
        endpoint: document.name.clone(),
        revisions: Vec::new(),
        sticky: None,
        assignment: None,
        shadow: None,
        limits: mlctl_router::Limits::default(),
        retries: mlctl_router::Retries::default(),
        auth: document.tokens.clone(),
        log: None,
        access_log: false,
    }
}

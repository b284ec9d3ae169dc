//! A router in a pod: it routes, and decides over the endpoint where it is the one that does.

use std::fmt::Display;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use mlctl_router::Router;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Handle};
use tokio::sync::{mpsc, watch};

use super::leads::Leads;
use super::notes::WatchedNotes;
use super::peers::Peers;
use super::show::Shows;
use crate::cli::interrupt::Interrupts;
use crate::cli::verbs::serve::run_loop::nobody;
use crate::cli::{CliError, Env, ErrorKind};
use crate::gang::RunId;
use crate::runtime::Deployed;
use crate::runtime::kubernetes::endpoint::{ADMIN_PORT, ROUTER_PORT, TLS_DIR, variable};
use crate::runtime::kubernetes::{ConnectOptions, Kubernetes, KubernetesConfig};
use crate::storage::{StorageConfig, Stores};
use crate::store::{EndpointPaths, private_dir};
use crate::ui::{Printer, Text, entry_line};
use crate::work::serve::{
    EndpointAsked, EndpointDocument, EndpointSurroundings, EndpointTold, Keeper, LONGEST_QUEUE,
    ReplicaPods, ServeError, control_endpoint, write_documents,
};

/// What a shell says of a command that SIGTERM has ended.
const TERMINATED: u8 = 143;
/// Callers still come for so long after a pod is told to go: those who send them hear of it later.
const HEARD: Duration = Duration::from_secs(3);
/// Kept requests are written away within this time at the end.
const KEEP_LIMIT: Duration = Duration::from_secs(5);
/// Between two tries to reach the cluster at the start.
const PACE: Duration = Duration::from_secs(1);

/// Routes until the pod is told to go. The exit code is 143 then.
pub fn serve_router(env: &Env, printer: &Printer) -> Result<u8, CliError> {
    let wrong = |name: &str, reason: &dyn Display| {
        CliError::new(ErrorKind::Usage, format!("{name}: {reason}"))
            .hint("this verb is run in the pods of an endpoint; use `mlctl serve`")
    };
    let given = |name: &str| env.get(name).ok_or_else(|| wrong(name, &"is not set"));
    let endpoint: RunId =
        given(variable::ENDPOINT)?.parse().map_err(|error| wrong(variable::ENDPOINT, &error))?;
    let pod = given(variable::POD)?;
    let interrupts = Interrupts::listen()?;
    let threads = Builder::new_multi_thread().enable_all().build()?;
    let handle = threads.handle().clone();
    let cluster = Kubernetes::new(config(env, handle.clone()))?;
    let deployed = cluster.deployed(&endpoint)?;
    let paths = EndpointPaths::new(&std::env::temp_dir().join("mlctl"), &endpoint);
    private_dir(&paths.dir)?;
    let Some(document) = first_document(&deployed, &paths, &interrupts, printer) else {
        return Ok(TERMINATED);
    };
    let listen = |port| TcpListener::bind(SocketAddr::from((Ipv4Addr::UNSPECIFIED, port)));
    let listener = handle.block_on(listen(ROUTER_PORT))?;
    let admin = handle.block_on(listen(ADMIN_PORT))?;
    let tls = certificate(Path::new(TLS_DIR))?;
    let scheme = if tls.is_some() { "https" } else { "http" };
    let (records, kept) = mpsc::channel(LONGEST_QUEUE);
    let router = Router::new(nobody(&document), Some(records))
        .map_err(|error| CliError::new(ErrorKind::Internal, error.to_string()))?;
    let keeper = keeper(env, printer, &document, pod);
    let keep = keeper.wanted();
    keep(document.log.as_ref());
    let keeping = handle.spawn(keeper.keep(kept));
    let (open, opened) = watch::channel(false);
    let (stop, stopped) = watch::channel(false);
    let drain = document.drain();
    let serving = {
        let (router, mut opened, mut stopped) = (router.clone(), opened.clone(), stopped.clone());
        handle.spawn(async move {
            let _ = opened.wait_for(|open| *open).await;
            let asked = async move { _ = stopped.wait_for(|stop| *stop).await };
            router.serve(listener, tls, asked, drain).await;
        })
    };
    {
        // Its pod counts as ready once it answers here, which is once it is known who answers callers.
        let (router, mut opened, mut stopped) = (router.clone(), opened, stopped);
        handle.spawn(async move {
            let _ = opened.wait_for(|open| *open).await;
            let asked = async move { _ = stopped.wait_for(|stop| *stop).await };
            router.serve_admin(admin, asked).await;
        });
    }
    let close = || {
        let _ = open.send(true);
        let _ = stop.send(true);
        while !serving.is_finished() {
            std::thread::sleep(Duration::from_millis(20));
        }
    };
    let say = |text: Text| _ = printer.show(text);
    let mut tell = |told: EndpointTold<'_>| match told {
        EndpointTold::Line(line) => {
            if let Some(text) = entry_line(line) {
                say(text);
            }
        }
        EndpointTold::Note(note) => printer.line(note.to_owned()),
        EndpointTold::Serving(true) => say("there is somebody to answer".into()),
        EndpointTold::Serving(false) => say("there is nobody to answer".into()),
    };
    let leads = Leads::new(&deployed, pod);
    let shows = Shows::new(&deployed);
    let notes = WatchedNotes::new(&cluster, &deployed);
    let peers = Peers::new(&deployed, pod, handle.clone());
    let mut replicas = ReplicaPods::new(endpoint.clone(), &deployed);
    let around = EndpointSurroundings {
        replicas: &mut replicas,
        notes: &notes,
        session: endpoint,
        router,
        url: document.url_within(&cluster.location().namespace, scheme),
        certificate: &|| None,
        fetch: &|| write_documents(&deployed.documents()?, &paths),
        leads: &|| leads.now(),
        peers: &|| peers.now(),
        keep: &keep,
        show: &|live| shows.show(live),
        asked: &|| match interrupts.count() {
            0 => EndpointAsked::Nothing,
            _ => EndpointAsked::Leave,
        },
        open: &|| _ = open.send(true),
        close: &close,
        tell: &mut tell,
    };
    control_endpoint(&paths, document, around)?;
    leads.let_go();
    std::thread::sleep(HEARD);
    close();
    // What was kept is written away; a store that doesn't take it holds nobody up.
    let _ = handle.block_on(async { tokio::time::timeout(KEEP_LIMIT, keeping).await });
    Ok(TERMINATED)
}

/// What writes kept requests away, by the credentials in the pod's own variables. Its parts are told from
/// those of other routers by the pod's name.
fn keeper(env: &Env, printer: &Printer, document: &EndpointDocument, pod: &str) -> Keeper {
    let stores = Stores::new(StorageConfig {
        env: env.vars.clone(),
        home: env.home.clone(),
        ..StorageConfig::default()
    });
    let printer = printer.clone();
    let tell = Box::new(move |note: &str| printer.line(note.to_owned()));
    Keeper::new(stores, document.name.clone(), pod.to_owned(), tell)
}

fn config(env: &Env, handle: Handle) -> KubernetesConfig {
    KubernetesConfig {
        connect: ConnectOptions { in_pod: true, ..ConnectOptions::default() },
        manifests: None,
        rendered_by: String::new(),
        price_labels: std::collections::BTreeSet::new(),
        docker_config: env.docker_config(),
        stores: Stores::new(StorageConfig::default()),
        handle,
    }
}

/// Waits until what was applied can be read; `None` where the pod was told to go before.
fn first_document(
    deployed: &dyn Deployed,
    paths: &EndpointPaths,
    interrupts: &Interrupts,
    printer: &Printer,
) -> Option<EndpointDocument> {
    let mut said = String::new();
    while interrupts.count() == 0 {
        let fetched = deployed.documents().map_err(ServeError::from);
        let read = fetched.and_then(|documents| {
            write_documents(&documents, paths)?;
            deployed.pods()?;
            EndpointDocument::read(paths)
        });
        match read {
            Ok(document) => return Some(document),
            Err(error) => {
                let text = error.to_string();
                if text != said {
                    printer.line(text.clone());
                    said = text;
                }
            }
        }
        std::thread::sleep(PACE);
    }
    None
}

/// The certificate that callers see, where there is one.
fn certificate(folder: &Path) -> Result<Option<Arc<rustls::ServerConfig>>, CliError> {
    use rustls::pki_types::pem::PemObject;
    use rustls::pki_types::{CertificateDer, PrivateKeyDer};
    let (chain, key) = (folder.join("tls.crt"), folder.join("tls.key"));
    if !chain.exists() {
        return Ok(None);
    }
    let wrong = |path: &Path, error: &dyn Display| {
        CliError::new(ErrorKind::Refused, format!("{}: {error}", path.display()))
            .hint("write a certificate and its key in PEM into the Secret that `tls` names")
    };
    let certificates = CertificateDer::pem_file_iter(&chain)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| wrong(&chain, &error))?;
    let private = PrivateKeyDer::from_pem_file(&key).map_err(|error| wrong(&key, &error))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| wrong(&chain, &error))?
        .with_no_client_auth()
        .with_single_cert(certificates, private)
        .map_err(|error| wrong(&chain, &error))?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Some(Arc::new(config)))
}

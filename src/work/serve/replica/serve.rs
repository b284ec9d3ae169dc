//! A replica's life: the model is fetched, its server started, warmed up, watched and ended.

use std::collections::BTreeMap;
use std::future::Future;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::error::ReplicaError;
use super::pod::{Status, drained, is_reached};
use super::ready::ReadyDocument;
use super::warm::warm_up;
use crate::plan::{ServerPlan, ServingPlan};
use crate::storage::{NoProgress, StorageConfig, Stores};
use crate::work::model_server::{
    Launch, ModelServer, Output, Ports, ServerOptions, ServerState, free_ports, stage,
    tensorflow_server,
};

/// What a replica needs of its surroundings.
pub struct ReplicaPlace<'a> {
    /// The model server's program and its arguments, with their placeholders.
    pub command: Vec<String>,
    /// The variables of the server.
    pub environment: &'a BTreeMap<String, String>,
    /// The user's home, where credentials may lie.
    pub home: Option<PathBuf>,
    /// The folder of caches, for models that are fetched.
    pub cache: &'a Path,
    /// Where the replica says that it can be asked; `None` where somebody asks it instead, as in a pod.
    pub ready: Option<&'a Path>,
    /// The address of its pod, by which its callers reach the server; `None` on a laptop.
    pub pod: Option<IpAddr>,
    /// Takes the server's output line by line.
    pub output: Output,
    /// Told once the replica can be asked, with the seconds since its start.
    pub tell: &'a (dyn Fn(&str) + Sync),
}

/// How a replica has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReplicaEnd {
    /// It was asked to.
    Asked,
    /// Its server ended by itself; the reason has its last lines.
    Gone(String),
}

/// Serves until `asked` is done, or the server has ended. Whoever asks must have seen to it that no more
/// requests come: a server such as TensorFlow Serving ends in the middle of one.
pub async fn serve_replica(
    serving: &ServingPlan,
    place: ReplicaPlace<'_>,
    asked: impl Future<Output = ()>,
) -> Result<ReplicaEnd, ReplicaError> {
    let stores = Stores::new(StorageConfig {
        env: place.environment.clone(),
        home: place.home.clone(),
        buckets: serving.storage.clone(),
    });
    tokio::pin!(asked);
    let status = match serving.ports.filter(|_| place.pod.is_some()) {
        Some(ports) => Some(Status::listen(ports.status).await?),
        None => None,
    };
    let model = tokio::select! {
        model = stage(&stores, &serving.server, place.cache, &NoProgress) => model?,
        () = &mut asked => return Ok(ReplicaEnd::Asked),
    };
    let path = place.environment.get("PATH").map(String::as_str).unwrap_or_default();
    let command = tensorflow_server(place.command.clone(), path, place.cache)?;
    let ports = match serving.ports {
        Some(ports) => Ports { http: ports.http, grpc: ports.grpc },
        None => free_ports(&serving.server)?,
    };
    let launch = Launch::new(&serving.server, &command, place.environment, ports, model.as_deref());
    let base = launch.http.clone();
    let server = ModelServer::start(ServerOptions {
        // A server that ends is started again with its replica, after a pause that grows.
        plan: ServerPlan { restarts: 0, ..serving.server.clone() },
        launch,
        grace: serving.grace,
        output: Arc::clone(&place.output),
    });
    let end = tokio::select! {
        end = watch(serving, &stores, &place, status.as_ref(), &server, &base, ports) => end,
        () = &mut asked => {
            if let Some(status) = &status {
                status.set(false);
            }
            if let Some(limit) = serving.drain.filter(|_| *server.state().borrow() == ServerState::Ready) {
                (place.tell)("it is told to go, and answers what it has");
                drained(&[ports.http, ports.grpc], limit).await?;
            }
            Ok(ReplicaEnd::Asked)
        }
    };
    if let Some(status) = &status {
        status.set(false);
    }
    if let Some(ready) = place.ready {
        ReadyDocument::remove(ready)?;
    }
    server.end().await;
    end
}

/// Watches a server from its start to its end by itself.
async fn watch(
    serving: &ServingPlan,
    stores: &Stores,
    place: &ReplicaPlace<'_>,
    status: Option<&Status>,
    server: &ModelServer,
    base: &str,
    ports: Ports,
) -> Result<ReplicaEnd, ReplicaError> {
    let mut state = server.state();
    let gone = |state: &ServerState| match state {
        ServerState::Gone(reason) => Some(reason.clone()),
        ServerState::Starting | ServerState::Ready => None,
    };
    let first = state.wait_for(|state| *state != ServerState::Starting).await;
    let first = first.map(|state| gone(&state)).unwrap_or_default();
    if let Some(reason) = first {
        return Err(ReplicaError::Server(reason));
    }
    if let Some(warmup) = &serving.warmup {
        let count = tokio::select! {
            warm = warm_up(stores, warmup, &serving.server, base) => warm?,
            ended = state.wait_for(|state| gone(state).is_some()) => {
                let reason = ended.ok().and_then(|state| gone(&state)).unwrap_or_default();
                return Err(ReplicaError::Server(reason));
            }
        };
        (place.tell)(&format!("{count} requests of the warm-up are answered"));
    }
    if let Some(ready) = place.ready {
        let at = |port: u16| format!("127.0.0.1:{port}");
        ReadyDocument::new(at(ports.http), Some(at(ports.grpc))).write(ready)?;
    }
    if let Some(pod) = place.pod {
        is_reached(pod, ports.http).await.map_err(ReplicaError::Server)?;
    }
    if let Some(status) = status {
        status.set(true);
    }
    (place.tell)("ready");
    let ended = state.wait_for(|state| gone(state).is_some()).await;
    Ok(ReplicaEnd::Gone(ended.ok().and_then(|state| gone(&state)).unwrap_or_default()))
}

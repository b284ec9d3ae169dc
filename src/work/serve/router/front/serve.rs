//! Taking connections, and ending them.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use super::connection::{self, Accepted};
use crate::router::Shared;

/// How long to wait when the system gives no more connections, as when it is out of descriptors.
const PAUSE: Duration = Duration::from_millis(50);
/// How often unused connections to replicas are looked at.
const SWEEP: Duration = Duration::from_secs(1);

/// Serves until `stop`, and then until what is under way has ended, at most `drain`.
pub(crate) async fn serve(
    shared: Arc<Shared>,
    listener: TcpListener,
    tls: Option<Arc<rustls::ServerConfig>>,
    stop: impl Future<Output = ()>,
    drain: Duration,
) {
    let tls = tls.map(TlsAcceptor::from);
    let (stopping, stopped) = watch::channel(false);
    let mut connections = JoinSet::new();
    let mut stop = pin!(stop);
    let mut sweep = tokio::time::interval(SWEEP);
    sweep.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut tunnels = shared.tunnels();
    loop {
        let open = connections.len() + *tunnels.borrow_and_update();
        let room = open < shared.live().config.limits.max_connections;
        tokio::select! {
            () = stop.as_mut() => break,
            accepted = listener.accept(), if room => match accepted {
                Ok((stream, address)) => {
                    let accepted = Accepted {
                        shared: shared.clone(), stream, address, tls: tls.clone(), stop: stopped.clone(),
                    };
                    let open = Open::new(shared.clone());
                    connections.spawn(async move {
                        let _open = open;
                        connection::serve(accepted).await;
                    });
                }
                // Mostly of the connection that was to be taken: the next one may be fine.
                Err(_) => tokio::time::sleep(PAUSE).await,
            },
            Some(_) = connections.join_next() => {}
            Ok(()) = tunnels.changed(), if !room => {}
            _ = sweep.tick() => shared.sweep(),
        }
    }
    // Nobody else is let in, also not those that the kernel holds.
    drop(listener);
    let _ = stopping.send(true);
    let ended = tokio::time::timeout(drain, async {
        while connections.join_next().await.is_some() {}
        shared.tunnels_ended().await;
    });
    if ended.await.is_err() {
        shared.end_tunnels();
    }
    connections.shutdown().await;
}

/// A connection that is counted.
struct Open(Arc<Shared>);

impl Open {
    fn new(shared: Arc<Shared>) -> Self {
        shared.connections.fetch_add(1, Relaxed);
        Self(shared)
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.connections.fetch_sub(1, Relaxed);
    }
}

//! A way from this machine to an endpoint's routers: connections to a port of the loopback interface go on
//! through the API server, as `kubectl port-forward` has it.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use k8s_openapi::api::core::v1::Pod;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};

use super::client::Cluster;
use super::objects::endpoint::{PART, ROUTER, ROUTER_PORT};
use super::session::Session;
use crate::gang::RunId;
use crate::runtime::kubernetes::follow::selector;
use crate::runtime::{ClusterError, RuntimeError};

/// The API server has opened a way within this time.
const LIMIT: Duration = Duration::from_secs(10);

/// Opens the way; it stays open for as long as the threads of requests go on.
pub(crate) fn reach(session: &Session, endpoint: &RunId) -> Result<SocketAddr, RuntimeError> {
    let cluster = session.cluster()?;
    let handle = session.handle();
    let opened = async {
        // Whoever asks is told at once that nobody routes.
        router(&cluster, endpoint).await?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let (cluster, endpoint) = (cluster.clone(), endpoint.clone());
        handle.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (cluster, endpoint) = (cluster.clone(), endpoint.clone());
                tokio::spawn(async move {
                    // The caller sees its connection end, and says so.
                    let _ = pass(&cluster, &endpoint, stream).await;
                });
            }
        });
        Ok::<_, RuntimeError>(address)
    };
    session.block_on(opened)
}

/// A router that can be asked.
async fn router(cluster: &Cluster, endpoint: &RunId) -> Result<String, ClusterError> {
    let selector = format!("{},{PART}={ROUTER}", selector(endpoint));
    let pods: Vec<Pod> = cluster.list(&selector, "").await?;
    let is_ready = |pod: &&Pod| {
        let conditions = pod.status.as_ref().and_then(|status| status.conditions.as_ref());
        let mut conditions = conditions.into_iter().flatten();
        pod.metadata.deletion_timestamp.is_none()
            && conditions.any(|one| one.type_ == "Ready" && one.status == "True")
    };
    let ready: Vec<String> =
        pods.iter().filter(is_ready).filter_map(|pod| pod.metadata.name.clone()).collect();
    let nobody = || ClusterError::Api(format!("no router of {endpoint} is ready"));
    ready.get(fastrand::usize(..ready.len().max(1))).cloned().ok_or_else(nobody)
}

/// Passes one connection on.
async fn pass(cluster: &Cluster, endpoint: &RunId, mut stream: TcpStream) -> io::Result<()> {
    let name = router(cluster, endpoint).await.map_err(io::Error::other)?;
    let api = cluster.api::<Pod>();
    let opened = tokio::time::timeout(LIMIT, api.portforward(&name, &[ROUTER_PORT])).await;
    let mut forwarder = opened
        .map_err(|_| io::Error::new(io::ErrorKind::TimedOut, "no answer in time"))?
        .map_err(io::Error::other)?;
    let Some(mut there) = forwarder.take_stream(ROUTER_PORT) else { return Ok(()) };
    copy_bidirectional(&mut stream, &mut there).await.map(drop)
}

//! What is there of one pod's log, read once.

use futures::AsyncReadExt;
use k8s_openapi::api::core::v1::Pod;
use tokio::time::timeout;

use super::position::{Line, Position, Splitter};
use super::tail::{CHUNK_BYTES, OPEN_LIMIT, is_missing, params, silent};
use crate::runtime::ClusterError;
use crate::runtime::kubernetes::client::Cluster;
use crate::runtime::kubernetes::objects::MAIN;

/// Gives each line of a pod's log behind a position to `take`, as far as they are there now. `ended` says
/// that the pod writes no more, so that a last line without a line end is complete. A log that is not
/// there yet, or not any more, has no lines.
pub(crate) async fn fetch(
    cluster: &Cluster,
    pod: &str,
    from: Position,
    ended: bool,
    take: impl FnMut(Line),
) -> Result<(), ClusterError> {
    fetch_of(cluster, (pod, MAIN), from, ended, take).await
}

/// The same of a pod's container.
pub(crate) async fn fetch_of(
    cluster: &Cluster,
    (pod, container): (&str, &str),
    from: Position,
    ended: bool,
    mut take: impl FnMut(Line),
) -> Result<(), ClusterError> {
    let api = cluster.api::<Pod>();
    let mut position = from;
    loop {
        let mut splitter = Splitter::new(position);
        let params = params(container, position, false);
        let open = || api.log_stream(pod, &params);
        let stream = match timeout(OPEN_LIMIT, cluster.retry(open)).await {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) if is_missing(&error) => return Ok(()),
            Ok(Err(error)) => return Err(cluster.target.explain(error)),
            Err(_) => return Err(silent()),
        };
        let mut stream = std::pin::pin!(stream);
        let mut chunk = vec![0; CHUNK_BYTES];
        let cut = loop {
            match stream.read(&mut chunk).await {
                Ok(0) => break None,
                Ok(count) => splitter.push(&chunk[..count]).into_iter().for_each(&mut take),
                Err(error) => break Some(error),
            }
        };
        match cut {
            None if ended => {
                splitter.finish().into_iter().for_each(&mut take);
                return Ok(());
            }
            None => return Ok(()),
            // Whoever has brought something may be asked for the rest.
            Some(_) if splitter.position() != position => position = splitter.position(),
            Some(error) => return Err(cluster.target.explain(kube::Error::ReadEvents(error))),
        }
    }
}

//! No request takes longer than a bound, and none goes on after the user has left.

use std::future::Future;
use std::time::Duration;

use crate::doctor::Visit;
use crate::runtime::ClusterError;
use crate::runtime::kubernetes::client::Cluster;

/// All requests of one check are answered within this time, or the cluster counts as unreachable.
const CHECK_LIMIT: Duration = Duration::from_secs(20);
/// How often it is checked whether the user has left.
const STOP_CHECK_PACE: Duration = Duration::from_millis(50);

/// The answer, or an error when there is none in time or when the user has left.
pub(crate) async fn within<T>(
    cluster: &Cluster,
    visit: &Visit,
    asked: impl Future<Output = Result<T, ClusterError>>,
) -> Result<T, ClusterError> {
    let late = |reason: String| ClusterError::Unreachable {
        context: cluster.target.context.clone(),
        server: cluster.target.server.clone(),
        reason,
    };
    tokio::select! {
        answer = asked => answer,
        () = tokio::time::sleep(CHECK_LIMIT) => {
            Err(late(format!("no answer within {} s", CHECK_LIMIT.as_secs())))
        }
        () = stopped(visit) => Err(late("interrupted".into())),
    }
}

/// Ends when the user has left.
pub(crate) async fn stopped(visit: &Visit) {
    while !visit.is_stopped() {
        tokio::time::sleep(STOP_CHECK_PACE).await;
    }
}

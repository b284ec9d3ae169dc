//! Every question has a bound, and none outlives the user's patience.

use std::future::Future;
use std::time::Duration;

use crate::doctor::Visit;
use crate::runtime::ClusterError;
use crate::runtime::kubernetes::client::Cluster;

/// One check's questions are answered within this time.
const LIMIT: Duration = Duration::from_secs(20);
/// Between two looks at whether the user has left.
const PACE: Duration = Duration::from_millis(50);

/// The answer, or that there was none in time.
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
        () = tokio::time::sleep(LIMIT) => {
            Err(late(format!("no answer within {} s", LIMIT.as_secs())))
        }
        () = stopped(visit) => Err(late("interrupted".into())),
    }
}

/// Comes back when the user has left.
pub(crate) async fn stopped(visit: &Visit) {
    while !visit.is_stopped() {
        tokio::time::sleep(PACE).await;
    }
}

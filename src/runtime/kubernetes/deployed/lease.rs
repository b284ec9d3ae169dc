//! Which of an endpoint's routers decides: the holder of its Lease.
//!
//! As Kubernetes' own leader election has it, a holder's time is counted from when its last renewal was
//! seen here, so that no two clocks are compared.

use std::time::{Duration, Instant};

use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;
use kube::api::PostParams;

use crate::runtime::ClusterError;
use crate::runtime::kubernetes::client::Cluster;

/// What was seen of the Lease last.
#[derive(Clone, Debug, Default)]
pub(super) struct Seen {
    renewed: Option<MicroTime>,
    at: Option<Instant>,
}

/// Takes or renews the Lease; gives the name of who holds it then, which is empty while nobody does.
pub(super) async fn hold(
    cluster: &Cluster,
    name: &str,
    holder: &str,
    lifetime: Duration,
    now: jiff::Timestamp,
    seen: &mut Seen,
) -> Result<String, ClusterError> {
    let Some(mut lease) = cluster.find::<Lease>(name).await? else { return Ok(String::new()) };
    let spec = lease.spec.get_or_insert_with(LeaseSpec::default);
    let other = spec.holder_identity.clone().filter(|other| !other.is_empty() && other != holder);
    if let Some(other) = other {
        if seen.at.is_none() || seen.renewed != spec.renew_time {
            *seen = Seen { renewed: spec.renew_time.clone(), at: Some(Instant::now()) };
        }
        let theirs = u64::try_from(spec.lease_duration_seconds.unwrap_or(0)).unwrap_or(0);
        let theirs = Duration::from_secs(theirs).max(lifetime);
        if seen.at.is_some_and(|at| at.elapsed() < theirs) {
            return Ok(other);
        }
    }
    if spec.holder_identity.as_deref() != Some(holder) {
        spec.acquire_time = Some(MicroTime(now));
        spec.lease_transitions = Some(spec.lease_transitions.unwrap_or(0).saturating_add(1));
    }
    spec.holder_identity = Some(holder.to_owned());
    spec.lease_duration_seconds = Some(i32::try_from(lifetime.as_secs()).unwrap_or(i32::MAX));
    spec.renew_time = Some(MicroTime(now));
    Ok(if write(cluster, name, &lease).await? { holder.to_owned() } else { String::new() })
}

/// Gives the Lease back, where it is this holder's.
pub(super) async fn let_go(
    cluster: &Cluster,
    name: &str,
    holder: &str,
) -> Result<(), ClusterError> {
    let Some(mut lease) = cluster.find::<Lease>(name).await? else { return Ok(()) };
    let Some(spec) = lease.spec.as_mut() else { return Ok(()) };
    if spec.holder_identity.as_deref() != Some(holder) {
        return Ok(());
    }
    spec.holder_identity = None;
    write(cluster, name, &lease).await.map(drop)
}

/// Writes a Lease that is still as it was read; `false` where somebody else was first.
async fn write(cluster: &Cluster, name: &str, lease: &Lease) -> Result<bool, ClusterError> {
    let api = cluster.api::<Lease>();
    let params = PostParams::default();
    match cluster.retry(|| api.replace(name, &params, lease)).await {
        Ok(_) => Ok(true),
        Err(kube::Error::Api(status)) if status.code == 409 => Ok(false),
        Err(error) => Err(cluster.target.explain(error)),
    }
}

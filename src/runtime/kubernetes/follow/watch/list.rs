//! The objects of runs as they are at one moment.

use std::collections::HashMap;

use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::Pod;

use super::facts::RunFacts;
use super::job::JobFacts;
use super::pod::PodFacts;
use crate::gang::RunId;
use crate::runtime::ClusterError;
use crate::runtime::kubernetes::client::Cluster;

/// The objects of all runs that a selector matches, by run.
pub(crate) async fn list(
    cluster: &Cluster,
    selector: &str,
) -> Result<HashMap<RunId, RunFacts>, ClusterError> {
    let (pods, jobs) =
        futures::try_join!(cluster.list::<Pod>(selector, ""), cluster.list::<Job>(selector, ""))?;
    let mut runs: HashMap<RunId, RunFacts> = HashMap::new();
    for pod in &pods {
        let pod = PodFacts::of(pod);
        if let Some(run) = pod.run.clone() {
            runs.entry(run).or_default().update_pod(pod);
        }
    }
    for job in &jobs {
        let job = JobFacts::of(job);
        if let Some(run) = job.run.clone() {
            runs.entry(run).or_default().update_job(job);
        }
    }
    Ok(runs)
}

//! The checks of a cluster, one after the other: each needs what the ones before it have found.

use std::future::Future;
use std::time::Duration;

use super::connection::not_connected;
use super::within::within;
use super::{nodes, place, probe, reach};
use crate::doctor;
use crate::doctor::{Finding, Place, ProbeImages, Visit};
use crate::runtime::ClusterError;
use crate::runtime::RuntimeError;
use crate::runtime::kubernetes::client::Cluster;
use crate::runtime::kubernetes::client::access;
use crate::runtime::kubernetes::client::user;
use crate::runtime::kubernetes::objects::{ManifestContext, ProbeWish};
use crate::runtime::kubernetes::runtime::Kubernetes;
use crate::spec::Security;
use crate::sys::random_word;

/// What is checked beside what every run needs.
#[derive(Clone, Debug, Default)]
pub struct ClusterChecks {
    /// An image that the probe pod pulls and runs; `None` to use the runner image alone.
    pub image: Option<String>,
    /// Secrets to pull it with, beside the service account's own.
    pub pull_secrets: Vec<String>,
    /// The `security` that specs will name.
    pub security: Security,
    /// How long the probe pod may take; `None`: none is made.
    pub pod: Option<Duration>,
}

impl Kubernetes {
    /// Checks the cluster and tells its findings to `visit`, one after the other.
    pub fn examine(&self, checks: &ClusterChecks, visit: &Visit) {
        let done = self.session.cluster().map(|cluster| {
            let context = self.session.config.manifests.as_ref();
            self.session.block_on(examine(&cluster, context, checks, visit));
        });
        match done {
            Ok(()) => {}
            Err(RuntimeError::Cluster(error)) => visit.tell(not_connected(&error)),
            Err(error) => {
                visit.tell(Finding::fail(Place::Cluster, "connection", error.to_string()));
            }
        }
    }
}

/// Makes all checks, until one finds that the others make no sense or the user has left.
async fn examine(
    cluster: &Cluster,
    context: Option<&ManifestContext>,
    checks: &ClusterChecks,
    visit: &Visit,
) {
    let Some(user) = connection(cluster, visit).await else { return };
    if !namespace(cluster, checks, visit).await || visit.is_stopped() {
        return;
    }
    let may_submit = permissions(cluster, &user, visit).await;
    holdings(cluster, checks, visit).await;
    whole(cluster, context, visit).await;
    if visit.is_stopped() {
        return;
    }
    match (checks.pod, context) {
        _ if !may_submit => skip(visit, "pod", "none was made: the permission is missing"),
        (_, None) => visit.tell(
            Finding::fail(Place::Cluster, "runner image", "there is no setting `runnerImage`")
                .why("every pod takes mlctl from it before anything else")
                .mend(format!(
                    "mlctl cluster image --push --name REGISTRY/mlctl:{}",
                    env!("CARGO_PKG_VERSION")
                )),
        ),
        (None, _) => skip(visit, "pod", "none was made: --no-pod"),
        (Some(limit), Some(context)) => {
            let context = ManifestContext {
                user,
                namespace: cluster.location.namespace.clone(),
                ..context.clone()
            };
            pod(cluster, &context, checks, limit, visit).await;
        }
    }
}

/// Checks who answers, and gives the name of this user; `None` when nothing more can be asked.
async fn connection(cluster: &Cluster, visit: &Visit) -> Option<String> {
    visit.begin("the API server");
    let reached = match within(cluster, visit, reach::reach(cluster)).await {
        Ok(reached) => reached,
        Err(error) => {
            tell(visit, not_connected(&error));
            return None;
        }
    };
    if let Some((server, local)) = reached.clocks {
        visit.tell(doctor::clock_by_server(server, local));
    }
    let location = &cluster.location;
    let what = format!("{}, namespace {}", location.context, location.namespace);
    visit.tell(Finding::ok(Place::Cluster, "context", what));
    visit.tell(doctor::version(&reached.server));
    match within(cluster, visit, user(cluster)).await {
        Ok(user) => Some(user),
        Err(error) => {
            tell(visit, not_connected(&error));
            None
        }
    }
}

/// Checks the namespace; `false` when nothing can run in it.
async fn namespace(cluster: &Cluster, checks: &ClusterChecks, visit: &Visit) -> bool {
    visit.begin("the namespace");
    match within(cluster, visit, place::namespace(cluster)).await {
        Ok(facts) => {
            let is_being_deleted = facts.is_going;
            tell(visit, doctor::namespace(&facts, checks.security));
            !is_being_deleted
        }
        Err(error @ (ClusterError::NotFound(_) | ClusterError::NamespaceMissing { .. })) => {
            let name = &cluster.location.namespace;
            tell(
                visit,
                Finding::fail(Place::Cluster, "namespace", error.to_string())
                    .why("runs are made in it")
                    .mend(format!("kubectl create namespace {name}")),
            );
            false
        }
        Err(error) => {
            unseen(visit, "namespace", &error);
            true
        }
    }
}

/// Checks the permissions; `false` when this user can't submit runs.
async fn permissions(cluster: &Cluster, user: &str, visit: &Visit) -> bool {
    visit.begin("permissions");
    match within(cluster, visit, access::missing_by_activity(cluster)).await {
        Ok((asked, missing)) => {
            let namespace = &cluster.location.namespace;
            for finding in doctor::permissions(user, namespace, asked, &missing) {
                tell(visit, finding);
            }
            !missing.iter().any(|one| one.is_vital)
        }
        Err(error) => {
            unseen(visit, "permissions", &error);
            true
        }
    }
}

/// Checks what the namespace holds.
async fn holdings(cluster: &Cluster, checks: &ClusterChecks, visit: &Visit) {
    let name = &cluster.location.namespace;
    visit.begin("quotas");
    check(cluster, visit, "quota", place::quotas(cluster), |quotas| doctor::quota(name, &quotas))
        .await;
    visit.begin("pull secrets");
    let secrets = place::pull_secrets(cluster, &checks.pull_secrets);
    let account = format!("the service account {}", place::ACCOUNT);
    check(cluster, visit, "pull secrets", secrets, |secrets| {
        doctor::pull_secrets(name, &account, &secrets)
    })
    .await;
    visit.begin("claims");
    let classes = within(cluster, visit, place::classes(cluster)).await.ok();
    check(cluster, visit, "claims", place::claims(cluster), |claims| {
        doctor::claims(name, &claims, classes.as_deref())
    })
    .await;
}

/// Checks what belongs to the whole cluster.
async fn whole(cluster: &Cluster, context: Option<&ManifestContext>, visit: &Visit) {
    let architectures = context.map_or(&[][..], |context| &context.architectures);
    visit.begin("nodes");
    check(cluster, visit, "nodes", nodes::nodes(cluster), |found| {
        doctor::nodes(&found, architectures)
    })
    .await;
    visit.begin("Kueue");
    let name = &cluster.location.namespace;
    check(cluster, visit, "kueue", nodes::kueue(cluster), |facts| {
        vec![doctor::kueue(name, &facts)]
    })
    .await;
}

/// Makes the probe pod and judges how far it came.
async fn pod(
    cluster: &Cluster,
    context: &ManifestContext,
    checks: &ClusterChecks,
    limit: Duration,
    visit: &Visit,
) {
    visit.begin("a pod: its image, its node, DNS");
    let images = ProbeImages { runner: context.runner_image.clone(), user: checks.image.clone() };
    let Ok(word) = random_word(3) else { return };
    let wish = ProbeWish {
        name: format!("doctor-{word}"),
        image: checks.image.clone(),
        pull_secrets: checks.pull_secrets.clone(),
        security: checks.security,
        limit: limit.as_secs(),
    };
    match probe::run(cluster, &wish, context, visit).await {
        Ok(Some(shown)) => {
            let namespace = &cluster.location.namespace;
            let missing = shown.no_pull_secret.map(|said| doctor::no_pull_secret(namespace, &said));
            for finding in missing.into_iter().chain(doctor::probe(namespace, &images, &shown.end))
            {
                visit.tell(finding);
            }
        }
        Ok(None) => {}
        Err(error) => {
            let finding = Finding::fail(Place::Cluster, "pod", error.to_string());
            let finding = finding.why("what can't be made or followed for one small pod can't be");
            tell(visit, finding.mend("mlctl doctor --no-pod   # the rest, without one"));
        }
    }
}

/// Makes one check: judges the answer, or says that this user may not ask.
async fn check<T>(
    cluster: &Cluster,
    visit: &Visit,
    name: &str,
    asked: impl Future<Output = Result<T, ClusterError>>,
    judge: impl FnOnce(T) -> Vec<Finding>,
) {
    match within(cluster, visit, asked).await {
        Ok(facts) => judge(facts).into_iter().for_each(|finding| tell(visit, finding)),
        Err(error) => unseen(visit, name, &error),
    }
}

/// Says that a check was not made, and why.
fn unseen(visit: &Visit, check: &str, error: &ClusterError) {
    skip(visit, check, &format!("not looked at: {error}"));
}

/// Says that a check was not made.
fn skip(visit: &Visit, check: &str, what: &str) {
    tell(visit, Finding::skip(Place::Cluster, check, what));
}

/// Tells a finding, unless the user has left: an interrupted check has found nothing.
fn tell(visit: &Visit, finding: Finding) {
    if !visit.is_stopped() {
        visit.tell(finding);
    }
}

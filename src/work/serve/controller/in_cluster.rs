//! An endpoint in a cluster begins, or becomes something else: its plan is made of its documents and its
//! revisions' definitions, and the runtime makes objects of it.

use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexMap;

use super::begin::Serving;
use super::loop_plan::router_plan;
use super::prepare::Prepared;
use crate::gang::RunId;
use crate::ops::cost::Prices;
use crate::plan::{
    CpuScaling, ENDPOINT_VERSION, EndpointPods, Plan, ReplicaOf, RevisionPods, SERVICE_VERSION,
    ServerPorts, ServicePlan, Unit,
};
use crate::run::{self, Order, Submitted};
use crate::runtime::{Notice, Runs, SecretValues, SubmitOptions};
use crate::spec::{ENDPOINT, Endpoint};
use crate::store::{EndpointPaths, Reservation, RunPaths, now, private_dir, remove_tree};
use crate::work::serve::endpoint::{
    Definition, ENDPOINT_DOCUMENT, EndpointDocument, ServeError, deployment_of,
};
use crate::work::serve::rollout::{Entry, JOURNAL_VERSION, Line, Rules};
use crate::work::serve::scale::Target;
use crate::work::train::{LoadedJob, TrainError, plan_in};

/// What an endpoint in a cluster is made of.
pub struct InCluster<'a> {
    /// Its spec.
    pub endpoint: &'a Endpoint,
    /// What callers meet.
    pub document: &'a EndpointDocument,
    /// The revisions, and the rules of decisions.
    pub prepared: &'a Prepared,
    /// Definitions that its journal still names, beside those of the spec.
    pub earlier: &'a [Definition],
    /// Where it lies in the state: the copy of its code is there.
    pub paths: &'a EndpointPaths,
    /// Its labels.
    pub labels: &'a IndexMap<String, String>,
    /// In whose name it is applied.
    pub user: &'a str,
    /// Plans one replica under this name, as the runs of the cluster are planned.
    pub planned: &'a dyn Fn(&LoadedJob, &RunId) -> Result<Plan, ServeError>,
}

/// A plan, and the secret values that were given for it, which are to be taken out of it.
pub struct ServicePlanned {
    /// What the cluster gets.
    pub plan: Plan,
    /// Texts that are secret.
    pub given: BTreeSet<String>,
}

/// The plan of an endpoint in a cluster: the same one gives the same objects.
pub fn service_plan(of: &InCluster<'_>) -> Result<ServicePlanned, ServeError> {
    let InCluster { endpoint, document, prepared, earlier, labels, user, .. } = *of;
    let Prepared { definitions, rules, values } = prepared;
    let mut given = BTreeSet::new();
    let mut revisions = Vec::new();
    for definition in definitions {
        let (pods, secrets) = revision_pods(of, definition, rules, values)?;
        revisions.push(pods);
        given.extend(secrets);
    }
    let mut documents = BTreeMap::new();
    documents.insert(ENDPOINT_DOCUMENT.to_owned(), json(document)?);
    for definition in definitions.iter().chain(earlier) {
        documents.insert(format!("{}.json", definition.digest), json(definition)?);
    }
    let first = Line {
        v: JOURNAL_VERSION,
        time: now(),
        by: user.to_owned(),
        entry: Entry::Applied { rules: Box::new(rules.clone()) },
    };
    let mut plan = router_plan(document, labels, endpoint)?;
    let Unit::Gang(gang) = plan.unit else {
        return Err(ServeError::Routing("the plan of a router is none of a gang".into()));
    };
    let newest = revisions.iter().map(|revision| revision.plan.head.schema_version).max();
    plan.head.schema_version = newest.unwrap_or_default().max(SERVICE_VERSION);
    let service = EndpointPods {
        address: document.name.clone(),
        port: document.port.unwrap_or(80),
        routers: endpoint.routers.min.unwrap_or(1),
        drain: rules.drain,
        tls_secret: endpoint.tls.as_ref().map(|tls| tls.secret.clone()),
        expose: endpoint.expose.clone(),
        revisions,
        documents,
        journal: json(&first)? + "\n",
    };
    plan.unit = Unit::Service(Box::new(ServicePlan { gang: *gang, service }));
    Ok(ServicePlanned { plan, given })
}

fn revision_pods(
    of: &InCluster<'_>,
    definition: &Definition,
    rules: &Rules,
    values: &BTreeMap<String, String>,
) -> Result<(RevisionPods, BTreeSet<String>), ServeError> {
    let endpoint = &of.document.endpoint;
    let revision = definition.job.roles.keys().next().cloned().unwrap_or_default();
    let deployment = deployment_of(endpoint, &revision, &definition.digest)?;
    let mut job = definition.loaded(of.paths, values)?;
    let serving = &definition.serving;
    // Its agent is told to go before its callers have their answers.
    job.job.grace = Some(crate::text::Span(rules.drain + serving.grace + SLACK));
    let secrets = job.secrets();
    let mut plan = (of.planned)(&job, &deployment)?;
    let least = plan.head.schema_version.max(ENDPOINT_VERSION);
    plan.head.schema_version = serving.server.format(least);
    plan.head.serves =
        Some(ReplicaOf { endpoint: endpoint.clone(), revision: revision.clone(), generation: 1 });
    let gang = plan.gang_mut();
    // Whoever decides ends a replica; nothing else does.
    gang.rules.timeout = None;
    gang.serving = Some(crate::plan::ServingPlan {
        ports: Some(ServerPorts::in_pod(serving.server.port)),
        drain: Some(rules.drain),
        ..serving.clone()
    });
    let own = rules.revisions.iter().find(|(name, _)| name.as_str() == revision);
    let (min, max) = own.map_or((0, 1), |(_, own)| (own.min, own.max));
    let cpu = match rules.scaling.target {
        Target::Cpu(percent) if max > min => {
            let percent = percent.clamp(1.0, 100.0).round() as u8;
            Some(CpuScaling { min: min.max(1), max, percent })
        }
        _ => None,
    };
    let pods = RevisionPods {
        digest: definition.digest.clone(),
        deployment,
        // Its controller says how many, once it knows of it.
        replicas: 0,
        cpu,
        plan,
        revision,
    };
    Ok((pods, secrets))
}

/// Plans a replica for this cluster, which knows what an image's own command is.
pub fn planned_in(
    runtime: &dyn Runs,
    job: &LoadedJob,
    deployment: &RunId,
) -> Result<Plan, ServeError> {
    Ok(plan_in(job, deployment, runtime, || Ok::<_, TrainError>(Prices::Unknown))?)
}

/// What an agent needs to end after its command has.
const SLACK: std::time::Duration = std::time::Duration::from_secs(5);

fn json<T: serde::Serialize>(value: &T) -> Result<String, ServeError> {
    Ok(serde_json::to_string(value).map_err(std::io::Error::from)?)
}

/// Begins an endpoint in a cluster: once this returns it goes on by itself.
pub fn begin_in_cluster(
    of: &InCluster<'_>,
    reservation: Reservation,
    serving: &Serving<'_>,
    notify: &mut dyn FnMut(Notice),
) -> Result<Submitted, ServeError> {
    let begun = start(of, reservation, serving, notify);
    if begun.is_err() {
        // Nothing was started; what can't be removed is in nobody's way.
        let _ = remove_tree(&of.paths.dir);
    }
    begun
}

fn start(
    of: &InCluster<'_>,
    reservation: Reservation,
    serving: &Serving<'_>,
    notify: &mut dyn FnMut(Notice),
) -> Result<Submitted, ServeError> {
    let Serving { store, runtime, submitter, labels: _, resolved } = *serving;
    write_down(of)?;
    let ServicePlanned { mut plan, given } = service_plan(of)?;
    let options = SubmitOptions { kind: ENDPOINT, ..SubmitOptions::default() };
    runtime.check(&plan, &options)?.into_iter().for_each(&mut *notify);
    let secrets = plan.take_secrets(&given);
    let order = Order {
        kind: ENDPOINT,
        plan,
        secrets,
        code: None,
        base: &of.document.base,
        source: resolved,
        resolved,
    };
    let submitted = run::submit(store, runtime, reservation, order, submitter, &options, notify);
    submitted.map_err(|error| match error {
        crate::run::SubmitError::Store(error) => ServeError::from(error),
        crate::run::SubmitError::Runtime(error) => TrainError::from(error).into(),
    })
}

/// Makes the objects of an endpoint in a cluster what its spec says now. What its journal is to say of it is
/// added by the caller afterwards, so that its controller finds all of them.
pub fn change_in_cluster(
    of: &InCluster<'_>,
    run: &RunPaths,
    serving: &Serving<'_>,
    notify: &mut dyn FnMut(Notice),
) -> Result<(), ServeError> {
    let runtime = serving.runtime;
    let ServicePlanned { mut plan, given } = service_plan(of)?;
    let options = SubmitOptions { kind: ENDPOINT, ..SubmitOptions::default() };
    runtime.check(&plan, &options)?.into_iter().for_each(&mut *notify);
    let secrets = SecretValues(plan.take_secrets(&given));
    write_down(of)?;
    runtime.ensure(&plan, run, &secrets, &options)?.into_iter().for_each(notify);
    Ok(())
}

/// Writes the documents into the state folder.
fn write_down(of: &InCluster<'_>) -> Result<(), ServeError> {
    private_dir(&of.paths.dir)?;
    of.prepared.definitions.iter().try_for_each(|definition| definition.write(of.paths))?;
    of.document.write(of.paths)
}

//! The plan of the run whose command is the controller of an endpoint.

use std::collections::BTreeMap;
use std::time::Duration;

use indexmap::IndexMap;

use crate::gang::RunId;
use crate::plan::{
    ControllerPlan, ENDPOINT_VERSION, KILL_BOUND, OWN_PROGRAM, Plan, PlanContext, RuntimeDefaults,
};
use crate::spec::{Endpoint, EnvVar, Framework, Retries, Role, TrainJob};
use crate::text::{ByteSize, CpuQuantity, Span};
use crate::work::serve::endpoint::{EndpointDocument, ServeError};
use crate::work::train::{TrainError, plan};

/// The hidden verb that an endpoint's run executes.
pub const LOOP_VERB: &str = "serve-loop";
/// How the variables begin that bring a controller the secrets of its replicas.
pub const SECRET_VARIABLE: &str = "MLCTL_SERVE_SECRET_";

/// The role of a controller, by which people see what it is.
const LOOP_ROLE: &str = "router";
/// Time to end the replicas once their requests are answered.
const LOOP_GRACE: Duration = Duration::from_secs(15);
/// A controller that is killed is started again this often.
const LOOP_RETRIES: u32 = 100_000;

/// The plan of the run whose command is the controller of an endpoint. `values` are the secrets of its
/// replicas by the variables that bring them.
pub(super) fn loop_plan(
    document: &EndpointDocument,
    labels: &IndexMap<String, String>,
    drain: Duration,
    values: BTreeMap<String, String>,
    run: &RunId,
    defaults: RuntimeDefaults,
) -> Result<Plan, ServeError> {
    let variable = |(name, value)| EnvVar { name, value: Some(value), value_from: None };
    let job = TrainJob {
        name: document.name.clone(),
        labels: labels.clone(),
        framework: Framework::None,
        command: Some(vec![OWN_PROGRAM.into(), LOOP_VERB.into()]),
        roles: [(LOOP_ROLE.to_owned(), Role { replicas: 1, ..Role::default() })].into(),
        env: values.into_iter().map(variable).collect(),
        // Callers are answered first, and then replicas are ended, which takes that long each.
        grace: Some(Span(drain + drain + KILL_BOUND + LOOP_GRACE)),
        retries: Retries {
            out_of_memory: LOOP_RETRIES,
            transient_signal: LOOP_RETRIES,
            infrastructure: LOOP_RETRIES,
            preemption: LOOP_RETRIES,
            ..Retries::default()
        },
        ..TrainJob::default()
    };
    let context = PlanContext {
        run: run.clone(),
        // It goes on until somebody ends it.
        runtime_defaults: RuntimeDefaults { timeout: None, ..defaults },
        code_base: document.base.clone(),
    };
    let mut plan = plan(&job, &context).map_err(TrainError::from)?;
    plan.head.schema_version = ENDPOINT_VERSION;
    plan.gang_mut().controller = Some(ControllerPlan::Endpoint(document.endpoint.clone()));
    Ok(plan)
}

/// The plan of a router in a cluster, as that of a gang of one.
pub(super) fn router_plan(
    document: &EndpointDocument,
    labels: &IndexMap<String, String>,
    endpoint: &Endpoint,
) -> Result<Plan, ServeError> {
    let (values, defaults) = (BTreeMap::new(), RuntimeDefaults::CLUSTER);
    let mut plan =
        loop_plan(document, labels, Duration::ZERO, values, &document.endpoint, defaults)?;
    let routers = &endpoint.routers;
    let gang = plan.gang_mut();
    if document.log.is_some() {
        // Kept requests are written by the routers themselves.
        gang.storage.secret.clone_from(&endpoint.storage.secret);
    }
    for role in &mut gang.roles {
        role.cpu = Some(routers.cpu.unwrap_or(ROUTER_CPU));
        role.memory = Some(routers.memory.unwrap_or(ROUTER_MEMORY));
    }
    Ok(plan)
}

/// Cores that a router asks for where the spec says nothing: it takes more where its node has them idle.
const ROUTER_CPU: CpuQuantity = CpuQuantity { millis: 250 };
/// Memory of a router where the spec says nothing.
const ROUTER_MEMORY: ByteSize = ByteSize { bytes: 256 << 20 };

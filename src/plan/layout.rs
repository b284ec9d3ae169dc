//! Where the replicas of a plan are in a cluster: which Job and index each one is.

use serde::{Deserialize, Serialize};

use super::types::{Addresses, Plan, Port, RolePlan};
use crate::gang::ReplicaId;

/// TensorFlow's port on a cluster.
const RENDEZVOUS_PORT: u16 = 2222;
/// torch's and JAX's port on a cluster.
const MASTER_PORT: u16 = 29500;
/// The gang's own port on a cluster.
pub const GANG_PORT: u16 = 2230;

/// One Indexed Job: its pods have one shape.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct JobLayout {
    /// The Job's name; its pods' host names are `<name>-<index>`.
    pub name: String,
    /// Which replica each completion index is.
    pub replicas: Vec<ReplicaId>,
}

/// The Jobs of a run and the headless Service that gives their pods names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ClusterLayout {
    /// The Service; the pods' subdomain.
    pub service: String,
    /// The Jobs; index 0 of the first one is the primary.
    pub jobs: Vec<JobLayout>,
}

impl ClusterLayout {
    /// One Job for all roles whose pods have the same shape, in rank order. A lone Job is called
    /// like the run, several are `<run>-<role>` after the first role in each.
    pub fn of(plan: &Plan) -> Self {
        let mut groups: Vec<Vec<&RolePlan>> = Vec::new();
        for role in &plan.gang().roles {
            match groups.iter_mut().find(|group| same_shape(group[0], role)) {
                Some(group) => group.push(role),
                None => groups.push(vec![role]),
            }
        }
        let alone = groups.len() == 1;
        let jobs = groups
            .iter()
            .map(|group| JobLayout {
                name: if alone {
                    plan.head.run.to_string()
                } else {
                    format!("{}-{}", plan.head.run, group[0].name)
                },
                replicas: group
                    .iter()
                    .flat_map(|role| (0..role.replicas).map(|i| ReplicaId::new(&role.name, i)))
                    .collect(),
            })
            .collect();
        Self { service: plan.head.run.to_string(), jobs }
    }

    /// The Job and index of a replica.
    pub fn place(&self, replica: &ReplicaId) -> Option<(&JobLayout, usize)> {
        self.jobs
            .iter()
            .find_map(|job| Some((job, job.replicas.iter().position(|member| member == replica)?)))
    }

    /// Which replica an index of a Job is.
    pub fn replica(&self, job: &str, index: usize) -> Option<&ReplicaId> {
        self.jobs.iter().find(|layout| layout.name == job)?.replicas.get(index)
    }
}

impl Addresses for ClusterLayout {
    /// `<job>-<index>.<service>`: the pod's own search domains do the rest, so no cluster domain is
    /// written down anywhere.
    fn host(&self, replica: &ReplicaId) -> String {
        self.place(replica).map_or_else(
            || replica.to_string(),
            |(job, index)| format!("{}-{index}.{}", job.name, self.service),
        )
    }

    fn port(&self, _: &ReplicaId, port: Port) -> u16 {
        match port {
            Port::Rendezvous => RENDEZVOUS_PORT,
            Port::Master => MASTER_PORT,
            Port::Gang => GANG_PORT,
        }
    }
}

/// Pods of both roles can come from one template: what differs travels in the agent's document.
fn same_shape(one: &RolePlan, other: &RolePlan) -> bool {
    let shape = |role: &RolePlan| RolePlan {
        name: one.name.clone(),
        replicas: 0,
        command: Vec::new(),
        entrypoint_args: Vec::new(),
        env: role.env.iter().filter(|variable| variable.value_from.is_some()).cloned().collect(),
        ..role.clone()
    };
    shape(one) == shape(other)
}

//! The plan of an endpoint in a cluster: the pods that route and decide, and for each revision the pods that
//! answer.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::types::{GangPlan, Plan, Unit};
use crate::gang::RunId;
use crate::spec::Expose;

/// Format of the plan of an endpoint in a cluster: an mlctl that knows none would take it for a gang.
pub const SERVICE_VERSION: u32 = 6;

/// An endpoint in a cluster. It goes on until somebody ends it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ServicePlan {
    /// What its routers have in common with a gang's replicas: one role, whose only replica stands for all
    /// of them.
    #[serde(flatten)]
    pub gang: GangPlan,
    /// What makes it an endpoint.
    pub service: EndpointPods,
}

/// The pods of an endpoint and what is told to them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EndpointPods {
    /// Name of the Service by which callers reach it: the endpoint's own.
    pub address: String,
    /// The port of that Service.
    pub port: u16,
    /// How many routers there are.
    pub routers: u32,
    /// Requests that are under way when a router or a replica goes have so long.
    pub drain: Duration,
    /// Name of the Secret with the certificate that callers see, `tls.crt` and `tls.key`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls_secret: Option<String>,
    /// What the cluster shows of it outside.
    #[serde(default, skip_serializing_if = "Expose::is_default")]
    pub expose: Expose,
    /// The revisions that the spec has now.
    pub revisions: Vec<RevisionPods>,
    /// What its controller reads: the endpoint's own document and the definitions of its revisions, by the
    /// names of their files. None of them has a secret.
    pub documents: BTreeMap<String, String>,
    /// The first lines of its journal, for an endpoint that has none yet.
    pub journal: String,
}

/// The pods of one revision.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RevisionPods {
    /// Name of the revision.
    pub revision: String,
    /// Fingerprint of its definition, by which the journal names it.
    pub digest: String,
    /// Name of its Deployment, and how the names begin of all that its pods read. It follows from the
    /// endpoint, the revision and the fingerprint.
    pub deployment: RunId,
    /// How many replicas it begins with. Later its controller says how many.
    pub replicas: u32,
    /// The cluster scales it by the use of its processors, and its controller does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu: Option<CpuScaling>,
    /// One replica, as a gang of one whose run is called as its Deployment.
    pub plan: Plan,
}

/// A HorizontalPodAutoscaler's figures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CpuScaling {
    /// Fewest replicas.
    pub min: u32,
    /// Most replicas.
    pub max: u32,
    /// Percent of what a replica asks for that it is to use.
    pub percent: u8,
}

impl Plan {
    /// The pods of an endpoint in a cluster; `None` for everything else.
    pub fn service(&self) -> Option<&EndpointPods> {
        match &self.unit {
            Unit::Service(service) => Some(&service.service),
            Unit::Gang(_) | Unit::Tasks(_) => None,
        }
    }

    /// The same as [`Plan::service`], to be changed before it is shown or submitted.
    pub fn service_mut(&mut self) -> Option<&mut EndpointPods> {
        match &mut self.unit {
            Unit::Service(service) => Some(&mut service.service),
            Unit::Gang(_) | Unit::Tasks(_) => None,
        }
    }
}

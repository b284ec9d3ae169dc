//! Every replica is 127.0.0.1, each with ports of its own.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::gang::ReplicaId;
use crate::plan::{Addresses, Plan, Port};

/// Ports by replica and use.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LocalPorts(BTreeMap<String, u16>);

impl LocalPorts {
    /// Which ports a gang needs: one rendezvous port each, one more for the primary.
    pub(crate) fn wanted(plan: &Plan) -> Vec<String> {
        let mut wanted: Vec<String> =
            plan.gang().replicas().map(|(_, id)| key(&id, Port::Rendezvous)).collect();
        wanted.push(key(plan.gang().primary(), Port::Master));
        wanted
    }

    pub(crate) fn new(wanted: Vec<String>, ports: Vec<u16>) -> Self {
        Self(wanted.into_iter().zip(ports).collect())
    }

    /// The ports that a replica's own command listens on.
    pub(crate) fn of(&self, replica: &ReplicaId) -> Vec<u16> {
        [Port::Rendezvous, Port::Master]
            .iter()
            .filter_map(|port| self.0.get(&key(replica, *port)).copied())
            .collect()
    }
}

fn key(replica: &ReplicaId, port: Port) -> String {
    let what = match port {
        Port::Rendezvous => "rendezvous",
        Port::Master => "master",
        Port::Gang => "gang",
    };
    format!("{replica}/{what}")
}

impl Addresses for LocalPorts {
    fn host(&self, _: &ReplicaId) -> String {
        "127.0.0.1".into()
    }

    fn port(&self, replica: &ReplicaId, port: Port) -> u16 {
        self.0.get(&key(replica, port)).copied().unwrap_or_default()
    }
}

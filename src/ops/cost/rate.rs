//! What one replica costs for an hour.

use std::collections::BTreeMap;

use serde::Serialize;

use super::prices::{NodePrices, PriceFile, Prices};
use crate::hardware::Requests;
use crate::hardware::accelerator;
use crate::plan::{Plan, RolePlan};

const GIB: f64 = (1u64 << 30) as f64;

/// What a replica of a role requests.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Request {
    /// Number of cores, with parts down to a thousandth.
    pub cpu: f64,
    /// Memory in GiB.
    #[serde(rename = "memoryGiB")]
    pub memory_gib: f64,
    /// How many accelerators of each type.
    pub accelerators: BTreeMap<String, u32>,
}

/// What a replica costs for an hour.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Rate {
    /// Money for everything that the replica requests, in the currency of the prices.
    pub hour: f64,
    /// Money for its accelerators, which is a part of `hour`.
    pub accelerators: f64,
    /// What has no price, or no amount that could have one.
    pub unpriced: Vec<String>,
}

impl Request {
    /// What a role asks for, for each of its replicas.
    pub fn of(role: &RolePlan) -> Self {
        let accelerators = role.accelerators.as_ref();
        Self {
            cpu: role.cpu.map_or(0.0, |cpu| cpu.millis as f64 / 1000.0),
            memory_gib: role.memory.map_or(0.0, |memory| memory.bytes as f64 / GIB),
            accelerators: accelerators
                .map(|wanted| (known_name(&wanted.kind), wanted.count))
                .into_iter()
                .collect(),
        }
    }
}

impl Prices {
    /// What a replica of this role costs on a node with these labels, as far as they are known. The
    /// role's own `nodeSelector` is known of every node that it may use.
    pub fn rate(&self, role: &RolePlan, labels: &BTreeMap<String, String>) -> Rate {
        match self {
            Self::Free => Rate::default(),
            Self::Unknown => Rate { unpriced: vec!["no price file".to_owned()], ..Rate::default() },
            Self::File(file) => file.rate(role, labels),
        }
    }
}

impl Prices {
    /// What an hour of these requests costs, and in which currency; `None` without prices for all of
    /// it. A cluster knows accelerators by their resource: the run's plan says of which type they are.
    pub fn held(&self, requests: &Requests, plan: Option<&Plan>) -> Option<(f64, String)> {
        let Self::File(file) = self else { return None };
        let kinds = || {
            let roles = plan.into_iter().flat_map(|plan| &plan.gang().roles);
            roles.filter_map(|role| role.accelerators.as_ref()).map(|wanted| wanted.kind.as_str())
        };
        let mut hour =
            file.cpu_hour * requests.cpu + file.memory_gib_hour * requests.memory as f64 / GIB;
        for (resource, count) in &requests.accelerators {
            let of_resource = |kind: &&str| {
                *kind == resource
                    || accelerator::find(kind).is_some_and(|known| known.resource == resource)
            };
            let kind = kinds().find(of_resource).unwrap_or(resource);
            let price = file.accelerator(&NodePrices::default(), &known_name(kind))?;
            hour += price * *count as f64;
        }
        Some((hour, file.currency.clone()))
    }
}

impl PriceFile {
    fn rate(&self, role: &RolePlan, labels: &BTreeMap<String, String>) -> Rate {
        let has = |(key, value): (&String, &String)| {
            labels.get(key) == Some(value) || role.node_selector.get(key) == Some(value)
        };
        let nothing = NodePrices::default();
        let node = self.nodes.iter().find(|node| node.labels.iter().all(has)).unwrap_or(&nothing);
        let spot = self.spot.as_ref().filter(|spot| spot.labels.iter().any(has));
        let factor = node.factor.unwrap_or(1.0) * spot.map_or(1.0, |spot| spot.factor);
        let request = Request::of(role);
        let mut unpriced = Vec::new();
        for (name, missing) in [("cpu", role.cpu.is_none()), ("memory", role.memory.is_none())] {
            if missing {
                unpriced.push(format!("{} says no `{name}`", role.name));
            }
        }
        let mut accelerators = 0.0;
        for (kind, count) in &request.accelerators {
            match self.accelerator(node, kind) {
                Some(price) => accelerators += price * f64::from(*count),
                None => unpriced.push(format!("{kind} has no price")),
            }
        }
        let cpu = node.cpu_hour.unwrap_or(self.cpu_hour) * request.cpu;
        let memory = node.memory_gib_hour.unwrap_or(self.memory_gib_hour) * request.memory_gib;
        Rate {
            hour: factor * (cpu + memory + accelerators),
            accelerators: factor * accelerators,
            unpriced,
        }
    }

    fn accelerator(&self, node: &NodePrices, kind: &str) -> Option<f64> {
        let find = |hours: &BTreeMap<String, f64>| {
            hours.iter().find(|(name, _)| known_name(name) == kind).map(|(_, price)| *price)
        };
        find(&node.accelerator_hours).or_else(|| find(&self.accelerator_hours))
    }

    /// Labels of nodes that a price depends on.
    pub fn node_labels(&self) -> impl Iterator<Item = &str> {
        let spot = self.spot.iter().flat_map(|spot| spot.labels.keys());
        let nodes = self.nodes.iter().flat_map(|node| node.labels.keys());
        spot.chain(nodes).map(String::as_str)
    }
}

/// Vertex's names are ours.
fn known_name(kind: &str) -> String {
    accelerator::find(kind).map_or_else(|| kind.to_owned(), |known| known.name.to_owned())
}

//! Accelerators of a cluster or a machine, as tables.

use jiff::Timestamp;

use super::Table;
use super::human::{age, bytes};
use crate::hardware::gpus::{ClusterGpus, Gpu, Machine, NodeGpus, Resource, User};

/// A row for each type of accelerator of each node with its users below, then those who wait for
/// one.
pub fn cluster_gpus(gpus: &ClusterGpus, now: Timestamp) -> Table {
    let header = ["NODE", "TYPE", "ALLOCATABLE", "IN USE", "FREE", "USER", "FOR", "STATE"];
    let mut table = Table::new(&header).whole(&[0, 1]);
    for node in &gpus.nodes {
        for resource in &node.resources {
            table.row(resource_row(node, resource));
            for user in &resource.users {
                table.row(user_row(user, "", now));
            }
        }
    }
    for user in &gpus.waiting {
        table.row(user_row(user, &user.resource, now));
    }
    table
}

fn resource_row(node: &NodeGpus, resource: &Resource) -> Vec<String> {
    let mut states = vec![node.state.to_string()];
    if let Some(sharing) = &resource.sharing {
        states.push(format!("{} pods share one by {}", sharing.replicas, sharing.strategy));
    }
    if resource.unhealthy > 0 {
        states.push(format!("{} unhealthy", resource.unhealthy));
    }
    let known = |count: Option<u64>| count.map_or_else(|| "?".into(), |count| count.to_string());
    let at_least = if resource.free.is_none() { "+" } else { "" };
    vec![
        node.node.clone(),
        resource.kind.clone(),
        known(resource.allocatable),
        format!("{}{at_least}", resource.in_use),
        known(resource.free),
        String::new(),
        String::new(),
        states.join(", "),
    ]
}

/// A user below a node, or with `wants` (a type) one who waits. A run goes by its id, another pod by
/// `namespace/name`.
fn user_row(user: &User, wants: &str, now: Timestamp) -> Vec<String> {
    let who = match (&user.run, user.pods.first()) {
        (Some(run), _) => run.clone(),
        (None, pod) => format!("{}/{}", user.namespace, pod.map_or("", String::as_str)),
    };
    let waits = !wants.is_empty();
    let count = user.count.to_string();
    vec![
        format!("  {who}"),
        wants.to_owned(),
        String::new(),
        if waits { String::new() } else { count.clone() },
        String::new(),
        user.user.clone().unwrap_or_default(),
        user.since.map(|since| age(since, now)).unwrap_or_default(),
        if waits { format!("waits for {count}") } else { String::new() },
    ]
}

/// Sums over all nodes by type, for example `8 nvidia-l4, 3 in use, 5 free; 1 nvidia-t4, ...`; empty
/// when the cluster has no accelerators.
pub fn gpu_totals(gpus: &ClusterGpus) -> String {
    let some = gpus.totals.iter().filter(|total| total.allocatable + total.in_use > 0);
    let totals = some.map(|total| match total.free {
        Some(free) => {
            format!("{} {}, {} in use, {free} free", total.allocatable, total.kind, total.in_use)
        }
        None => format!("{}: {} in use at least", total.kind, total.in_use),
    });
    totals.collect::<Vec<_>>().join("; ")
}

/// A row for each GPU of this machine, with its slices and processes below.
pub fn machine_gpus(machine: &Machine) -> Table {
    let header = ["GPU", "NAME", "TYPE", "MEMORY USED", "BUSY", "MIG", "RUN"];
    let mut table = Table::new(&header).whole(&[0, 2, 6]);
    for gpu in &machine.gpus {
        table.row(gpu_row(gpu));
        for slice in &gpu.slices {
            let mut row = below("slice", &slice.profile, &slice.uuid);
            row[6] = slice.run.clone().unwrap_or_default();
            table.row(row);
        }
        for process in &gpu.processes {
            let memory = process.memory.map(bytes).unwrap_or_default();
            let mut row = below("pid", &process.pid.to_string(), &process.name);
            row[3] = memory;
            table.row(row);
        }
    }
    table
}

fn gpu_row(gpu: &Gpu) -> Vec<String> {
    let memory = match (gpu.memory_used, gpu.memory) {
        (Some(used), Some(all)) => format!("{} of {}", bytes(used), bytes(all)),
        _ => "?".into(),
    };
    vec![
        gpu.index.to_string(),
        gpu.name.clone(),
        gpu.kind.clone().unwrap_or_default(),
        memory,
        gpu.utilization.map(|percent| format!("{percent}%")).unwrap_or_default(),
        match gpu.mig {
            Some(true) if gpu.slices.len() == 1 => "1 slice".into(),
            Some(true) => format!("{} slices", gpu.slices.len()),
            Some(false) => "off".into(),
            None => "no".into(),
        },
        match &gpu.run {
            Some(run) => run.clone(),
            None if gpu.hidden => "(hidden)".into(),
            None => String::new(),
        },
    ]
}

/// A row below a GPU: a kind and a number in the first column, a name in the second.
fn below(what: &str, which: &str, name: &str) -> Vec<String> {
    let mut row = vec![format!("  {what} {which}"), name.to_owned()];
    row.resize(7, String::new());
    row
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;
    use crate::hardware::accelerator::{CustomAccelerators, NVIDIA};
    use crate::hardware::gpus::{GpuProcess, Holder, Node, NodeState, Slice, inventory};

    fn now() -> Timestamp {
        "2026-01-01T12:00:00Z".parse().unwrap()
    }

    fn node(name: &str, product: &str, devices: &[(&str, f64)]) -> Node {
        let mut node = Node { name: name.into(), ..Node::default() };
        node.labels.insert("nvidia.com/gpu.product".into(), product.into());
        node.allocatable = devices.iter().map(|(name, n)| ((*name).into(), *n)).collect();
        node.capacity = node.allocatable.clone();
        node
    }

    fn holder(run: &str, pod: &str, node: &str, count: u64, minutes: i64) -> Holder {
        let is_run = !run.is_empty();
        Holder {
            namespace: "ml".into(),
            pod: pod.into(),
            run: is_run.then(|| run.into()),
            user: is_run.then(|| "ada@example.com".into()),
            node: (!node.is_empty()).then(|| node.into()),
            since: Some(now() - jiff::SignedDuration::from_mins(minutes)),
            requests: [(NVIDIA.to_owned(), count)].into(),
        }
    }

    fn pods() -> Vec<Holder> {
        vec![
            holder("digits-a1b2c3", "digits-a1b2c3-0-x", "gpu-0", 1, 150),
            holder("digits-a1b2c3", "digits-a1b2c3-1-y", "gpu-0", 1, 200),
            holder("", "notebook-0", "gpu-0", 1, 4000),
            holder("wide-d4e5f6", "wide-d4e5f6-0-z", "", 8, 3),
        ]
    }

    #[test]
    fn a_cluster() {
        let mut shared = node("gpu-1", "Tesla-T4-SHARED", &[(NVIDIA, 4.0)]);
        shared.labels.insert("nvidia.com/gpu.replicas".into(), "4".into());
        shared.state = NodeState::Cordoned;
        let mut sliced = node("gpu-2", "NVIDIA-A100-SXM4-40GB", &[("nvidia.com/mig-1g.5gb", 7.0)]);
        sliced.capacity.insert(NVIDIA.into(), 1.0);
        let nodes = [
            sliced,
            node("gpu-0", "NVIDIA-A100-SXM4-80GB", &[("cpu", 64.0), (NVIDIA, 8.0)]),
            shared,
            node("cpu-0", "", &[("cpu", 8.0)]),
        ];
        let gpus = inventory(Some(&nodes), &pods(), true, &CustomAccelerators::new());
        let table = cluster_gpus(&gpus, now()).text(None);
        assert_snapshot!(format!("{table}\n{}", gpu_totals(&gpus)));
        insta::assert_json_snapshot!(gpus.nodes[0]);
    }

    #[test]
    fn a_cluster_that_may_hardly_be_looked_at() {
        let gpus = inventory(None, &pods(), false, &CustomAccelerators::new());
        assert!(!gpus.complete);
        let table = cluster_gpus(&gpus, now()).text(None);
        assert_snapshot!(format!("{table}\n{}", gpu_totals(&gpus)));
    }

    #[test]
    fn a_machine() {
        let gpu = Gpu {
            name: "NVIDIA A100-SXM4-40GB".into(),
            kind: Some("nvidia-a100".into()),
            memory: Some(40 << 30),
            memory_used: Some(5 << 28),
            mig: Some(true),
            slices: vec![Slice { profile: "3g.20gb".into(), uuid: "MIG-1".into(), run: None }],
            ..Gpu::default()
        };
        let process = GpuProcess { pid: 1234, name: "python".into(), memory: Some(1 << 30) };
        let busy = Gpu {
            index: 1,
            name: "NVIDIA L4".into(),
            kind: Some("nvidia-l4".into()),
            memory: Some(23 << 30),
            memory_used: Some(1 << 30),
            utilization: Some(35),
            processes: vec![process],
            run: Some("digits-a1b2c3".into()),
            ..Gpu::default()
        };
        let machine = Machine { gpus: vec![gpu, busy], ..Machine::default() };
        assert_snapshot!(machine_gpus(&machine).text(None).to_string());
    }
}

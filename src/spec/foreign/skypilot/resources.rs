//! `resources`: what each node has.

use super::accelerators::accelerators;
use crate::spec::foreign::common::fields::{Fields, Findings, Table, Use};
use crate::spec::foreign::common::gather::Located;
use crate::spec::foreign::common::scalars::items;
use crate::spec::foreign::common::suspects::scan_image;
use crate::spec::kinds::train::{Accelerators, Retries};
use crate::spec::syntax::{Entry, Node};
use crate::text::{ByteSize, CpuQuantity};

const WHERE: Use = Use::Left("a run is where the settings, `--runtime` and `--context` say");
const SPOT: Use = Use::Left("pick such machines with `nodeSelector` and `tolerations`");
const DISK: Use = Use::Left("a node's disk is the cluster's matter: mount a claim by `volumes`");
const RECOVERY: Use = Use::Changed("`retries`: a run starts again when a machine has gone anyway");
const ALTERNATIVES: Use = Use::Changed("the first of them that has a GPU, or none, is taken");

pub(super) const RESOURCES: Table = &[
    ("accelerators", Use::Changed("`accelerators`: the first of several, by the name it has here")),
    ("gpus", Use::Changed("`accelerators`, of which it is another name")),
    ("cpus", Use::Changed("`cpu`: at least so many")),
    ("memory", Use::Changed("`memory`, in GiB")),
    ("image_id", Use::Changed("`docker:IMAGE` is `image`; machine images are left out")),
    ("ports", Use::Changed("the port of a service; replicas of a run reach each other on all")),
    ("labels", Use::Kept("labels")),
    ("priority_class", Use::Kept("priorityClass")),
    ("job_recovery", RECOVERY),
    ("spot_recovery", RECOVERY),
    ("any_of", ALTERNATIVES),
    ("ordered", ALTERNATIVES),
    ("cloud", WHERE),
    ("infra", WHERE),
    ("region", WHERE),
    ("zone", WHERE),
    ("instance_type", Use::Left("say what it has: `cpus`, `memory` and `accelerators`")),
    ("use_spot", SPOT),
    ("disk_size", DISK),
    ("disk_tier", DISK),
    ("ephemeral_storage", DISK),
    ("local_disk", DISK),
    ("volumes", DISK),
    ("network_tier", Use::Left("ask for the network's devices with `podPatch`")),
    ("accelerator_args", Use::Left("they are for TPUs, which mlctl does not run on")),
    ("autostop", Use::Left("a run holds nothing once its command has ended")),
    ("max_hourly_cost", Use::Left("`maxCost` limits what a run may cost in all")),
    ("priority", Use::Left("write `priorityClass`, or a `queue` of Kueue")),
    ("_docker_login_config", Use::Left("name a Secret in `imagePullSecrets`")),
    ("_no_missing_accel_warnings", Use::Output),
    ("_is_image_managed", Use::Output),
    ("_requires_fuse", Use::Output),
    ("_cluster_config_overrides", Use::Output),
];
pub(super) const RECOVER: Table = &[
    ("strategy", Use::Left("a run starts again where it was, or where the cluster has room")),
    ("max_restarts_on_errors", Use::Changed("`retries`: so often the whole gang starts again")),
    (
        "recover_on_exit_codes",
        Use::Left("failures are counted by class: `mlctl explain TrainJob.retries`"),
    ),
];

/// What a task's nodes have.
#[derive(Default)]
pub(super) struct Asked {
    pub(super) cpu: Option<Located<CpuQuantity>>,
    pub(super) memory: Option<Located<ByteSize>>,
    pub(super) accelerators: Option<Located<Accelerators>>,
    pub(super) image: Option<Located<String>>,
    pub(super) retries: Option<Located<Retries>>,
    pub(super) priority_class: Option<Located<String>>,
    pub(super) labels: Vec<(String, String)>,
    /// The first port that is open, where a service listens.
    pub(super) port: Option<Located<u16>>,
    /// The cloud by whose object store a bucket is meant that says none.
    pub(super) cloud: Option<String>,
}

/// Reads `resources`. `serves` says whether their ports are a service's.
pub(super) fn resources(findings: &mut Findings, node: &Node, serves: bool) -> Asked {
    let mut asked = Asked::default();
    let fields = findings.fields(node, "resources", RESOURCES);
    one(findings, node, &fields, serves, &mut asked);
    for name in ["any_of", "ordered"] {
        let Some(entry) = fields.entry(name) else { continue };
        alternatives(findings, entry, serves, &mut asked);
    }
    asked
}

/// Takes the first alternative that asks for something that mlctl has; the others would be asked for where that
/// is not to be had.
fn alternatives(findings: &mut Findings, entry: &Entry, serves: bool, asked: &mut Asked) {
    let all = items(&entry.value);
    let asks = |node: &&Node| {
        let kind = node.get("accelerators").and_then(Node::as_text).unwrap_or_default();
        !kind.to_ascii_lowercase().starts_with("tpu")
    };
    let Some(first) = all.iter().find(asks).or(all.first()) else { return };
    // What only says where to look is no alternative here.
    let differ = |node: &Node| {
        let places = ["cloud", "infra", "region", "zone", "use_spot"];
        let fields = node.as_map().unwrap_or_default().iter();
        fields.filter(|entry| !places.contains(&entry.key.text.as_str())).count()
    };
    if all.len() > 1 && all.iter().any(|one| differ(one) > 0) {
        let message = format!("of {} alternatives, one is taken", all.len());
        let finding = crate::spec::syntax::Diagnostic::warning(findings.system.instead, message)
            .at(first.span, "this one")
            .help("a run asks for one kind of machine: write another one first to have that");
        findings.add(finding);
    }
    let path = format!("resources.{}[]", entry.key.text);
    let fields = findings.fields(first, &path, RESOURCES);
    one(findings, first, &fields, serves, asked);
}

fn one(findings: &mut Findings, node: &Node, fields: &Fields<'_>, serves: bool, asked: &mut Asked) {
    let text = |name: &str| node.get(name).and_then(Node::as_text);
    if let Some(cloud) = text("cloud").or_else(|| text("infra")) {
        let cloud = cloud.split('/').next().unwrap_or(cloud);
        asked.cloud = Some(cloud.to_ascii_lowercase());
    }
    if let Some(entry) = fields.entry("accelerators").or_else(|| fields.entry("gpus")) {
        asked.accelerators = accelerators(findings, entry);
    }
    if let Some(entry) = fields.entry("cpus") {
        let text = entry.value.as_text().map(|text| text.trim().trim_end_matches('+'));
        match text.and_then(|text| text.parse().ok()) {
            Some(cpu) => asked.cpu = Some(Located::new(cpu, entry)),
            None => findings.wrong_type(&entry.value, "cpus", "a number of cores, as in `4+`"),
        }
    }
    if let Some(entry) = fields.entry("memory") {
        match entry.value.as_text().and_then(|text| memory(text, asked.cpu.as_ref())) {
            Some(bytes) => asked.memory = Some(Located::new(ByteSize { bytes }, entry)),
            None => findings.wrong_type(&entry.value, "memory", "gigabytes, as in `16+`"),
        }
    }
    if let Some(entry) = fields.entry("image_id") {
        image(findings, entry, asked);
    }
    if let Some(entry) = fields.entry("ports") {
        ports(findings, entry, serves, asked);
    }
    if let Some(entry) = fields.entry("priority_class")
        && let Some(name) = findings.text(&entry.value, "priority_class")
    {
        asked.priority_class = Some(Located::new(name.to_owned(), entry));
    }
    for label in fields.get("labels").and_then(Node::as_map).unwrap_or_default() {
        if let Some(value) = findings.text(&label.value, "labels") {
            asked.labels.push((label.key.text.clone(), value.to_owned()));
        }
    }
    for name in ["job_recovery", "spot_recovery"] {
        if let Some(entry) = fields.entry(name) {
            recovery(findings, entry, asked);
        }
    }
}

/// Gigabytes, which are powers of two there too; `16x` is so many for each core.
fn memory(text: &str, cpu: Option<&Located<CpuQuantity>>) -> Option<u64> {
    let text = text.trim();
    if let Some(each) = text.strip_suffix('x') {
        let cores = cpu.map_or(1.0, |cpu| cpu.value.millis as f64 / 1000.0);
        return gibibytes(each.parse::<f64>().ok()? * cores);
    }
    let text = text.trim_end_matches('+').to_ascii_lowercase();
    let unit = text.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
    let number: f64 = text[..text.len() - unit.len()].parse().ok()?;
    match unit {
        "" | "g" | "gb" | "gi" | "gib" => gibibytes(number),
        "m" | "mb" | "mi" | "mib" => gibibytes(number / 1024.0),
        "t" | "tb" | "ti" | "tib" => gibibytes(number * 1024.0),
        _ => None,
    }
}

fn gibibytes(number: f64) -> Option<u64> {
    let bytes = number * (1u64 << 30) as f64;
    (bytes >= 1.0 && bytes < 2f64.powi(60)).then(|| bytes.round() as u64)
}

/// `docker:IMAGE`; a mapping of regions has one for each.
fn image(findings: &mut Findings, entry: &Entry, asked: &mut Asked) {
    const MACHINE: &str =
        "an image of a machine has no counterpart: write `image_id: docker:IMAGE`";
    let regions = entry.value.as_map().unwrap_or_default().iter().map(|region| &region.value);
    let all: Vec<&Node> = if entry.value.as_map().is_some() {
        regions.collect()
    } else if entry.value.as_text().is_some() {
        vec![&entry.value]
    } else {
        findings.wrong_type(&entry.value, "image_id", "`docker:IMAGE`");
        return;
    };
    let of_docker = |node: &&Node| {
        node.as_text().and_then(|text| text.strip_prefix("docker:")).map(str::to_owned)
    };
    match all.iter().find_map(of_docker) {
        Some(image) => {
            scan_image(findings, &entry.value, &image);
            asked.image = Some(Located::new(image, entry));
        }
        None => findings.left("image_id", entry, MACHINE),
    }
}

/// One port, a range, or a list of both.
fn ports(findings: &mut Findings, entry: &Entry, serves: bool, asked: &mut Asked) {
    if !serves {
        let help = "the replicas of a run reach each other on every port; nobody else reaches them";
        findings.left("ports", entry, help);
        return;
    }
    let first = items(&entry.value).first().and_then(Node::as_text);
    let number = first.map(|text| text.split('-').next().unwrap_or(text).trim());
    match number.and_then(|text| text.parse().ok()) {
        Some(port) => asked.port = Some(Located::new(port, entry)),
        None => findings.wrong_type(&entry.value, "ports", "a port"),
    }
    if items(&entry.value).len() > 1 {
        let help = "requests go to one port of a replica: write that one alone";
        findings.otherwise(&entry.value, "ports but the first", help);
    }
}

fn recovery(findings: &mut Findings, entry: &Entry, asked: &mut Asked) {
    if entry.value.as_text().is_some() {
        let help = "a run starts again where it was, or where the cluster has room: `retries`";
        findings.left(&entry.key.text, entry, help);
        return;
    }
    let fields = findings.fields(&entry.value, &entry.key.text, RECOVER);
    if let Some(most) = fields.entry("max_restarts_on_errors")
        && let Some(count) = findings.count(&most.value, "max_restarts_on_errors")
    {
        let usual = Retries::default();
        let retries = Retries {
            user_error: count,
            out_of_memory: count,
            transient_signal: count.max(usual.transient_signal),
            ..usual
        };
        asked.retries = Some(Located::new(retries, most));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_in_gibibytes() {
        let gib = |number: u64| Some(number << 30);
        assert_eq!(memory("16+", None), gib(16));
        assert_eq!(memory("0.5", None), Some(1 << 29));
        assert_eq!(memory("512MB", None), Some(1 << 29));
        assert_eq!(memory("x", None), None);
        assert_eq!(memory("-1", None), None);
    }
}

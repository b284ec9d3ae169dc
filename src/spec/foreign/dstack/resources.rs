//! `resources`: what each node or replica gets.

use super::amounts::size;
use super::gpu::gpu;
use crate::spec::foreign::common::assemble::note;
use crate::spec::foreign::common::fields::{Findings, Table, Use};
use crate::spec::foreign::common::gather::Located;
use crate::spec::kinds::train::{Accelerators, Volume};
use crate::spec::syntax::{Entry, Spans};
use crate::text::{ByteSize, CpuQuantity};

pub(super) const RESOURCES: Table = &[
    ("cpu", Use::Changed("`cpu`: the least of a range; `arm:4` also asks for nodes of that kind")),
    ("memory", Use::Changed("`memory`: the least of a range, and a replica gets no more than it")),
    ("gpu", Use::Changed("`accelerators`: one type, and the least of a range")),
    ("shm_size", Use::Changed("a volume of memory at /dev/shm")),
    ("disk", Use::Left("nodes have the disks that they have; `volumes` can mount a claim")),
];
pub(super) const CPU: Table = &[
    ("count", Use::Changed("`cpu`: the least of a range")),
    ("arch", Use::Changed("`nodeSelector`: the label `kubernetes.io/arch`")),
    ("min", Use::Changed("`cpu`")),
    ("max", Use::Left("a replica may use more cores where its node has them idle")),
];
pub(super) const DISK: Table =
    &[("size", Use::Left("nodes have the disks that they have; `volumes` can mount a claim"))];

/// What each replica gets.
#[derive(Default)]
pub(super) struct Resources {
    pub(super) cpu: Option<CpuQuantity>,
    pub(super) memory: Option<ByteSize>,
    pub(super) accelerators: Option<Accelerators>,
    /// The architecture as nodes have it in a label.
    pub(super) arch: Option<&'static str>,
    pub(super) shared_memory: Option<Volume>,
}

/// Reads `resources`.
pub(super) fn resources(
    findings: &mut Findings,
    entry: Option<&Entry>,
    spans: &mut Spans,
) -> Resources {
    let mut all = Resources::default();
    let Some(entry) = entry else { return all };
    let fields = findings.fields(&entry.value, "resources", RESOURCES);
    if let Some(entry) = fields.entry("cpu") {
        cpu(findings, entry, &mut all);
        note("cpu", &Located::new((), entry), spans);
    }
    if let Some(entry) = fields.entry("memory")
        && let Some(range) = findings.range(&entry.value, "resources.memory")
        && let Some(least) = &range.min
    {
        note("memory", &Located::new((), entry), spans);
        match size(least) {
            Some(memory) if range.is_wide() => {
                let message = format!("a replica gets {memory} of memory, and no more");
                let help = "`memory` is the limit too: write what it needs at most";
                findings.instead(&entry.value, message, help);
                all.memory = Some(memory);
            }
            Some(memory) => all.memory = Some(memory),
            None if least == "0" => {}
            None => findings.wrong_type(&entry.value, "resources.memory", "a size such as `16GB`"),
        }
    }
    if let Some(entry) = fields.entry("gpu") {
        note("accelerators", &Located::new((), entry), spans);
        all.accelerators = gpu(findings, &entry.value);
    }
    if let Some(entry) = fields.entry("shm_size") {
        match entry.value.as_text().and_then(size) {
            Some(size) => all.shared_memory = Some(shared_memory(size)),
            None => findings.wrong_type(&entry.value, "resources.shm_size", "a size such as `8GB`"),
        }
    }
    all
}

/// `4`, `4..`, `arm:4..`, or a mapping.
fn cpu(findings: &mut Findings, entry: &Entry, all: &mut Resources) {
    let node = &entry.value;
    let mut arch = None;
    let range = if let Some(text) = node.as_text() {
        let is_count = |token: &&str| token.starts_with(|c: char| c.is_ascii_digit() || c == '.');
        arch = text.split(':').map(str::trim).find(|token| !is_count(token)).map(str::to_owned);
        text.split(':').map(str::trim).find(is_count).map(super::amounts::Range::of)
    } else {
        let fields = findings.fields(node, "resources.cpu", CPU);
        arch = fields.get("arch").and_then(|node| Some(node.as_text()?.to_owned())).or(arch);
        let count = fields.get("count").unwrap_or(node);
        // Only an architecture is no error.
        let is_there = fields.get("count").is_some() || fields.get("min").is_some();
        if is_there { findings.range(count, "resources.cpu") } else { None }
    };
    match arch.as_deref().map(str::to_ascii_lowercase).as_deref() {
        Some("arm") => all.arch = Some("arm64"),
        Some("x86") => all.arch = Some("amd64"),
        Some(_) => {
            findings.wrong_type(node, "resources.cpu", "cores, with `x86:` or `arm:` before");
        }
        None => {}
    }
    let least = range.and_then(|range| findings.least(node, "resources.cpu", &range));
    all.cpu = least
        .filter(|cores| *cores > 0)
        .map(|cores| CpuQuantity { millis: u64::from(cores) * 1000 });
}

fn shared_memory(size: ByteSize) -> Volume {
    let memory = serde_json::json!({"medium": "Memory", "sizeLimit": size.to_string()});
    Volume {
        name: "shared-memory".to_owned(),
        mount_path: "/dev/shm".to_owned(),
        sub_path: None,
        read_only: false,
        source: [("emptyDir".to_owned(), memory)].into_iter().collect(),
    }
}

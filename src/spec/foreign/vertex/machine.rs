//! `machineSpec`: cores, memory and accelerators of a pool's replicas.

use crate::hardware::accelerator::find;
use crate::spec::kinds::train::Accelerators;
use crate::spec::syntax::{Code, Diagnostic};
use crate::spec::syntax::{Entry, Node};
use crate::text::{ByteSize, CpuQuantity};

use super::machine_types::{Machine, MachineType, lookup, nearest};
use crate::spec::foreign::common::fields::{Findings, Table, Use};
use crate::spec::foreign::common::gather::Located;
use crate::spec::foreign::common::pool::Resources;
use crate::spec::foreign::common::suspects::is_unfilled;

pub(super) const MACHINE_SPEC: Table = &[
    ("machineType", Use::Changed("its cores, memory and GPUs: `cpu`, `memory`, `accelerators`")),
    ("acceleratorType", Use::Changed("`accelerators.type`, by the name it has here")),
    ("acceleratorCount", Use::Kept("accelerators.count")),
    ("tpuTopology", Use::Refused("TPUs are not supported: pick a machine with GPUs")),
    (
        "gpuPartitionSize",
        Use::Left(
            "a part of a GPU is a resource of its own on a cluster: ask \
                                    for it by the accelerator's type",
        ),
    ),
    ("reservationAffinity", Use::Left("pick reserved machines with nodeSelector")),
    ("multihostGpuNodeCount", Use::Left("write the number of machines as replicas")),
    ("minGpuDriverVersion", Use::Left("pick machines by their driver with nodeSelector")),
];

const TPU_HELP: &str = "TPUs are not supported: pick a machine with GPUs, or remove the pool";

/// Reads a `machineSpec`.
pub(super) fn machine_spec(findings: &mut Findings, node: &Node) -> Resources {
    let fields = findings.fields(node, "machineSpec", MACHINE_SPEC);
    let mut resources = Resources::default();
    if let Some(entry) = fields.entry("tpuTopology") {
        tpu(findings, &entry.value);
    }
    let mut built_in = None;
    if let Some(entry) = fields.entry("machineType")
        && let Some(Machine { cpus, mib, gpus }) = machine_type(findings, &entry.value)
    {
        resources.cpu = Some(Located::new(CpuQuantity { millis: cpus * 1000 }, entry));
        resources.memory = Some(Located::new(ByteSize { bytes: mib << 20 }, entry));
        built_in = gpus.map(|(kind, count)| (entry, kind, count));
    }
    let kind = fields.entry("acceleratorType");
    let count = fields.entry("acceleratorCount");
    resources.accelerators = accelerators(findings, kind, count, built_in);
    resources
}

fn machine_type(findings: &mut Findings, node: &Node) -> Option<Machine> {
    let name = findings.text(node, "machineType")?;
    match lookup(name) {
        MachineType::Known(machine) => Some(machine),
        MachineType::Tpu => {
            tpu(findings, node);
            None
        }
        // Reported with all other placeholders.
        MachineType::Unknown if is_unfilled(name) => {
            findings.add(
                Diagnostic::warning(Code::VertexPlaceholder, "the machine type is a placeholder")
                    .at(node.span, "")
                    .help("write a machine type, or set cpu and memory yourself"),
            );
            None
        }
        MachineType::Unknown => {
            let message = format!("the machine type `{name}` is not in the tables");
            let help = nearest(name).map_or_else(
                || "no cpu and memory are requested: set them yourself".to_owned(),
                |near| format!("did you mean `{near}`? No cpu and memory are requested now"),
            );
            findings.add(
                Diagnostic::warning(Code::VertexMachineType, message).at(node.span, "").help(help),
            );
            None
        }
    }
}

fn tpu(findings: &mut Findings, node: &Node) {
    findings.add(
        Diagnostic::error(Code::VertexTpu, "this job asks for TPUs")
            .at(node.span, "")
            .help(TPU_HELP),
    );
}

/// `NVIDIA_TESLA_T4`, also as gcloud's flags and node labels spell it (`nvidia-tesla-t4`), as our
/// specs do; another name is passed on.
fn our_name(name: &str) -> String {
    let vertex = name.trim().to_ascii_uppercase().replace('-', "_");
    find(&vertex).map_or_else(|| vertex.to_ascii_lowercase().replace('_', "-"), |a| a.name.into())
}

fn accelerators(
    findings: &mut Findings,
    kind: Option<&Entry>,
    count: Option<&Entry>,
    built_in: Option<(&Entry, &str, u32)>,
) -> Option<Located<Accelerators>> {
    let built_in = built_in.map(|(entry, kind, count)| {
        Located::new(Accelerators { kind: kind.to_owned(), count }, entry)
    });
    let number = count.and_then(|entry| findings.count(&entry.value, "acceleratorCount"));
    let Some(entry) = kind else {
        if let (Some(count), Some(1..), None) = (count, number, &built_in) {
            findings.add(
                Diagnostic::warning(Code::VertexAccelerator, "acceleratorCount without a type")
                    .at(count.key.span, "left out")
                    .help("add acceleratorType, for example NVIDIA_L4"),
            );
        }
        return built_in;
    };
    let name = findings.text(&entry.value, "acceleratorType")?;
    let folded = our_name(name);
    if folded.is_empty() || folded == "accelerator-type-unspecified" {
        return built_in;
    }
    if folded.starts_with("tpu") {
        tpu(findings, &entry.value);
        return None;
    }
    if is_unfilled(name) {
        findings.add(
            Diagnostic::warning(Code::VertexPlaceholder, "the accelerator type is a placeholder")
                .at(entry.value.span, "left out")
                .help("write a type, for example NVIDIA_L4"),
        );
        return built_in;
    }
    let wanted = match (count, number) {
        (Some(_), Some(number)) => number,
        // An error is there already.
        (Some(_), None) => return None,
        (None, _) => built_in.as_ref().map_or(1, |own| own.value.count),
    };
    if wanted == 0 {
        return built_in;
    }
    if let Some(own) = &built_in
        && (own.value.kind != folded || own.value.count != wanted)
    {
        let message = format!(
            "the machine type has {} {}, the file asks for {wanted} {folded}",
            own.value.count, own.value.kind
        );
        findings.add(
            Diagnostic::warning(Code::VertexAccelerator, message)
                .at(entry.value.span, "this is taken")
                .at(own.place.value, ""),
        );
    }
    Some(Located::new(Accelerators { kind: folded, count: wanted }, entry))
}

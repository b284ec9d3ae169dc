//! `resources.gpu`: `1`, `24GB`, `A100:80GB:2`, `nvidia:4`, or a mapping.

use super::amounts::{Range, size};
use crate::hardware::accelerator::find as find_accelerator;
use crate::spec::foreign::common::fields::{Findings, Table, Use};
use crate::spec::foreign::common::scalars::items;
use crate::spec::kinds::train::Accelerators;
use crate::spec::syntax::Node;

pub(super) const GPU: Table = &[
    ("name", Use::Changed("`accelerators.type`: the first that mlctl knows")),
    ("count", Use::Changed("`accelerators.count`: the least of a range")),
    ("vendor", Use::Changed("`accelerators.type`: `nvidia` or `amd`, where nothing is named")),
    ("memory", Use::Changed("it tells types of one name apart; alone it is left out")),
    ("total_memory", Use::Left("name a GPU that has the memory: `gpu: A100:2`")),
    ("compute_capability", Use::Left("name a GPU that has it: `gpu: L4`")),
];

/// What is asked for, before it is one of our types.
#[derive(Default)]
struct Asked {
    vendor: Option<String>,
    names: Vec<String>,
    memory: Option<Range>,
    count: Option<Range>,
}

const ONE_OF: &str = "a number, or a GPU such as `A100:80GB:2`";

/// Reads a `gpu`; `None` where none is asked for, or where an error says why it can't be read.
pub(super) fn gpu(findings: &mut Findings, node: &Node) -> Option<Accelerators> {
    let asked = match node.as_text() {
        Some(text) => tokens(text),
        None if node.as_map().is_some() => Some(mapping(findings, node)),
        None => None,
    };
    let Some(asked) = asked else {
        findings.wrong_type(node, "resources.gpu", ONE_OF);
        return None;
    };
    let count = match &asked.count {
        Some(range) => match (&range.min, &range.max) {
            (None, Some(_)) => 0,
            _ => findings.least(node, "resources.gpu.count", range)?,
        },
        None => 1,
    };
    if count == 0 {
        return None;
    }
    let vendor = asked.vendor.as_deref().unwrap_or("nvidia");
    let of_intel = |name: &String| name.to_ascii_lowercase().starts_with("gaudi");
    if vendor == "intel" || asked.names.iter().any(of_intel) {
        return Some(Accelerators { kind: "intel-gaudi".to_owned(), count });
    }
    let is_other = |name: &String| is_tpu(name.as_str()) || name.starts_with("tt-");
    if matches!(vendor, "google" | "tpu" | "tenstorrent" | "tt") || asked.names.iter().any(is_other)
    {
        let message =
            "a slice of TPUs, and Tenstorrent's accelerators, are not asked for so".to_owned();
        let help = "`mlctl convert` the file without `gpu`, then add the chips of a node: `accelerators: {type: \
                    tpu-v5e, count: 4}`";
        findings.refuse(node, message, help);
        return None;
    }
    let kind = kind(findings, node, &asked, vendor);
    Some(Accelerators { kind, count })
}

/// `v5litepod-8`, `v2-8` or `tpu-v4-16`.
fn is_tpu(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let version = name.strip_prefix("tpu-").unwrap_or(&name).strip_prefix('v');
    version.is_some_and(|rest| rest.contains('-') && rest.starts_with(|c: char| c.is_ascii_digit()))
}

/// The type of ours.
fn kind(findings: &mut Findings, node: &Node, asked: &Asked, vendor: &str) -> String {
    let least = asked.memory.as_ref().and_then(|range| size(range.min.as_deref()?));
    let is_large = least.is_some_and(|least| least.bytes > 40 << 30);
    let known = asked.names.iter().find_map(|name| {
        let name = name.to_ascii_lowercase();
        let large = format!("nvidia-{name}-80gb");
        if is_large && find_accelerator(&large).is_some() {
            return Some(large);
        }
        let makers = ["nvidia", "amd"].into_iter();
        makers.map(|maker| format!("{maker}-{name}")).find(|name| find_accelerator(name).is_some())
    });
    match known {
        Some(kind) => {
            if asked.names.len() > 1 {
                let message = format!("of several GPUs `{kind}` is asked for");
                findings.instead(node, message, "a replica asks for one type of accelerator");
            }
            kind
        }
        None if asked.names.is_empty() => {
            if asked.memory.is_some() {
                let vendor = vendor.to_ascii_uppercase();
                let message = format!("any {vendor} GPU is asked for, whatever memory it has");
                findings.instead(
                    node,
                    message,
                    "name one that has it, such as `gpu: L4` or `gpu: A100:80GB`",
                );
            }
            vendor.to_owned()
        }
        None => {
            // AMD's names begin so.
            let is_amd = asked.names.iter().any(|name| name.to_ascii_uppercase().starts_with("MI"));
            let vendor = if is_amd { "amd" } else { vendor };
            let names = asked.names.join(", ");
            let maker = vendor.to_ascii_uppercase();
            let message = format!("any {maker} GPU is asked for: {names} is no type here");
            findings.instead(node, message, "`nodeSelector` can name the nodes that have it");
            vendor.to_owned()
        }
    }
}

/// The parts of a text; `None` where it has an empty one, or two of a sort.
fn tokens(text: &str) -> Option<Asked> {
    let mut asked = Asked::default();
    let text: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    for token in text.split(':') {
        let is_new = if token.is_empty() {
            false
        } else if is_vendor(token) {
            asked.vendor.replace(token.to_ascii_lowercase()).is_none()
        } else if token.starts_with(|c: char| c.is_ascii_alphabetic()) {
            let names = token.split(',').filter(|name| !name.is_empty()).map(str::to_owned);
            std::mem::replace(&mut asked.names, names.collect()).is_empty()
        } else if token.contains(|c: char| c.is_ascii_alphabetic()) {
            asked.memory.replace(Range::of(token)).is_none()
        } else {
            asked.count.replace(Range::of(token)).is_none()
        };
        if !is_new {
            return None;
        }
    }
    Some(asked)
}

fn is_vendor(token: &str) -> bool {
    let vendors = ["nvidia", "amd", "google", "tpu", "intel", "tenstorrent", "tt"];
    vendors.contains(&token.to_ascii_lowercase().as_str())
}

fn mapping(findings: &mut Findings, node: &Node) -> Asked {
    let fields = findings.fields(node, "resources.gpu", GPU);
    let names = fields.get("name").map(items).unwrap_or_default().iter().filter_map(Node::as_text);
    let names = names.flat_map(|name| name.split(','));
    let names = names.map(|name| name.chars().filter(|c| !c.is_whitespace()).collect()).collect();
    let vendor = fields.get("vendor").and_then(Node::as_text).map(str::to_ascii_lowercase);
    let memory = fields.get("memory").and_then(|node| findings.range(node, "resources.gpu.memory"));
    let count = fields.get("count").and_then(|node| findings.range(node, "resources.gpu.count"));
    Asked { vendor, names, memory, count }
}

//! `accelerators`: one kind, or alternatives, of which the first that mlctl has is taken.

use crate::hardware::accelerator::is_known;
use crate::spec::foreign::common::fields::Findings;
use crate::spec::foreign::common::gather::Located;
use crate::spec::kinds::train::Accelerators;
use crate::spec::syntax::{Entry, Node, Value};

/// Accelerators that need other software than GPUs, each with its beginning.
const OTHERS: [&str; 4] = ["tpu", "inferentia", "trainium", "gaudi"];

/// One alternative as it is written.
struct Wanted<'a> {
    node: &'a Node,
    name: String,
    count: Option<f64>,
}

/// Reads the field.
pub(super) fn accelerators(
    findings: &mut Findings,
    entry: &Entry,
) -> Option<Located<Accelerators>> {
    let all = alternatives(findings, &entry.value);
    let can = |one: &&Wanted<'_>| !is_other(&one.name);
    let Some(first) = all.iter().find(can) else {
        if let Some(one) = all.first() {
            let message = format!("`{}` is no GPU", one.name);
            findings.refuse(one.node, message, "mlctl runs on GPUs and CPUs: name a GPU");
        }
        return None;
    };
    if all.len() > 1 {
        let message = format!("of {} accelerators, `{}` is taken", all.len(), first.name);
        let help = "a run asks for one kind: write another one first to have that";
        findings.instead(&entry.value, message, help);
    }
    let count = match first.count {
        None => 1.0,
        Some(count) if count > 0.0 && count.is_finite() => count,
        Some(_) => {
            findings.wrong_type(first.node, "accelerators", "a name and how many, as in `A100:8`");
            return None;
        }
    };
    if count.fract() != 0.0 {
        let message = format!("a whole `{}` is asked for, not {count} of one", first.name);
        let help = "a part of a GPU is a resource of its own on a cluster: ask for it by the \
                    accelerator's type";
        findings.instead(first.node, message, help);
    }
    let kind = our_name(&first.name);
    Some(Located::new(Accelerators { kind, count: count.ceil() as u32 }, entry))
}

/// `A100:8`, `{A100: 8}`, `{A100:8, V100:8}` (a set, whose keys have no values) or a list.
fn alternatives<'a>(findings: &mut Findings, node: &'a Node) -> Vec<Wanted<'a>> {
    const EXPECTED: &str = "a name and how many, as in `A100:8`";
    let mut all = Vec::new();
    match &node.value {
        Value::Map(entries) => {
            for entry in entries {
                if entry.value.is_null() {
                    all.extend(wanted(node, &entry.key.text));
                    continue;
                }
                let name = entry.key.text.trim().to_owned();
                let Some(count) = findings.number(&entry.value, "accelerators") else { continue };
                all.push(Wanted { node: &entry.value, name, count: Some(count) });
            }
        }
        Value::List(items) => {
            for item in items {
                match item.as_text().and_then(|text| wanted(item, text)) {
                    Some(one) => all.push(one),
                    None => findings.wrong_type(item, "accelerators[]", EXPECTED),
                }
            }
        }
        Value::Scalar(_) => match node.as_text().and_then(|text| wanted(node, text)) {
            Some(one) => all.push(one),
            None => findings.wrong_type(node, "accelerators", EXPECTED),
        },
    }
    all
}

fn wanted<'a>(node: &'a Node, text: &str) -> Option<Wanted<'a>> {
    let text = text.trim();
    let (name, count) = match text.split_once(':') {
        None => (text, None),
        Some((name, count)) => {
            // `H100:8+` is eight or more.
            (name.trim(), Some(count.trim().trim_end_matches('+').parse().ok()?))
        }
    };
    let is_name =
        !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_+. ".contains(c));
    is_name.then(|| Wanted { node, name: name.to_owned(), count })
}

fn is_other(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    OTHERS.iter().any(|other| name.starts_with(other))
}

/// `A100-80GB`, in any case, as our specs call it.
fn our_name(name: &str) -> String {
    let plain = name.trim().to_ascii_lowercase().replace(['_', ' '], "-");
    // Any GPU with so much memory.
    if plain.trim_end_matches('+').ends_with("gb")
        && plain.starts_with(|c: char| c.is_ascii_digit())
    {
        return "nvidia".to_owned();
    }
    let plain = match plain.as_str() {
        "a100-40gb" => "a100",
        "a10g-24gb" => "a10g",
        "v100-32gb" => "v100",
        "mi300" => "mi300x",
        other => other,
    };
    // Some clouds say how it is connected: `H100-SXM`.
    let bare = ["-sxm", "-pcie", "-nvlink"].iter().find_map(|form| Some(plain.split_once(form)?.0));
    let known = [plain, bare.unwrap_or(plain)].into_iter().find_map(|model| {
        let names = ["nvidia-", "amd-", ""].map(|maker| format!("{maker}{model}"));
        names.into_iter().find(|name| is_known(name))
    });
    known.unwrap_or_else(|| format!("nvidia-{plain}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_skypilot() {
        for (text, wanted) in [
            ("A100-80GB", "nvidia-a100-80gb"),
            ("A10g", "nvidia-a10g"),
            ("v100", "nvidia-v100"),
            ("MI300", "amd-mi300x"),
            ("H100-SXM", "nvidia-h100"),
            ("24GB+", "nvidia"),
            ("RTX9999", "nvidia-rtx9999"),
        ] {
            assert_eq!(our_name(text), wanted, "{text}");
        }
    }
}

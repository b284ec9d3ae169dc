//! Documents of Kubernetes that other operators run.

use crate::spec::foreign::common::converted::converted;
use crate::spec::foreign::common::fields::{Findings, System};
use crate::spec::foreign::common::scalars::items;
use crate::spec::kinds::Converted;
use crate::spec::syntax::Node;

pub(super) static OTHERS: System = System::of("Kubernetes", &[]);

/// A kind of document: its name, what it is called with its article, and what to write instead, of what the
/// document says.
pub(super) type Refused = (&'static str, &'static str, fn(&Node) -> String);

/// Refuses a document of one of these kinds. One that says no `apiVersion` is one of them too, where nobody else has
/// a kind of that name.
pub(super) fn refused(
    node: &Node,
    group: &str,
    kinds: &[Refused],
    is_own_name: bool,
) -> Option<Converted> {
    let kind = node.get("kind")?;
    match node.get("apiVersion").and_then(Node::as_text) {
        Some(version) if version.starts_with(group) => {}
        None if is_own_name => {}
        _ => return None,
    }
    let name = kind.as_text()?;
    let (_, what, help) = kinds.iter().find(|(known, ..)| *known == name)?;
    let mut findings = Findings::of(&OTHERS);
    findings.refuse(kind, format!("{what} is not run"), &help(node));
    Some(converted(findings, None))
}

/// The node at the end of some keys.
pub(super) fn below<'a>(node: &'a Node, keys: &[&str]) -> Option<&'a Node> {
    keys.iter().try_fold(node, |node, key| node.get(key))
}

/// `worker: {replicas: 4}` of each item of a list, as far as it says so.
pub(super) fn roles(list: Option<&Node>, name: &str, usual: &str) -> Option<String> {
    let role = |(index, item): (usize, &Node)| {
        let count = item.get("replicas").and_then(Node::as_text).unwrap_or("1");
        let count: u32 = count.parse().ok().filter(|count| *count > 0)?;
        let own = item.get(name).and_then(Node::as_text);
        let own = own.and_then(crate::spec::foreign::common::name::dns_name);
        let own = own.unwrap_or_else(|| {
            if index == 0 { usual.to_owned() } else { format!("{usual}-{}", index + 1) }
        });
        Some(format!("{own}: {{replicas: {count}}}"))
    };
    let roles: Vec<String> = list.map(items)?.iter().enumerate().filter_map(role).take(8).collect();
    (!roles.is_empty()).then(|| format!("roles: {{{}}}", roles.join(", ")))
}

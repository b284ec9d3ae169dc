//! Pod templates over each other, as the cluster merges them: mappings field by field, lists with names item by
//! item.
//!
//! Source: Kubernetes' strategic merge patch, of which what pods need
//! (<https://kubernetes.io/docs/tasks/manage-kubernetes-objects/update-api-object-kubectl-patch/>).

use crate::spec::syntax::{Entry, Node, Value};

/// Lists whose items are the same where this field says the same.
const KEYS: [(&str, &str); 7] = [
    ("containers", "name"),
    ("initContainers", "name"),
    ("env", "name"),
    ("volumes", "name"),
    ("imagePullSecrets", "name"),
    ("volumeMounts", "mountPath"),
    ("ports", "containerPort"),
];

/// Lists to which a patch adds.
const ADDED: [&str; 2] = ["tolerations", "envFrom"];

/// The node with the patch over it. Each value keeps the place at which it is written.
pub(in crate::spec::foreign) fn merged(base: &Node, patch: &Node) -> Node {
    let (Some(below), Some(above)) = (base.as_map(), patch.as_map()) else { return patch.clone() };
    let mut entries = below.to_vec();
    for entry in above.iter().filter(|entry| !entry.value.is_null()) {
        match entries.iter_mut().find(|known| known.key.text == entry.key.text) {
            Some(known) => *known = merged_entry(known, entry),
            None => entries.push(entry.clone()),
        }
    }
    Node { span: base.span, value: Value::Map(entries) }
}

/// The same for one field of both.
fn merged_entry(base: &Entry, patch: &Entry) -> Entry {
    let name = patch.key.text.as_str();
    let (Some(below), Some(above)) = (base.value.as_list(), patch.value.as_list()) else {
        return Entry { key: patch.key.clone(), value: merged(&base.value, &patch.value) };
    };
    let mut items = below.to_vec();
    if let Some((_, key)) = KEYS.iter().find(|(list, _)| *list == name) {
        let named = |item: &Node| item.get(key).and_then(Node::as_text).map(str::to_owned);
        for item in above {
            let same = |known: &&mut Node| named(known).is_some() && named(known) == named(item);
            match items.iter_mut().find(same) {
                // A variable is replaced whole: a value and a reference can't both be.
                Some(known) if name == "env" => *known = item.clone(),
                Some(known) => *known = merged(known, item),
                None => items.push(item.clone()),
            }
        }
    } else if ADDED.contains(&name) {
        items.extend(above.iter().cloned());
    } else {
        items = above.to_vec();
    }
    let value = Node { span: patch.value.span, value: Value::List(items) };
    Entry { key: patch.key.clone(), value }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::syntax::parse;

    fn read(text: &str) -> Node {
        parse(0, text).documents.remove(0)
    }

    #[test]
    fn named_items_are_merged_and_others_replaced() {
        let base = read(
            "{containers: [{name: node, image: a, args: [x], env: [{name: A, value: '1'}, {name: B, value: '2'}]}], \
             tolerations: [{key: a}]}",
        );
        let patch = read(
            "{containers: [{name: node, args: [y, z], env: [{name: B, valueFrom: {}}, {name: C, value: '3'}]}, \
             {name: side}], tolerations: [{key: b}], nodeSelector: {a: b}, volumes: null}",
        );
        let expected = read(
            "{containers: [{name: node, image: a, args: [y, z], env: [{name: A, value: '1'}, {name: B, valueFrom: \
             {}}, {name: C, value: '3'}]}, {name: side}], tolerations: [{key: a}, {key: b}], nodeSelector: {a: b}}",
        );
        assert_eq!(merged(&base, &patch).to_json(), expected.to_json());
    }
}

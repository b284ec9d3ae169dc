//! The kinds that this version runs.

use super::kind::Kind;
use super::{batch, endpoint, train, tune};
use crate::spec::check::properties;
use crate::spec::syntax::Node;
use crate::text::list_of;

/// What `apiVersion` says in a document of ours, whatever its kind is.
pub(crate) const API_VERSION: &str = "mlctl.dev/v1";

/// Every kind. A document that doesn't say its kind and could be of several is taken for the first.
static KINDS: [&Kind; 4] = [&train::KIND, &batch::KIND, &tune::KIND, &endpoint::KIND];

/// The name of the kind that is meant where nothing says which.
pub const DEFAULT_KIND: &str = train::TRAIN_JOB;

/// The kind of this name; names are case-sensitive.
pub(crate) fn kind(name: &str) -> Option<&'static Kind> {
    all().find(|kind| kind.name == name)
}

/// All kinds, in the order in which they are listed for users.
pub(crate) fn all() -> impl Iterator<Item = &'static Kind> {
    KINDS.iter().copied()
}

/// The kind that is meant where nothing says which.
pub(crate) fn first() -> &'static Kind {
    KINDS[0]
}

/// The names of all kinds, in the same order.
pub fn names() -> Vec<&'static str> {
    all().map(|kind| kind.name).collect()
}

/// "`kind: A` or `kind: B`" of all kinds, for help texts.
pub(crate) fn kinds_as_written() -> String {
    let written: Vec<String> = all().map(|kind| format!("`kind: {}`", kind.name)).collect();
    list_of(&written.iter().map(String::as_str).collect::<Vec<_>>(), "or")
}

/// The kind that has most of the fields of a document, if any has one.
pub(crate) fn most_alike(node: &Node) -> Option<&'static Kind> {
    let common = |kind: &Kind| {
        properties((kind.schema)()).filter(|(field, _)| node.get(field).is_some()).count()
    };
    let counted = all().map(|kind| (common(kind), kind)).filter(|(count, _)| *count > 0);
    // The first of those that are equally alike.
    counted.reduce(|best, next| if next.0 > best.0 { next } else { best }).map(|(_, kind)| kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_is_found_by_its_name() {
        assert!(all().all(|kind| self::kind(kind.name).is_some_and(|k| std::ptr::eq(k, kind))));
    }

    #[test]
    fn what_a_kind_says_of_its_schema_is_there() {
        for kind in all() {
            let schema = (kind.schema)();
            let has = |definition: &str| schema["$defs"][definition].is_object();
            assert!(kind.owners.iter().all(|(_, definition)| has(definition)), "{}", kind.name);
            for named in kind.named {
                assert!(has(named.definition), "{}", named.definition);
                assert!(properties(schema).any(|(field, _)| field == named.field));
            }
        }
    }
}

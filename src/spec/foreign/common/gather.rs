//! Values of the converted job with the place of the file that each came from.

use crate::spec::syntax::{Entry, KeyedSpan, Node};

/// A converted value and where it is written.
#[derive(Clone, Debug)]
pub(in crate::spec::foreign) struct Located<T> {
    pub(in crate::spec::foreign) value: T,
    pub(in crate::spec::foreign) place: KeyedSpan,
    /// Places of the items, when the value is a list whose items keep their order.
    pub(in crate::spec::foreign) items: Vec<KeyedSpan>,
}

impl<T> Located<T> {
    /// A value that was read from an entry.
    pub(in crate::spec::foreign) fn new(value: T, entry: &Entry) -> Self {
        let place = KeyedSpan { key: Some(entry.key.span), value: entry.value.span };
        Self { value, place, items: Vec::new() }
    }

    /// A list, whose items are those of `node` that are there.
    pub(in crate::spec::foreign) fn list(value: T, entry: &Entry, node: &Node) -> Self {
        let items = node.as_list().unwrap_or(std::slice::from_ref(node));
        let items = items
            .iter()
            .filter(|item| !item.is_null())
            .map(|item| KeyedSpan { key: None, value: item.span })
            .collect();
        Self { items, ..Self::new(value, entry) }
    }
}

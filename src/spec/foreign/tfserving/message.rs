//! A message as a mapping, whose repeated fields are lists.

use std::collections::HashMap;

use crate::spec::syntax::{Entry, Key, Node, Value};

/// The fields of a message so far.
#[derive(Default)]
pub(super) struct Message {
    pub(super) entries: Vec<Entry>,
    /// Where each is among the entries, by its name.
    places: HashMap<String, usize>,
}

impl Message {
    /// Adds a field; one that is there already becomes a list, or a longer one.
    pub(super) fn add(&mut self, key: Key, value: Node) {
        let Some(at) = self.places.get(&key.text) else {
            self.places.insert(key.text.clone(), self.entries.len());
            self.entries.push(Entry { key, value });
            return;
        };
        let known = &mut self.entries[*at].value;
        let whole = known.span.to(value.span);
        let more = match value.value {
            Value::List(items) => items,
            _ => vec![value],
        };
        if let Value::List(items) = &mut known.value {
            items.extend(more);
        } else {
            let first = known.clone();
            known.value = Value::List([vec![first], more].concat());
        }
        known.span = whole;
    }
}

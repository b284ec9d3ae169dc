//! What another model changes for those who call it.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::report::{Call, Interface, Report, Shaped};

/// Two models side by side.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Difference {
    /// Both models say what they take and give. Else nothing can be said of their callers.
    #[serde(skip)]
    pub is_known: bool,
    /// What differs, the worst first.
    pub changes: Vec<Change>,
    /// Bytes of the one.
    pub bytes_before: u64,
    /// Bytes of the other.
    pub bytes_after: u64,
}

/// A difference.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Change {
    /// What it means for callers.
    pub effect: Effect,
    /// Where: `serving_default`, or `serving_default inputs x`.
    pub place: String,
    /// What it is, in a sentence.
    pub text: String,
}

/// What a difference means for whoever calls the first model and would call the second.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Effect {
    /// Calls that were answered will be refused, or their answers can't be read.
    Breaks,
    /// Calls may go on as they are: it is for somebody to judge.
    Differs,
    /// Calls go on as they are.
    Adds,
}

impl Difference {
    /// The difference of two models.
    pub fn of(before: &Report, after: &Report) -> Self {
        let mut changes = Vec::new();
        if before.format != after.format {
            let text = format!("it was {}, and is {}", before.format, after.format);
            changes.push(Change { effect: Effect::Differs, place: "format".into(), text });
        }
        changes.extend(interface(&before.interface, &after.interface));
        changes.sort();
        let is_known = before.says_interface() && after.says_interface();
        Self { is_known, changes, bytes_before: before.bytes, bytes_after: after.bytes }
    }

    /// Some callers can't go on as they are.
    pub fn breaks(&self) -> bool {
        self.changes.iter().any(|change| change.effect == Effect::Breaks)
    }
}

/// What callers of one interface meet in another.
pub fn interface(before: &Interface, after: &Interface) -> Vec<Change> {
    let mut changes = Vec::new();
    for (name, old, new) in both(&before.signatures, &after.signatures) {
        let mut note = |effect, text: &str| {
            changes.push(Change { effect, place: name.clone(), text: text.to_owned() });
        };
        match (old, new) {
            (Some(_), None) => note(Effect::Breaks, "this signature is gone"),
            (None, Some(_)) => note(Effect::Adds, "this signature is new"),
            (Some(old), Some(new)) => changes.extend(call(name, old, new)),
            (None, None) => {}
        }
    }
    changes
}

fn call(name: &str, before: &Call, after: &Call) -> Vec<Change> {
    let mut changes = Vec::new();
    if before.method != after.method {
        let route = |call: &Call| if call.method.is_empty() { "predict" } else { call.method };
        let text = format!("it was called by {}, and is by {}", route(before), route(after));
        changes.push(Change { effect: Effect::Breaks, place: name.to_owned(), text });
    }
    for (is_input, old, new) in
        [(true, &before.inputs, &after.inputs), (false, &before.outputs, &after.outputs)]
    {
        let side = if is_input { "inputs" } else { "outputs" };
        for (tensor, old, new) in both(old, new) {
            let place = format!("{name} {side} {tensor}");
            let mut note =
                |effect, text| changes.push(Change { effect, place: place.clone(), text });
            match (old, new) {
                (Some(_), None) => note(Effect::Breaks, "it is gone".to_owned()),
                (None, Some(new)) if is_input => {
                    note(Effect::Breaks, format!("it is asked for: {}", shown(new)));
                }
                (None, Some(new)) => note(Effect::Adds, format!("it is new: {}", shown(new))),
                (Some(old), Some(new)) if old != new => {
                    let effect =
                        if takes(is_input, old, new) { Effect::Adds } else { Effect::Breaks };
                    note(effect, format!("it was {}, and is {}", shown(old), shown(new)));
                }
                _ => {}
            }
        }
    }
    changes
}

/// Whether callers of the one can go on with the other: an input that takes more, an output that is as narrow.
fn takes(is_input: bool, before: &Shaped, after: &Shaped) -> bool {
    if before.dtype != after.dtype {
        return false;
    }
    let (narrow, wide) = if is_input { (before, after) } else { (after, before) };
    match (&narrow.shape, &wide.shape) {
        (_, None) => true,
        (None, Some(_)) => false,
        (Some(narrow), Some(wide)) => {
            narrow.len() == wide.len()
                && narrow.iter().zip(wide).all(|(narrow, wide)| narrow == wide || *wide < 0)
        }
    }
}

/// `float32 [?, 28, 28, 1]`
pub fn shown(tensor: &Shaped) -> String {
    let Some(shape) = &tensor.shape else { return format!("{} of any shape", tensor.dtype) };
    let sizes: Vec<String> = shape
        .iter()
        .map(|size| if *size < 0 { "?".to_owned() } else { size.to_string() })
        .collect();
    format!("{} [{}]", tensor.dtype, sizes.join(", "))
}

/// The entries of two maps by their names.
fn both<'a, T>(
    one: &'a BTreeMap<String, T>,
    other: &'a BTreeMap<String, T>,
) -> Vec<(&'a String, Option<&'a T>, Option<&'a T>)> {
    let names: BTreeSet<&String> = one.keys().chain(other.keys()).collect();
    names.into_iter().map(|name| (name, one.get(name), other.get(name))).collect()
}

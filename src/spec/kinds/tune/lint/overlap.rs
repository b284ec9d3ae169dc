//! Whether two variants of a parameter can count at once.

use indexmap::IndexMap;

use crate::spec::kinds::tune::space::domain;
use crate::spec::kinds::tune::{Parameter, Variant};

/// More ways for a variant to count than this are not told apart.
const MOST: usize = 256;
/// Deeper than this is a circle, which is a finding of its own.
const DEPTH: usize = 16;

/// Values by the name of the parameter that must have one of them.
type Needed = IndexMap<String, Vec<String>>;

/// The conditions of all parameters of a study.
pub(super) struct Conditions<'a> {
    parameters: &'a IndexMap<String, Parameter>,
}

impl<'a> Conditions<'a> {
    pub(super) fn of(parameters: &'a IndexMap<String, Parameter>) -> Self {
        Self { parameters }
    }

    /// Some values of the other parameters let both count.
    pub(super) fn overlap(&self, one: &Variant, other: &Variant) -> bool {
        let (ones, others) = (self.ways(one, DEPTH), self.ways(other, DEPTH));
        ones.iter().any(|one| others.iter().any(|other| both(one, other).is_some()))
    }

    /// All ways for a variant to count, what its parents need for it included.
    fn ways(&self, variant: &Variant, depth: usize) -> Vec<Needed> {
        let mut ways = vec![Needed::new()];
        if depth == 0 {
            return ways;
        }
        for (parent, choices) in &variant.when {
            let Some(found) = self.parameters.get(parent) else { continue };
            let mut longer = Vec::new();
            for above in found.variants() {
                // Numbers are the same in whichever way they are written.
                let canonical = |text: &str| {
                    let value = domain(above).ok()?.read(text)?;
                    Some(value.number().map_or_else(|| text.to_owned(), |n| n.to_string()))
                };
                let values = choices.words().iter().filter_map(|word| canonical(word.as_str()));
                let needed: Needed = [(parent.clone(), values.collect())].into();
                for way in self.ways(above, depth - 1) {
                    let way = both(&way, &needed);
                    longer.extend(
                        way.iter().flat_map(|way| ways.iter().filter_map(|w| both(w, way))),
                    );
                }
                if longer.len() > MOST {
                    return vec![Needed::new()];
                }
            }
            ways = longer;
        }
        ways
    }
}

/// What both need; `None` where one parameter would have two values.
fn both(one: &Needed, other: &Needed) -> Option<Needed> {
    let mut all = one.clone();
    for (name, values) in other {
        match all.get_mut(name) {
            Some(known) => {
                known.retain(|value| values.contains(value));
                if known.is_empty() {
                    return None;
                }
            }
            None => {
                all.insert(name.clone(), values.clone());
            }
        }
    }
    Some(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn overlap(text: &str) -> bool {
        let node = crate::spec::syntax::parse(0, text).documents.remove(0);
        let parameters: IndexMap<String, Parameter> =
            serde_json::from_value(node.to_json()).unwrap();
        let variants = parameters["x"].variants();
        Conditions::of(&parameters).overlap(&variants[0], &variants[1])
    }

    #[test]
    fn parents_tell_variants_apart() {
        let base = "a: {categorical: [p, q, r]}\nb: {integer: [1, 9]}\n\
                    c: {categorical: [s, t], when: {a: p}}\nx: ";
        let case = |first: &str, second: &str| {
            let variant = |when: &str| format!("{{integer: [1, 2], when: {when}}}");
            overlap(&format!("{base}[{}, {}]", variant(first), variant(second)))
        };
        assert!(!case("{a: p}", "{a: [q, r]}"));
        assert!(case("{a: [p, q]}", "{a: [q, r]}"));
        assert!(case("{a: p}", "{b: 1}"));
        assert!(!case("{a: p, b: 1}", "{a: p, b: 2.0}"));
        assert!(case("{b: 2}", "{b: 2.0}"));
        // `c` counts only where `a` is p.
        assert!(!case("{c: s}", "{a: q}"));
        assert!(case("{c: s}", "{a: p}"));
    }
}

//! The same remark at several places is one finding with all of them.

use std::collections::{HashMap, HashSet};

use crate::spec::syntax::{Code, Diagnostic, SourceSpan};

/// Where in a list of findings a remark is: a file of thousands of models may have as many.
#[derive(Default)]
pub(super) struct Remarks {
    known: HashMap<(Code, String, Option<String>), usize>,
    /// The places that each finding of the list has.
    places: HashSet<(usize, SourceSpan)>,
}

impl Remarks {
    /// Adds a finding to the list, or its places to the same finding in it.
    pub(super) fn add(&mut self, list: &mut Vec<Diagnostic>, finding: Diagnostic) {
        let remark = (finding.code, finding.message.clone(), finding.help.clone());
        let next = list.len();
        let at = *self.known.entry(remark).or_insert(next);
        if at == next {
            self.places.extend(finding.labels.iter().map(|label| (at, label.span)));
            list.push(finding);
            return;
        }
        for label in finding.labels {
            // Anchors repeat a place.
            if self.places.insert((at, label.span)) {
                list[at].labels.push(label);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_remark_has_each_of_its_places_once() {
        let span = |start| SourceSpan { source: 0, start, end: start + 1 };
        let remark = |text: &str, start| {
            Diagnostic::warning(Code::ForeignPlaceholder, text).at(span(start), "")
        };
        let (mut remarks, mut list) = (Remarks::default(), Vec::new());
        for (text, start) in [("a", 1), ("b", 1), ("a", 5), ("a", 1), ("a", 5), ("b", 2)] {
            remarks.add(&mut list, remark(text, start));
        }
        // Another help makes it another finding.
        remarks.add(&mut list, remark("a", 1).help("fill it in"));
        let starts = |one: &Diagnostic| one.labels.iter().map(|label| label.span.start).collect();
        let all: Vec<(&str, Vec<usize>)> =
            list.iter().map(|one| (one.message.as_str(), starts(one))).collect();
        assert_eq!(all, [("a", vec![1, 5]), ("b", vec![1, 2]), ("a", vec![1])]);
    }
}

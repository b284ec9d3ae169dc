//! Which place of a document is the smallest around another one, for documents of thousands of places.

use crate::spec::syntax::{SourceSpan, Spans};

/// A value with its key, and what it is in a document.
struct Place<'a> {
    span: SourceSpan,
    /// How many stand before it in the document: of places of one size the first counts.
    order: usize,
    path: &'a str,
}

/// The places of a document, by where they start.
pub(super) struct Places<'a> {
    sorted: Vec<Place<'a>>,
    /// The last end of each half of the places, of each half of a half and so on: the two halves of the one at `at`
    /// are at `2 * at` and the place behind it.
    ends: Vec<(usize, usize)>,
}

impl<'a> Places<'a> {
    /// Those of all values but the whole.
    pub(super) fn of(spans: &'a Spans) -> Self {
        let all = spans.all().enumerate().filter(|(_, (path, _))| !path.is_empty());
        let place = |(order, (path, place)): (usize, (&'a str, crate::spec::syntax::KeyedSpan))| {
            let first = place.key.map_or(place.value.start, |key| key.start);
            let span = SourceSpan { start: first.min(place.value.start), ..place.value };
            Place { span, order, path }
        };
        let mut sorted: Vec<Place<'a>> = all.map(place).collect();
        sorted.sort_by_key(|place| (place.span.source, place.span.start));
        let mut ends = vec![(0, 0); 4 * sorted.len().max(1)];
        note_ends(&sorted, 1, &mut ends);
        Self { sorted, ends }
    }

    /// The path of the smallest one that contains a place.
    pub(super) fn nearest_to(&self, at: SourceSpan) -> Option<&'a str> {
        let before = self
            .sorted
            .partition_point(|one| (one.span.source, one.span.start) <= (at.source, at.start));
        let mut best = None;
        self.look((0, self.sorted.len()), 1, before, at, &mut best);
        best.map(|(_, _, path)| path)
    }

    /// Looks through the places of a part, of which only those `before` start early enough.
    fn look(
        &self,
        (first, last): (usize, usize),
        part: usize,
        before: usize,
        at: SourceSpan,
        best: &mut Option<(usize, usize, &'a str)>,
    ) {
        if first >= last.min(before) || self.ends[part] < (at.source, at.end) {
            return;
        }
        if last - first > 1 {
            let middle = first.midpoint(last);
            self.look((first, middle), 2 * part, before, at, best);
            self.look((middle, last), 2 * part + 1, before, at, best);
            return;
        }
        let Place { span, order, path } = &self.sorted[first];
        let found = (span.end - span.start, *order, *path);
        let is_smaller = best.is_none_or(|(size, order, _)| (found.0, found.1) < (size, order));
        if span.source == at.source && is_smaller {
            *best = Some(found);
        }
    }
}

/// Notes the last end of a part, and of all within it.
fn note_ends(places: &[Place<'_>], part: usize, ends: &mut [(usize, usize)]) {
    ends[part] = match places {
        [] => (0, 0),
        [only] => (only.span.source, only.span.end),
        _ => {
            let (first, second) = places.split_at(places.len() / 2);
            note_ends(first, 2 * part, ends);
            note_ends(second, 2 * part + 1, ends);
            ends[2 * part].max(ends[2 * part + 1])
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::syntax::KeyedSpan;

    #[test]
    fn the_smallest_place_is_the_one_that_looking_at_all_would_find() {
        let span = |source, start, end| SourceSpan { source, start, end };
        let mut spans = Spans::default();
        let mut all = Vec::new();
        // Places that lie in each other, beside each other and across each other, in two texts.
        for number in 0..400_usize {
            let (start, length) = (number * 37 % 211, number * 53 % 97);
            let place = span(number % 2, start, start + length);
            spans.insert(format!("p{number}"), KeyedSpan { key: None, value: place });
            all.push((place, format!("p{number}")));
        }
        for start in 0..320 {
            for source in 0..3 {
                let at = span(source, start, start + start % 5);
                let holds = |one: &SourceSpan| {
                    one.source == at.source && one.start <= at.start && at.end <= one.end
                };
                let wanted = all.iter().filter(|(one, _)| holds(one));
                let wanted = wanted.min_by_key(|(one, _)| one.end - one.start);
                let found = Places::of(&spans).nearest_to(at);
                assert_eq!(found, wanted.map(|(_, path)| path.as_str()), "{at:?}");
            }
        }
        assert_eq!(Places::of(&Spans::default()).nearest_to(span(0, 1, 2)), None);
    }
}

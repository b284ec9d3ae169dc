//! Values that are looked for in all of a file, of which there may be thousands.

use std::collections::HashMap;

use super::mask::MASK;

/// A secret of this length or longer is looked for in all of a file, also where nothing announces
/// it. A shorter one may be a word that means something else elsewhere.
pub(super) const TELLING: usize = 6;

/// Values to be masked wherever they stand.
pub(super) struct Telling<'a> {
    all: Vec<&'a str>,
    /// Their numbers by their first bytes: few of them need be looked for in a text.
    by_start: HashMap<&'a [u8], Vec<usize>>,
    /// Those that may stand in a text only because another one was masked in it.
    like_masks: Vec<usize>,
}

impl<'a> Telling<'a> {
    /// Values of which each has the length or more; those that haven't tell nothing.
    pub(super) fn of(values: impl Iterator<Item = &'a str>) -> Self {
        let all: Vec<&str> = values.filter(|value| value.len() >= TELLING).collect();
        let mut by_start: HashMap<&[u8], Vec<usize>> = HashMap::new();
        for (number, value) in all.iter().enumerate() {
            by_start.entry(&value.as_bytes()[..TELLING]).or_default().push(number);
        }
        let like_mask = |(_, value): &(usize, &&str)| value.contains('*');
        let like_masks = all.iter().enumerate().filter(like_mask).map(|(number, _)| number);
        Self { like_masks: like_masks.collect(), all, by_start }
    }

    /// A text in which they are masked, one after the other; `None` where none of them stands in it.
    pub(super) fn masked(&self, text: &str) -> Option<String> {
        let starts = text.as_bytes().windows(TELLING);
        let mut found: Vec<usize> =
            starts.filter_map(|start| self.by_start.get(start)).flatten().copied().collect();
        if found.is_empty() {
            return None;
        }
        found.extend(&self.like_masks);
        found.sort_unstable();
        found.dedup();
        let all = found.into_iter().map(|number| self.all[number]);
        let masked = all.fold(text.to_owned(), |text, value| text.replace(value, MASK));
        (masked != text).then_some(masked)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_masked_one_after_the_other() {
        let values = ["abcdefg", "abcdefgh", "é234567", "short", "***h12", "xyzxyz"];
        let telling = Telling::of(values.into_iter());
        for text in [
            "",
            "abcdef",
            "a abcdefg b",
            "abcdefgh12",
            "short é2345678 é234567",
            "xyzxyzxyz abcdefgabcdefgh123",
            "***h123",
        ] {
            let long = values.into_iter().filter(|value| value.len() >= TELLING);
            let wanted = long.fold(text.to_owned(), |text, value| text.replace(value, MASK));
            assert_eq!(telling.masked(text), Some(wanted).filter(|one| one != text), "{text}");
        }
    }
}

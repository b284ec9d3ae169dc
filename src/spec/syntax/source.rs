//! Texts that a spec comes from, and places in them.

/// A text with a name: a file, or what `--set` was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// What users call it: a path, `<stdin>` or `--set`.
    pub name: String,
    /// The whole text, byte for byte, because spans count its bytes.
    pub text: String,
}

impl Source {
    /// A source of this name and text.
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Self {
        Self { name: name.into(), text: text.into() }
    }

    /// The lines of the text, of which positions are told.
    pub fn lines(&self) -> Lines<'_> {
        let starts = self.text.match_indices('\n').map(|(at, _)| at + 1);
        Lines { text: &self.text, starts: std::iter::once(0).chain(starts).collect() }
    }
}

/// The lines of a text: a file with thousands of findings is read once for all of them.
#[derive(Clone, Debug)]
pub struct Lines<'a> {
    text: &'a str,
    /// Offsets of their first bytes.
    starts: Vec<usize>,
}

impl Lines<'_> {
    /// Line and column of a byte offset, both from 1; the column counts characters.
    pub fn position(&self, offset: usize) -> (usize, usize) {
        let offset = self.text.floor_char_boundary(offset);
        let line = self.starts.partition_point(|start| *start <= offset);
        let start = line.checked_sub(1).map_or(0, |at| self.starts[at]);
        (line, self.text[start..offset].chars().count() + 1)
    }
}

/// A range of bytes in one of several sources.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceSpan {
    /// The source's index in [`super::Diagnostics::sources`].
    pub source: usize,
    /// Offset of the first byte.
    pub start: usize,
    /// Offset of the byte after the last one.
    pub end: usize,
}

impl SourceSpan {
    /// From the start of this span to the end of another one.
    #[must_use]
    pub fn to(self, other: Self) -> Self {
        Self { end: other.end.max(self.start), ..self }
    }
}

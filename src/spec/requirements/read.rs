//! A requirements file as logical lines.

use std::ops::Range;

use super::line::{expand, without_comment};
use super::wants::{Wants, wants};

/// No requirements name so many files.
pub const MOST_FILES: usize = 200;

/// A logical line of a requirements file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requirement {
    /// Which bytes of the file it begins with: its first physical line, without blanks around it.
    pub span: Range<usize>,
    /// The number of that line, from 1.
    pub number: usize,
    /// What pip takes it for: lines joined, comments left out, variables replaced.
    pub text: String,
    /// What it names.
    pub wants: Vec<Wants>,
}

/// The lines of a requirements file that say something. `variable` gives the value of a variable:
/// `${NAME}` is replaced where it has one that isn't empty, as pip does.
pub fn requirements(text: &str, variable: &dyn Fn(&str) -> Option<String>) -> Vec<Requirement> {
    let mut found = Vec::new();
    let mut joined = String::new();
    let mut first: Option<(Range<usize>, usize)> = None;
    let mut offset = 0;
    for (index, raw) in text.split_inclusive('\n').enumerate() {
        let begin = offset;
        offset += raw.len();
        let line = raw.trim_end_matches(['\n', '\r']);
        let line = if index == 0 { line.trim_start_matches('\u{feff}') } else { line };
        let blank = line.len() - line.trim_start().len();
        let mark =
            if index == 0 { raw.len() - raw.trim_start_matches('\u{feff}').len() } else { 0 };
        let start = begin + mark + blank;
        first.get_or_insert((start..start + line.trim().len(), index + 1));
        // A comment ends a line that goes on, even with a backslash at its end.
        let is_comment = without_comment(line).len() < line.len();
        if let Some(part) = line.strip_suffix('\\').filter(|_| !is_comment) {
            joined.push_str(part);
            continue;
        }
        joined.push_str(line);
        take(&std::mem::take(&mut joined), first.take(), variable, &mut found);
    }
    take(&joined, first, variable, &mut found);
    found
}

fn take(
    joined: &str,
    first: Option<(Range<usize>, usize)>,
    variable: &dyn Fn(&str) -> Option<String>,
    found: &mut Vec<Requirement>,
) {
    let Some((span, number)) = first else { return };
    let text = expand(without_comment(joined).trim(), variable);
    if !text.is_empty() {
        let wants = wants(&text);
        found.push(Requirement { span, number, text, wants });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_joined_and_variables_replaced() {
        let text = "\u{feff}# all\n\n  numpy \\\n  ==1.0 # why\n-r ${BASE}/base.txt\n${none}/x \\\n# end \\\nsix";
        let found = requirements(text, &|name| (name == "BASE").then(|| "reqs".to_owned()));
        let shown: Vec<(usize, &str, &str)> = found
            .iter()
            .map(|one| (one.number, one.text.as_str(), &text[one.span.clone()]))
            .collect();
        assert_eq!(
            shown,
            [
                (3, "numpy   ==1.0", "numpy \\"),
                (5, "-r reqs/base.txt", "-r ${BASE}/base.txt"),
                (6, "${none}/x", "${none}/x \\"),
                (8, "six", "six"),
            ]
        );
    }
}

//! The comments of a converted file: what was changed or left out, beside what it became.

use std::collections::BTreeMap;

use super::places::Places;
use crate::spec::syntax::{Diagnostic, Spans, parse};

/// A comment's lines are no longer.
const WIDTH: usize = 96;

/// A document of ours with comments: whose file it was, and each finding above the field that was made of what it
/// points at, or at the top where nothing was. `spans` are the places of that file by paths of ours.
pub fn commented(yaml: &str, from: &str, spans: &Spans, findings: &[Diagnostic]) -> String {
    let own = parse(0, yaml).documents;
    let own = own.first().map(Spans::of).unwrap_or_default();
    let places = Places::of(spans);
    let ends: Vec<usize> = yaml.match_indices('\n').map(|(at, _)| at).collect();
    let mut top = vec![format!("From {from}.")];
    let mut beside: BTreeMap<usize, Vec<String>> = BTreeMap::new();
    for finding in findings {
        let text = match &finding.help {
            Some(help) => format!("{}: {help}", finding.message),
            None => finding.message.clone(),
        };
        let path = places.nearest_to(finding.span());
        let line = path.and_then(|path| own.get(path)).and_then(|place| {
            let start = place.key.unwrap_or(place.value).start;
            (start > 0).then(|| line_of(yaml, &ends, start, place.key.is_none()))
        });
        match line {
            Some(line) => beside.entry(line).or_default().push(text),
            None => top.push(text),
        }
    }
    let mut out = String::new();
    for text in &top {
        comment(&mut out, "", text);
    }
    for (number, line) in yaml.lines().enumerate() {
        let indent = &line[..line.len() - line.trim_start().len()];
        for text in beside.get(&number).into_iter().flatten() {
            comment(&mut out, indent, text);
        }
        out.push_str(line);
        out.push('\n');
    }
    out
}

/// The line above which a comment on what starts there may stand. A text in several lines starts, without a key, below
/// the line with its `|`, where a comment would be a part of it. `ends` are the ends of all lines.
fn line_of(yaml: &str, ends: &[usize], start: usize, is_value: bool) -> usize {
    let line = ends.partition_point(|end| *end < start);
    let first = line.checked_sub(1).map_or(0, |before| ends[before] + 1);
    let own = &yaml[first..start];
    if is_value && own.trim().is_empty() { line.saturating_sub(1) } else { line }
}

fn comment(out: &mut String, indent: &str, text: &str) {
    // A line break in what a file says would end the comment.
    let text: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let width = WIDTH.saturating_sub(indent.len() + 2).max(40);
    for line in crate::spec::syntax::wrap(&text, width).lines() {
        out.push_str(indent);
        out.push_str("# ");
        out.push_str(line);
        out.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::syntax::{Code, KeyedSpan, SourceSpan};

    #[test]
    fn a_finding_stands_above_what_its_field_became() {
        let span = |start, end| SourceSpan { source: 0, start, end };
        let mut spans = Spans::default();
        spans.insert("", KeyedSpan { key: None, value: span(0, 100) });
        spans.insert("roles.worker", KeyedSpan { key: Some(span(10, 14)), value: span(16, 60) });
        let warning = |start, text: &str| {
            Diagnostic::warning(Code::KatibInstead, text).at(span(start, start + 2), "")
        };
        let findings = [warning(20, "no `x`\nhere").help("write y"), warning(70, "lost")];
        let yaml = "name: a\nroles:\n  worker:\n    replicas: 2\n";
        let text = commented(yaml, "a TFJob", &spans, &findings);
        let wanted = "# From a TFJob.\n# lost\nname: a\nroles:\n  # no `x` here: write y\n  worker:\n    replicas: 2\n";
        assert_eq!(text, wanted);
    }
    /// A comment inside of a script would be a line of the script.
    #[test]
    fn a_script_keeps_its_lines() {
        let at = SourceSpan { source: 0, start: 20, end: 40 };
        let mut spans = Spans::default();
        spans.insert("command[1]", KeyedSpan { key: None, value: at });
        let findings = [Diagnostic::warning(Code::KatibInstead, "lost").at(at, "")];
        let yaml = "name: a\ncommand:\n- |\n  one |\n- |\n  two\n- x\n";
        let text = commented(yaml, "a TFJob", &spans, &findings);
        assert_eq!(
            text,
            format!("# From a TFJob.\n{}", yaml.replace("- |\n  two", "# lost\n- |\n  two"))
        );
    }
}

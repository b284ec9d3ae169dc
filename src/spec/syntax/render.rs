//! Findings as text, in the manner of rustc: title, place, code frame, help.

use annotate_snippets::{
    AnnotationKind, Element, Group, Level, Renderer, Snippet, renderer::DecorStyle,
};

use super::diagnostic::{Diagnostic, Diagnostics, Severity};
use super::source::{Source, SourceSpan};
use crate::spec::check::secret;
use crate::text::{line_of, lines_of};

/// How findings are shown to people.
#[derive(Clone, Copy, Debug)]
pub struct RenderOptions {
    /// Colours are marked with ANSI sequences.
    pub color: bool,
    /// At most this many findings; the rest is counted.
    pub limit: usize,
    /// Width of the terminal in columns; longer sentences are broken.
    pub width: usize,
}

impl Default for RenderOptions {
    fn default() -> Self {
        Self { color: false, limit: 20, width: 80 }
    }
}

impl Diagnostics {
    /// The findings as people read them, with a last line that counts them.
    pub fn render(&self, options: RenderOptions) -> String {
        let renderer = if options.color { Renderer::styled() } else { Renderer::plain() };
        let renderer = renderer.term_width(options.width).decor_style(DecorStyle::Ascii);
        let masked: Vec<Source> = self
            .sources
            .iter()
            .enumerate()
            .map(|(index, source)| {
                Source::new(line_of(&source.name), secret::mask(source, index, &self.secrets))
            })
            .collect();
        let shown: Vec<Source> = masked
            .iter()
            .map(|source| Source::new(&*source.name, safe_lines(&source.text)))
            .collect();
        let shown = Shown { masked: &masked, shown: &shown };
        let mut out = String::new();
        for finding in self.shown(options.limit) {
            out.push_str(&renderer.render(&groups(finding, shown, options.width)));
            out.push_str("\n\n");
        }
        out.push_str(&self.summary(options.limit));
        out.push('\n');
        out
    }

    /// Errors come before warnings when not all fit; what is shown is in the order of the file.
    fn shown(&self, limit: usize) -> Vec<&Diagnostic> {
        let mut chosen: Vec<_> = self.list.iter().collect();
        chosen.sort_by_key(|finding| finding.severity);
        chosen.truncate(limit);
        chosen.sort_by_key(|finding| (finding.span(), finding.severity));
        chosen
    }

    fn summary(&self, limit: usize) -> String {
        let count = |severity, one: &str| {
            let number = self.list.iter().filter(|finding| finding.severity == severity).count();
            match number {
                0 => None,
                1 => Some(format!("1 {one}")),
                _ => Some(format!("{number} {one}s")),
            }
        };
        let parts = [count(Severity::Error, "error"), count(Severity::Warning, "warning")];
        let counted: Vec<String> = parts.into_iter().flatten().collect();
        let hidden = self.list.len().saturating_sub(limit);
        let counted = counted.join(", ");
        if hidden > 0 { format!("{counted}: the ones above and {hidden} more") } else { counted }
    }
}

/// The sources with their secrets masked, and the same with what a terminal would obey written out.
#[derive(Clone, Copy)]
struct Shown<'a> {
    masked: &'a [Source],
    shown: &'a [Source],
}

/// What a file says, line by line. A line end of Windows is one.
fn safe_lines(text: &str) -> String {
    lines_of(&text.replace("\r\n", "\n"))
}

fn groups<'a>(finding: &'a Diagnostic, sources: Shown<'a>, width: usize) -> Vec<Group<'a>> {
    let level = match finding.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    // What `error[code]: ` and `  = help: ` take away, about.
    let title =
        wrap(&line_of(&finding.message), width.saturating_sub(12 + finding.code.as_str().len()));
    let mut group =
        level.primary_title(title).id(finding.code.as_str()).elements(Vec::<Element<'_>>::new());
    let mut done: Vec<usize> = Vec::new();
    for (number, label) in finding.labels.iter().enumerate() {
        let index = label.span.source;
        let (Some(masked), Some(source)) = (sources.masked.get(index), sources.shown.get(index))
        else {
            continue;
        };
        if done.contains(&index) {
            continue;
        }
        done.push(index);
        let annotations =
            finding.labels.iter().enumerate().filter(|(_, l)| l.span.source == index).map(
                |(position, label)| {
                    let main = position == number && number == 0;
                    let kind = if main { AnnotationKind::Primary } else { AnnotationKind::Context };
                    let span = first_line(label.span, &masked.text, &source.text);
                    let text = line_of(&label.text);
                    kind.span(span).label((!text.is_empty()).then_some(text))
                },
            );
        group = group.element(
            Snippet::source(source.text.as_str())
                .path(source.name.as_str())
                .annotations(annotations),
        );
    }
    if let Some(help) = &finding.help {
        group = group.element(Level::HELP.message(wrap(&line_of(help), width.saturating_sub(14))));
    }
    vec![group]
}

/// Where a place is in the text that is shown. A long value is marked in its first line only: the
/// frame stays small.
fn first_line(span: SourceSpan, text: &str, shown: &str) -> std::ops::Range<usize> {
    let start = span.start.min(text.len());
    let end = span.end.clamp(start, text.len());
    let line = text.get(start..end).and_then(|part| part.find('\n')).map_or(end, |at| start + at);
    if text == shown {
        return start..line;
    }
    // What is written out is longer, and what lies before a place moves it.
    let moved = |at: usize| safe_lines(&text[..text.floor_char_boundary(at)]).len();
    let start = shown.floor_char_boundary(moved(start));
    start..shown.floor_char_boundary(moved(line)).max(start)
}

/// Breaks a text between words into lines of at most `width` characters.
pub(crate) fn wrap(text: &str, width: usize) -> String {
    let mut out = String::new();
    let mut column = 0;
    for word in text.split(' ') {
        let length = word.chars().count();
        if column > 0 && column + 1 + length > width {
            out.push('\n');
            column = 0;
        } else if column > 0 {
            out.push(' ');
            column += 1;
        }
        out.push_str(word);
        column += length;
    }
    out
}

//! Sentences broken between words where a terminal would break them within one.

use std::ops::Range;

use super::Text;

/// Programs whose commands are told to be copied.
const PROGRAMS: [&str; 8] =
    ["mlctl", "kubectl", "sudo", "pip", "chmod", "export", "docker", "podman"];

impl Text {
    /// The same in lines of at most `width` columns, each but the first with `hang` blanks before it. Lines
    /// end between words. A command in it, behind a colon or in backticks, is never broken: it has a line of its
    /// own where it doesn't fit, and one that is wider than any line is left to the terminal, out of which it is
    /// copied whole. What has line breaks already stays as it is.
    #[must_use]
    pub fn wrapped(&self, width: usize, hang: usize) -> Self {
        let text = self.to_string();
        // What has lines of its own is made for the eye as it is.
        if text.contains('\n') || self.width() <= width {
            return self.clone();
        }
        let columns = |range: Range<usize>| Self::from(&text[range]).width();
        let hang = if hang + 20 > width { 0 } else { hang };
        let (mut lines, mut line, mut room): (Vec<Self>, Option<Range<usize>>, usize) =
            (Vec::new(), None, width);
        let mut keep = |range: Range<usize>| {
            let blanks = if lines.is_empty() { 0 } else { hang };
            lines.push(Self::from(" ".repeat(blanks)).then(self.part(range)));
        };
        for unit in units(&text) {
            line = Some(match line {
                Some(before) if columns(before.start..unit.end) > room => {
                    keep(before);
                    room = width - hang;
                    unit
                }
                Some(before) => before.start..unit.end,
                None => unit,
            });
        }
        line.into_iter().for_each(&mut keep);
        Self::lines(lines)
    }

    /// Every line of a report in lines of at most `width` columns, below which the rest of it hangs. What a command
    /// has printed, behind a bar, stays as it is.
    #[must_use]
    pub fn in_columns(&self, width: usize) -> Self {
        Self::lines(self.split().into_iter().map(|line| {
            let text = line.to_string();
            let told = text.trim_start_matches(' ');
            if told.starts_with("| ") {
                return line;
            }
            line.wrapped(width, text.len() - told.len() + 2)
        }))
    }
}

/// What stays together: words, and whole commands. Blanks before the first are a part of it.
fn units(text: &str) -> Vec<Range<usize>> {
    let indent = text.len() - text.trim_start_matches(' ').len();
    let (mut units, mut at): (Vec<Range<usize>>, usize) = (Vec::new(), indent);
    let mut before = "";
    while at < text.len() {
        let rest = &text[at..];
        let word = &rest[..rest.find(' ').unwrap_or(rest.len())];
        let is_told = before.ends_with(':') && !matches!(before, "error:" | "warning:")
            || before == "or" && word == "mlctl";
        let is_command = is_told && PROGRAMS.contains(&word);
        let long = if is_command {
            command(rest)
        } else if word.matches('`').count() == 1 {
            quoted(rest).unwrap_or(word.len())
        } else {
            word.len()
        };
        let start = if units.is_empty() { 0 } else { at };
        if long > 0 {
            units.push(start..at + long);
        }
        before = rest[..long].rsplit(' ').next().unwrap_or_default();
        at += long + 1;
    }
    units
}

/// How long the command is that a text begins with: up to where the sentence goes on.
fn command(text: &str) -> usize {
    let ends = [", ", "; "].iter().filter_map(|end| Some(text.find(end)? + 1));
    ends.min().unwrap_or(text.trim_end().len())
}

/// How long a text's first word is that holds a backtick, up to the end of what is quoted.
fn quoted(text: &str) -> Option<usize> {
    let open = text.find('`')? + 1;
    let close = open + text[open..].find('`')? + 1;
    Some(close + text[close..].find(' ').unwrap_or(text.len() - close))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::{HINT, WARNING};

    fn wrapped(text: &str, width: usize, hang: usize) -> Vec<String> {
        let lines = Text::from(text).wrapped(width, hang).split();
        lines.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn lines_end_between_words_and_hang_below_the_first() {
        let text = "the output isn't kept: keep it in a claim, else it is gone with its pod";
        assert_eq!(
            wrapped(text, 40, 4),
            ["the output isn't kept: keep it in a", "    claim, else it is gone with its pod"]
        );
        assert_eq!(wrapped("short", 40, 4), ["short"]);
        let path = "/a/path/that/is/wider/than/a/line/may/be/and/stays/whole";
        assert_eq!(
            wrapped(&format!("see {path} there"), 40, 4),
            ["see".to_owned(), format!("    {path}"), "    there".to_owned()]
        );
        assert_eq!(wrapped("    - a list's second line hangs", 24, 6)[0], "    - a list's second");
    }

    #[test]
    fn a_command_is_copied_whole() {
        let text = "it goes on. Come back with: mlctl logs -f digits-abc123; end it with: mlctl cancel \
                    digits-abc123";
        assert_eq!(
            wrapped(text, 50, 2),
            [
                "it goes on. Come back with:",
                "  mlctl logs -f digits-abc123; end it with:",
                "  mlctl cancel digits-abc123"
            ]
        );
        let text = "remove what is old with `mlctl cleanup --older-than 7d`, then again";
        assert_eq!(
            wrapped(text, 50, 2),
            ["remove what is old with", "  `mlctl cleanup --older-than 7d`, then again"]
        );
    }

    #[test]
    fn a_report_keeps_what_was_printed() {
        let report = Text::lines([
            "digits failed: worker-0: exit code 1",
            "  | a line of output that is wider than that",
            "  - look at what it did: mlctl logs digits",
        ]);
        assert_eq!(
            report.in_columns(30).to_string(),
            "digits failed: worker-0: exit\n  code 1\n  | a line of output that is wider than \
             that\n  - look at what it did:\n    mlctl logs digits"
        );
    }

    #[test]
    fn colours_stay_where_they_are() {
        let text = Text::styled(HINT, "hint:")
            .then(" one two three ")
            .then(Text::styled(WARNING, "four five six seven"));
        let whole = text.wrapped(30, 6);
        assert_eq!(whole.to_string(), "hint: one two three four five\n      six seven");
        let style = WARNING.to_string();
        assert!(whole.painted_if(true).contains(&format!("      {style}six seven")));
    }
}

//! How help texts are laid out: paragraphs fill the width, and no line of an example is broken anywhere but
//! where a shell allows it.

use clap::Command;

use crate::ui::terminal_width;

/// The width without a terminal, and that of man pages.
pub(super) const USUAL: usize = 80;
/// Longer lines are hard to read.
const WIDEST: usize = 120;
const NARROWEST: usize = 40;

/// What stands behind a command of an example begins further right for no longer command than this.
const LONGEST: usize = 42;
/// What stands behind short commands begins here.
const LEAST: usize = 24;
/// What stands behind a command has at least this room, or it goes below.
const ROOM: usize = 24;
/// Where a command of an example goes on in the next line.
const INDENT: &str = "      ";

/// The width of whoever reads.
pub(super) fn width() -> usize {
    let columns = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    columns.or_else(terminal_width).unwrap_or(USUAL).clamp(NARROWEST, WIDEST)
}

/// The command with the texts behind its options, and those of its verbs, laid out for a width.
pub(super) fn for_width(mut command: Command, width: usize) -> Command {
    if let Some(text) = command.get_after_help().map(ToString::to_string) {
        command = command.after_help(laid_out(&text, width));
    }
    command.term_width(width).mut_subcommands(|verb| for_width(verb, width))
}

/// Lays a text out. Its paragraphs have empty lines between them; indented lines are examples, of which a
/// backslash at the end of a line joins it with the next one.
fn laid_out(text: &str, width: usize) -> String {
    let text = text.replace("\\\n", "\u{0}");
    let blocks = text.split("\n\n").map(|block| {
        let mut lines = Vec::new();
        let mut paragraph = String::new();
        let column = column(block, width);
        let mut all = block.lines().peekable();
        while let Some(line) = all.next() {
            let heads =
                line.ends_with(':') && all.peek().is_some_and(|next| next.starts_with("  "));
            if line.starts_with("  ") || heads && paragraph.is_empty() {
                fill(&std::mem::take(&mut paragraph), width, &mut lines);
                example(line, column, width, &mut lines);
                continue;
            }
            if !paragraph.is_empty() {
                paragraph.push(' ');
            }
            paragraph.push_str(line.trim());
        }
        fill(&paragraph, width, &mut lines);
        lines.join("\n")
    });
    blocks.collect::<Vec<_>>().join("\n\n")
}

/// A line of an example as its command and what it is for.
fn halves(line: &str) -> (String, &str) {
    let (command, comment) = match line.trim_start().split_once("  ") {
        Some((command, comment)) if line.starts_with("  ") && !line.contains('\u{0}') => {
            (command, comment.trim_start())
        }
        _ => (line.trim_start(), ""),
    };
    let command = command.split('\u{0}').map(str::trim).collect::<Vec<_>>().join(" ");
    (command, comment)
}

/// Where what stands behind the commands of a block begins; none where there is too little room.
fn column(block: &str, width: usize) -> Option<usize> {
    let lengths = block.lines().filter(|line| line.starts_with("  ")).filter_map(|line| {
        let (command, comment) = halves(line);
        Some(command.chars().count()).filter(|length| !comment.is_empty() && *length <= LONGEST)
    });
    let column = lengths.max().map(|longest| (longest + 4).max(LEAST));
    column.filter(|column| column + ROOM <= width)
}

fn example(line: &str, column: Option<usize>, width: usize, lines: &mut Vec<String>) {
    if !line.trim_start().starts_with("mlctl ") && !line.contains('\u{0}') {
        // Data, and commands of others: as they are.
        lines.push(line.to_owned());
        return;
    }
    let (command, comment) = halves(line);
    let first = lines.len();
    broken(&command, width, lines);
    let length = lines.last().map_or(0, |line| line.chars().count());
    if comment.is_empty() {
        return;
    }
    let beside = column.filter(|column| length + 2 <= *column && lines.len() == first + 1);
    let indent = column.unwrap_or(INDENT.len());
    let mut words = Vec::new();
    fill(comment, width - indent, &mut words);
    let mut words = words.into_iter();
    if let (Some(column), Some(last)) = (beside, lines.last_mut()) {
        last.push_str(&" ".repeat(column - length));
        last.push_str(&words.next().unwrap_or_default());
    }
    lines.extend(words.map(|line| " ".repeat(indent) + &line));
}

/// A command in as many lines as it needs, each but the last with a backslash behind it.
fn broken(command: &str, width: usize, lines: &mut Vec<String>) {
    let mut line = "  ".to_owned();
    let mut parts = parts(command).into_iter().peekable();
    while let Some(part) = parts.next() {
        let is_first = line.trim().is_empty();
        let room = if parts.peek().is_some() { width - 2 } else { width };
        if !is_first && line.chars().count() + 1 + part.chars().count() > room {
            line.push_str(" \\");
            lines.push(std::mem::replace(&mut line, INDENT.to_owned()));
        } else if !is_first {
            line.push(' ');
        }
        line.push_str(&part);
    }
    lines.push(line);
}

/// The parts of a command between which a line may end: before a flag and before a pipe, outside of quotes.
fn parts(command: &str) -> Vec<String> {
    let mut parts: Vec<String> = Vec::new();
    let mut quote = None;
    for word in command.split(' ') {
        let is_start = word.starts_with("--") || matches!(word, "|" | "&&" | ">");
        match parts.last_mut() {
            Some(last) if quote.is_some() || !is_start => {
                last.push(' ');
                last.push_str(word);
            }
            _ => parts.push(word.to_owned()),
        }
        for c in word.chars().filter(|c| matches!(c, '\'' | '"')) {
            match quote {
                None => quote = Some(c),
                Some(open) if open == c => quote = None,
                Some(_) => {}
            }
        }
    }
    parts
}

/// Breaks a text between words that don't belong together.
fn fill(text: &str, width: usize, lines: &mut Vec<String>) {
    let mut line = String::new();
    for phrase in phrases(text, width / 2) {
        if !line.is_empty() && line.chars().count() + 1 + phrase.chars().count() > width {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(&phrase);
    }
    if !line.is_empty() {
        lines.push(line);
    }
}

/// The words of a text, where those stay together that stand in backticks, and a number with what is counted.
fn phrases(text: &str, longest: usize) -> Vec<String> {
    let mut phrases: Vec<String> = Vec::new();
    let is_number = |phrase: &str| phrase.bytes().all(|byte| byte.is_ascii_digit());
    for word in text.split_whitespace() {
        match phrases.last_mut() {
            Some(last)
                if is_number(last)
                    || last.matches('`').count() % 2 == 1 && last.chars().count() < longest =>
            {
                last.push(' ');
                last.push_str(word);
            }
            _ => phrases.push(word.to_owned()),
        }
    }
    phrases
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
Examples:
  mlctl init plain       two replicas, no framework
  mlctl init t my-project    two workers, MultiWorkerMirroredStrategy
  mlctl predict URL --raw --json '{\"a\": [1], \"stream --it\": true}'
  mlctl batch-predict --model s3://b/digits \\
      --input 's3://b/in/*.jsonl'
  {\"a\": 1,  \"b\": 2}

A paragraph of 3 lines: `it is written` so
that 12
are counted. It ends:
here.";

    #[test]
    fn nothing_is_broken_inside_of_an_example() {
        assert_eq!(
            laid_out(TEXT, 62),
            "\
Examples:
  mlctl init plain         two replicas, no framework
  mlctl init t my-project  two workers,
                           MultiWorkerMirroredStrategy
  mlctl predict URL --raw \\
      --json '{\"a\": [1], \"stream --it\": true}'
  mlctl batch-predict --model s3://b/digits \\
      --input 's3://b/in/*.jsonl'
  {\"a\": 1,  \"b\": 2}

A paragraph of 3 lines: `it is written` so that 12 are
counted. It ends: here."
        );
    }

    #[test]
    fn a_narrow_terminal_has_comments_below() {
        assert_eq!(
            laid_out("Examples:\n  mlctl init plain    two replicas, no framework", 40),
            "Examples:\n  mlctl init plain\n      two replicas, no framework"
        );
    }
}

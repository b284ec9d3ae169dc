//! What `doctor` prints: a line for each check as its finding comes in, and below those that aren't
//! ok what to do. At a terminal a last line says what is being looked at and for how long.

use std::io;
use std::time::Instant;

use anstyle::Style;

use super::human::duration;
use super::{BOLD, DIM, ERROR, GOOD, HINT, Printer, Screen, Text, Verbosity, WARNING};
use crate::doctor::{Finding, Level, Place};
use crate::text::line_of;

/// Columns of the level (`ok`, `skip`, `warn`, `fail`), less the space behind it.
const LEVEL: usize = 4;
/// Columns of the check's name, less the space behind it.
const CHECK: usize = 12;
/// Columns left of what was found; the lines below it begin there too.
const INDENT: usize = 2 + LEVEL + 1 + CHECK + 1;

/// Prints findings one by one and counts the bad ones.
pub struct Checks<'a> {
    printer: &'a Printer,
    shown: bool,
    /// The place whose title was printed last.
    place: Option<Place>,
    /// What is being looked at, and since when.
    now: Option<(String, Instant)>,
    screen: Screen,
    failed: usize,
    warned: usize,
}

impl<'a> Checks<'a> {
    /// Begins with no findings. Without `shown` none is printed, because a document with all of them
    /// follows on standard output; the line that says what is being looked at still is.
    pub fn new(printer: &'a Printer, shown: bool) -> Self {
        let screen = Screen::new(printer);
        Self { printer, shown, place: None, now: None, screen, failed: 0, warned: 0 }
    }

    /// Says what is being looked at from now on, for example `the API server of prod`.
    pub fn begin(&mut self, what: String) {
        self.now = Some((what, Instant::now()));
        self.tick();
    }

    /// Draws again how long it has taken so far; call it a few times a second. Nothing happens where
    /// standard error is no terminal.
    pub fn tick(&mut self) {
        let terminal = self.printer.terminal;
        let moves = terminal.stderr && self.printer.verbosity >= Verbosity::Normal;
        let Some((what, since)) = self.now.as_ref().filter(|_| moves) else { return };
        let took = duration(since.elapsed());
        self.screen.draw(&[], &[Text::styled(DIM, &format!("  ...  {what} ({took})"))]);
    }

    /// Prints a finding on standard output, below a title when it is the first one of its place.
    pub fn found(&mut self, finding: &Finding) -> io::Result<()> {
        self.failed += usize::from(finding.level == Level::Fail);
        self.warned += usize::from(finding.level == Level::Warn);
        if !self.shown {
            return Ok(());
        }
        self.screen.clear();
        let mut lines = Vec::new();
        if self.place != Some(finding.place) {
            if self.place.is_some() {
                lines.push(Text::default());
            }
            let title = match finding.place {
                Place::Laptop => "Laptop",
                Place::Cluster => "Cluster",
            };
            lines.push(Text::styled(BOLD, title));
            self.place = Some(finding.place);
        }
        lines.extend(block(finding, self.printer.terminal.width.min(100)));
        self.printer.show(Text::lines(lines))?;
        self.tick();
        Ok(())
    }

    /// Removes the line that says what is being looked at, and prints the counts on standard error.
    pub fn end(&mut self) -> io::Result<()> {
        self.now = None;
        self.screen.clear();
        if self.shown {
            let count = |count: usize, one: &str, many: &str| match count {
                1 => format!("1 {one}"),
                count => format!("{count} {many}"),
            };
            let text = match (self.failed, self.warned) {
                (0, 0) => "nothing was found that stops runs".to_owned(),
                (0, warned) => {
                    format!(
                        "nothing was found that stops runs; {}",
                        count(warned, "warning", "warnings")
                    )
                }
                (failed, 0) => format!("{} a run", count(failed, "thing stops", "things stop")),
                (failed, warned) => format!(
                    "{} a run; {}",
                    count(failed, "thing stops", "things stop"),
                    count(warned, "warning", "warnings")
                ),
            };
            self.printer.say("");
            self.printer.say(text);
        }
        Ok(())
    }
}

/// One finding as lines of at most `width` columns; only single words and quoted parts of commands
/// can be longer.
fn block(finding: &Finding, width: usize) -> Vec<Text> {
    let Finding { check, level, what, why, mend, .. } = finding;
    let (word, style) = word(*level);
    let mut lines = Vec::new();
    let room = width.saturating_sub(INDENT).max(20);
    let indent = || Text::from(" ".repeat(INDENT));
    let level = Text::styled(style, word).padded(LEVEL);
    let head = Text::from("  ").then(level).then(format!(" {check:CHECK$} "));
    let mut what = wrapped(what, room).into_iter();
    lines.push(head.then(what.next().unwrap_or_default()));
    lines.extend(what.map(|line| indent().then(line)));
    lines.extend(why.iter().flat_map(|why| wrapped(why, room)).map(|line| indent().then(line)));
    let mend = mend.iter().flat_map(|mend| command(mend, room.saturating_sub(6).max(20)));
    lines.extend(mend.enumerate().map(|(at, line)| {
        let head = if at == 0 { Text::styled(HINT, "mend:") } else { "     ".into() };
        indent().then(head).then(" ").then(line)
    }));
    lines
}

fn word(level: Level) -> (&'static str, Style) {
    match level {
        Level::Ok => ("ok", GOOD),
        Level::Skip => ("skip", DIM),
        Level::Warn => ("warn", WARNING),
        Level::Fail => ("fail", ERROR),
    }
}

/// Words on lines of at most `width` columns; a longer word has a line of its own.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in line_of(text).split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// The same for a command that is copied to a shell: all lines but the last end with a backslash, a
/// line never breaks within quotes, and a comment (`   # ...` at the end) is no part of the command.
fn command(text: &str, width: usize) -> Vec<String> {
    let text = line_of(text);
    let text = text.as_str();
    let (code, comment) = match text.split_once("   # ") {
        Some((code, comment)) => (code, Some(format!("# {comment}"))),
        None => (text, None),
    };
    let mut lines: Vec<String> = Vec::new();
    let words = shell_words(code);
    for (at, word) in words.iter().enumerate() {
        // A backslash follows all words but the last.
        let room = if at + 1 == words.len() { width } else { width - 2 };
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= room => {
                line.push(' ');
                line.push_str(word);
            }
            Some(_) => lines.push(format!("  {word}")),
            None => lines.push((*word).to_owned()),
        }
    }
    let last = lines.len().saturating_sub(1);
    for line in &mut lines[..last] {
        line.push_str(" \\");
    }
    if let Some(comment) = comment {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 3 + comment.chars().count() <= width => {
                line.push_str("   ");
                line.push_str(&comment);
            }
            _ => lines.extend(wrapped(&comment, width).into_iter().enumerate().map(
                |(at, line)| {
                    if at == 0 { line } else { format!("# {line}") }
                },
            )),
        }
    }
    lines
}

/// Divides a command at its spaces, except for those within quotes.
fn shell_words(text: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let (mut begin, mut quote) = (0, None);
    for (at, c) in text.char_indices() {
        match (c, quote) {
            ('\'' | '"', None) => quote = Some(c),
            (c, Some(open)) if c == open => quote = None,
            (' ', None) => {
                words.push(&text[begin..at]);
                begin = at + 1;
            }
            _ => {}
        }
    }
    words.push(&text[begin..]);
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_fit_and_commands_can_be_copied() {
        let long = "mlctl cluster manifests --for-namespace team-a --user \
                    system:serviceaccount:team-a:robot --role submitter | kubectl apply -f -";
        let finding = Finding::fail(Place::Cluster, "permissions", "train lacks ".repeat(12))
            .why("because of this and that ".repeat(5))
            .mend(long);
        let text = Text::lines(block(&finding, 80));
        let painted = text.painted_if(true);
        let text = text.to_string();
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
        let at = text.find("mend: ").unwrap() + "mend: ".len();
        let joined = text[at..].replace("\\\n", " ");
        let words: Vec<&str> = joined.split_whitespace().collect();
        assert_eq!(words, long.split_whitespace().collect::<Vec<_>>());
        assert!(!text.contains('\x1b') && painted.contains('\x1b'));
    }

    #[test]
    fn quotes_and_comments_stay_whole() {
        assert_eq!(shell_words("python3 -c 'import sys; print(1)'").len(), 3);
        let lines =
            command("curl -k https://k8s.example.com/version   # VPN, proxy, firewall?", 40);
        assert_eq!(lines, ["curl -k https://k8s.example.com/version", "# VPN, proxy, firewall?"]);
    }
}

//! The last lines of what a server printed.

use std::collections::VecDeque;

use crate::text;

/// How many lines are remembered.
const LINES: usize = 12;
/// How long one of them may be in an error.
const WIDTH: usize = 300;
/// How long all of them may be together: whoever shows an error cuts its end, where the cause stands.
const TOTAL: usize = 500;

/// The last lines of one server, for the error that tells of its end.
#[derive(Debug, Default)]
pub(super) struct Tail(VecDeque<String>);

impl Tail {
    pub(super) fn push(&mut self, line: &str) {
        if line.trim().is_empty() {
            return;
        }
        if self.0.len() == LINES {
            self.0.pop_front();
        }
        // What no terminal can obey, and cut: it comes from somebody else's program.
        self.0.push_back(text::line_of(line.trim_end()).chars().take(WIDTH).collect());
    }

    /// `; its last lines: A | B`; empty where it printed nothing.
    pub(super) fn told(&self) -> String {
        if self.0.is_empty() {
            return "; it has printed nothing".to_owned();
        }
        let mut length = 0;
        let fits = |line: &&String| {
            length += line.chars().count();
            length <= TOTAL
        };
        let most = self.0.iter().rev().take_while(fits).count().max(1);
        let lines = self.0.iter().skip(self.0.len() - most).map(String::as_str);
        format!("; its last lines: {}", lines.collect::<Vec<&str>>().join(" | "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_lines_are_kept_and_safe() {
        let mut tail = Tail::default();
        assert_eq!(tail.told(), "; it has printed nothing");
        (0..20).for_each(|number| tail.push(&format!("line {number}\x1b[2J")));
        tail.push(" \t");
        let told = tail.told();
        assert!(told.starts_with(r"; its last lines: line 8\x1b[2J | "), "{told}");
        assert!(told.ends_with(r"line 19\x1b[2J"), "{told}");
        tail.push(&"a".repeat(WIDTH));
        tail.push(&"b".repeat(WIDTH));
        assert_eq!(tail.told(), format!("; its last lines: {}", "b".repeat(WIDTH)));
    }
}

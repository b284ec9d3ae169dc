//! How much a command has printed, by its agent's count: marks in a pod's log by which a reader learns how
//! much of it has been lost on the way.
//!
//! A node keeps only the newest part of a log, and who reads it more slowly than it is written loses what
//! lies between. So an agent whose command prints much writes, every [`EVERY`] bytes and before each event,
//! how many lines and bytes have come so far. The log of a command that prints little has no marks.

use serde::{Deserialize, Serialize};

use crate::gang::ReplicaId;
use crate::text::bytes;

/// So many bytes lie between two marks, and before the first.
pub(super) const EVERY: u64 = 1 << 20;

/// How a mark begins as JSON.
pub(super) const FIRST: &str = "\"written\":";

/// What lacks no line lacks bytes only if it is so many: a line may have been cut in two on the way.
const LEAST_BYTES: u64 = 64 * 1024;

/// How much was printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Amount {
    pub(super) lines: u64,
    pub(super) bytes: u64,
}

impl Amount {
    /// Counts what comes, line ends included.
    pub(super) fn add(&mut self, bytes: &[u8]) {
        self.bytes += bytes.len() as u64;
        self.lines += memchr::memchr_iter(b'\n', bytes).count() as u64;
    }
}

/// What an agent has passed on of its command's output up to a place of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Mark {
    /// How much that is.
    pub(super) written: Amount,
    /// Since when the agent has been counting, in milliseconds since 1970: each agent begins anew.
    pub(super) since: i64,
}

impl Mark {
    /// The mark without the brace that it begins with.
    pub(super) fn json(&self) -> String {
        let Self { written: Amount { lines, bytes }, since } = self;
        format!("{FIRST}{{\"lines\":{lines},\"bytes\":{bytes}}},\"since\":{since}}}")
    }
}

/// What a reader has read since the agent began to count.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    read: Amount,
    /// The same since the last mark.
    fresh: Amount,
    /// The agent by whose marks this goes; `None` before its first one.
    agent: Option<i64>,
    /// How much came before the place where reading began is not known.
    begins_within: bool,
}

impl Tally {
    /// For a reader that begins somewhere in a log.
    pub(super) fn within() -> Self {
        Self { begins_within: true, ..Self::default() }
    }

    /// A line of output has been read.
    pub(super) fn line(&mut self, length: usize) {
        for amount in [&mut self.read, &mut self.fresh] {
            amount.lines += 1;
            amount.bytes += length as u64 + 1;
        }
    }

    /// An agent has begun, and counts from here on.
    pub(super) fn begin(&mut self) {
        *self = Self::default();
    }

    /// What has been lost before this mark; `None` where nothing was, or where that can't be known.
    pub(super) fn mark(&mut self, mark: &Mark) -> Option<Amount> {
        if self.agent.is_some_and(|agent| agent != mark.since) {
            // The beginning of its log is lost, and what came last may be its predecessor's.
            self.read = self.fresh;
        }
        let known = !std::mem::take(&mut self.begins_within);
        let missing = Amount {
            lines: mark.written.lines.saturating_sub(self.read.lines),
            bytes: mark.written.bytes.saturating_sub(self.read.bytes),
        };
        (self.read, self.fresh, self.agent) = (mark.written, Amount::default(), Some(mark.since));
        (known && (missing.lines > 0 || missing.bytes >= LEAST_BYTES)).then_some(missing)
    }
}

/// What stands in a replica's output where so much of it is missing.
pub(super) fn loss_text(missing: Amount, replica: &ReplicaId) -> String {
    let plural = if missing.lines == 1 { "" } else { "s" };
    format!(
        "[mlctl: about {} line{plural} ({}) that {replica} printed before this place are missing: its node \
         keeps only the newest part of a log]",
        missing.lines,
        bytes(missing.bytes)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(lines: u64, since: i64) -> Mark {
        Mark { written: Amount { lines, bytes: lines * 10 }, since }
    }

    fn read(tally: &mut Tally, lines: u64) {
        (0..lines).for_each(|_| tally.line(9));
    }

    #[test]
    fn what_is_missing_between_two_marks_is_counted_once() {
        let mut tally = Tally::default();
        read(&mut tally, 100);
        assert_eq!(tally.mark(&mark(100, 1)), None);
        read(&mut tally, 40);
        assert_eq!(tally.mark(&mark(200, 1)), Some(Amount { lines: 60, bytes: 600 }));
        assert_eq!(tally.mark(&mark(200, 1)), None);
    }

    #[test]
    fn each_agent_counts_from_its_beginning() {
        let mut tally = Tally::default();
        read(&mut tally, 100);
        assert_eq!(tally.mark(&mark(100, 1)), None);
        tally.begin();
        read(&mut tally, 5);
        assert_eq!(tally.mark(&mark(5, 2)), None);
        // The beginning of the third one is lost, and with it the word that it began.
        read(&mut tally, 5);
        assert_eq!(tally.mark(&mark(50, 3)).map(|missing| missing.lines), Some(45));
    }

    #[test]
    fn who_begins_within_a_log_misses_nothing_of_before() {
        let mut tally = Tally::within();
        read(&mut tally, 3);
        assert_eq!(tally.mark(&mark(100, 1)), None);
        assert_eq!(tally.mark(&mark(101, 1)).map(|missing| missing.lines), Some(1));
    }
}

//! Output and events come on two ways; an attempt's lines are shown between its start and its end.

use std::time::{Duration, Instant};

use crate::gang::Attempt;
use crate::runtime::LogLine;

/// Lines wait so long for the start of their attempt to be told. In a cluster it comes over another
/// connection, which may be slow or gone.
const PATIENCE: Duration = Duration::from_secs(5);
/// When more lines than this wait, no more are read.
const MOST: usize = 10_000;

/// Lines that came before the start of their attempt was told.
#[derive(Debug, Default)]
pub(super) struct Order {
    started: Attempt,
    waiting: Vec<LogLine>,
    since: Option<Instant>,
}

impl Order {
    /// The start of an attempt has been shown.
    pub(super) fn start(&mut self, attempt: Attempt) {
        self.started = self.started.max(attempt);
    }

    /// Nothing more is told, so that nothing waits.
    pub(super) fn end(&mut self) {
        self.started = Attempt::MAX;
    }

    /// So many lines wait that no more should be read before their turn has come.
    pub(super) fn is_full(&self) -> bool {
        self.waiting.len() > MOST && !self.has_waited()
    }

    /// Takes lines and gives those that may be shown now, in their order.
    pub(super) fn take(&mut self, lines: Vec<LogLine>) -> Vec<LogLine> {
        self.waiting.extend(lines);
        let all = self.has_waited();
        let started = self.started;
        let ready: Vec<LogLine> =
            self.waiting.extract_if(.., |line| all || line.attempt <= started).collect();
        self.since =
            if self.waiting.is_empty() { None } else { self.since.or(Some(Instant::now())) };
        ready
    }

    /// Some line has waited for long enough.
    fn has_waited(&self) -> bool {
        self.since.is_some_and(|since| since.elapsed() >= PATIENCE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(attempt: Attempt, text: &str) -> LogLine {
        let replica = "worker-0".parse().unwrap();
        LogLine { replica, attempt, time: None, installer: false, line: text.into() }
    }

    fn shown(lines: Vec<LogLine>) -> String {
        let text = |line: LogLine| String::from_utf8(line.line).unwrap();
        lines.into_iter().map(text).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn lines_wait_for_the_start_of_their_attempt_but_not_for_ever() {
        let mut order = Order::default();
        assert_eq!(shown(order.take(vec![line(0, "setup"), line(1, "a"), line(2, "c")])), "setup");
        order.start(1);
        assert_eq!(shown(order.take(vec![line(1, "b")])), "a b");
        assert_eq!(shown(order.take(vec![line(2, "d")])), "");
        order.start(2);
        assert_eq!(shown(order.take(Vec::new())), "c d");
        order.take(vec![line(3, "e")]);
        order.since = Instant::now().checked_sub(PATIENCE);
        if order.since.is_some() {
            assert_eq!(shown(order.take(Vec::new())), "e");
        }
        order.end();
        assert_eq!(shown(order.take(vec![line(9, "f")])), "f");
    }

    #[test]
    fn a_flood_waits_for_its_start_too_and_is_read_no_further_meanwhile() {
        let mut order = Order::default();
        let flood = (0..=MOST).map(|n| line(1, &n.to_string())).collect();
        assert!(order.take(flood).is_empty() && order.is_full());
        order.start(1);
        assert_eq!(order.take(Vec::new()).len(), MOST + 1);
        assert!(!order.is_full());
        order.take((0..=MOST).map(|n| line(2, &n.to_string())).collect());
        order.since = Instant::now().checked_sub(PATIENCE);
        assert!(order.since.is_none() || !order.is_full());
    }
}

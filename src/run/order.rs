//! Output and events come on two ways; an attempt's lines are shown between its start and its end, and of what
//! comes together the earlier goes first.

use std::time::{Duration, Instant};

use jiff::Timestamp;

use crate::event::{Event, EventKind};
use crate::gang::{Attempt, ReplicaId};
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
    /// The time of the event that is shown next: what was printed after it comes behind it.
    next: Option<Timestamp>,
    /// The replica whose exit is shown next, by a clock that may be another: it has printed all before that.
    exits: Option<ReplicaId>,
}

impl Order {
    /// This event has been shown.
    pub(super) fn after(&mut self, event: &Event) {
        if event.kind == EventKind::AttemptStarted {
            self.start(event.attempt);
        }
    }

    /// The start of an attempt has been shown.
    fn start(&mut self, attempt: Attempt) {
        self.started = self.started.max(attempt);
    }

    /// This event is shown next.
    pub(super) fn before(&mut self, event: &Event) {
        self.next = Some(event.time);
        let is_exit = matches!(event.kind, EventKind::CommandExited { .. });
        self.exits = event.replica.clone().filter(|_| is_exit);
    }

    /// No event is left that lines could come behind.
    pub(super) fn release(&mut self) {
        (self.next, self.exits) = (None, None);
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
        let Self { started, next, exits, .. } = self;
        let is_due = |line: &LogLine| {
            let is_later = line.time.zip(*next).is_some_and(|(printed, next)| printed > next);
            line.attempt <= *started && (!is_later || exits.as_ref() == Some(&line.replica))
        };
        let ready: Vec<LogLine> = self.waiting.extract_if(.., |line| all || is_due(line)).collect();
        self.since =
            if self.waiting.is_empty() { None } else { self.since.or(Some(Instant::now())) };
        ready
    }

    /// Some line has waited for long enough.
    fn has_waited(&self) -> bool {
        self.since.is_some_and(|since| since.elapsed() >= PATIENCE)
    }
}

/// Events in the order of the journal, or as they are shown to people: what a cluster says of a pod has the time
/// of the pod, and may be heard of behind what is told when it is seen.
pub(super) fn in_order(events: &[Event], is_shown: bool) -> Vec<&Event> {
    let is_sight = |event: &Event| {
        use EventKind::{Placed, PodChanged, Waiting};
        matches!(event.kind, Placed { .. } | PodChanged { .. } | Waiting { .. })
    };
    let mut shown: Vec<&Event> = Vec::with_capacity(events.len());
    for event in events {
        let is_later = |before: &&&Event| is_sight(before) && before.time > event.time;
        let later = shown.iter().rev().take_while(is_later).count();
        let moves = is_shown && is_sight(event);
        shown.insert(shown.len() - if moves { later } else { 0 }, event);
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gang::ExitStatus;
    use crate::store::fixture::exit;

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
    fn what_comes_together_is_shown_by_time() {
        let start: Timestamp = "2026-11-24T12:00:00Z".parse().unwrap();
        let at = |seconds: i64| start + jiff::SignedDuration::from_secs(seconds);
        let printed = |seconds, text| LogLine { time: Some(at(seconds)), ..line(1, text) };
        let event = |seconds, kind| Event::new(&"r-abc123".into(), at(seconds), kind);
        let mut order = Order::default();
        order.start(1);
        order.before(&event(2, EventKind::ReplicaRunning));
        let lines = vec![printed(1, "a"), printed(3, "b"), line(1, "no time"), printed(6, "c")];
        assert_eq!(shown(order.take(lines)), "a no time");
        let mut ends =
            event(5, EventKind::CommandExited { exit: exit(ExitStatus::Code(0), None, &[]) });
        ends.replica = Some("worker-1".parse().unwrap());
        order.before(&ends);
        assert_eq!(shown(order.take(Vec::new())), "b");
        // Its own last line stands before its end, whatever their clocks say.
        ends.replica = Some("worker-0".parse().unwrap());
        order.before(&ends);
        assert_eq!(shown(order.take(vec![printed(7, "d")])), "c d");
        order.before(&event(2, EventKind::Completed));
        assert_eq!(shown(order.take(vec![printed(8, "e")])), "");
        order.release();
        assert_eq!(shown(order.take(Vec::new())), "e");
    }

    #[test]
    fn a_pod_is_placed_before_it_waits_for_its_containers() {
        let start: Timestamp = "2026-11-24T12:00:00Z".parse().unwrap();
        let event = |seconds: i64, kind| {
            Event::new(&"r-abc123".into(), start + jiff::SignedDuration::from_secs(seconds), kind)
        };
        let labels = std::collections::BTreeMap::new();
        let placed =
            EventKind::Placed { node: "n".into(), pod: "p".into(), labels, image_id: None };
        let waiting =
            EventKind::Waiting { reason: "ContainerCreating".into(), message: String::new() };
        let submitted = EventKind::Submitted { runtime: "prod/ml".into() };
        let events = [
            event(9, submitted),
            event(5, waiting),
            event(2, placed),
            event(4, EventKind::Completed),
        ];
        let shown = [&events[0], &events[2], &events[1], &events[3]];
        assert_eq!(in_order(&events, true), shown);
        assert_eq!(in_order(&events, false), events.iter().collect::<Vec<_>>());
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

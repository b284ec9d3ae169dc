//! When the metrics of a command become events: one for each point of a curve, and where it is drawn faster
//! than anybody looks at it, one for all points of a while.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use indexmap::IndexMap;

use super::stream::Metrics;
use crate::event::{EventKind, Point};

/// What was reported last becomes an event within this time.
const REPORT_PACE: Duration = Duration::from_secs(1);
/// So many points may have events of their own at once, and so many more each second. What comes faster
/// waits for one event that has all of it.
const POINTS_AT_ONCE: f64 = 200.0;
const POINTS_PER_SECOND: f64 = 5.0;
/// The points of one event have at most so many bytes as JSON, about: half of what an event may have, which
/// leaves room for the last of them.
const ROOM: usize = super::stream::OWN_LINE_LIMIT / 2;
/// How often all metrics are repeated, since kubelets drop old parts of logs.
const REPEAT_PACE: Duration = Duration::from_mins(1);

/// The metrics that one command has reported so far.
pub(super) struct Reported {
    /// Each report is a point, also one without a step: a study counts them.
    is_each: bool,
    /// The last step that the command reported.
    step: Option<u64>,
    /// The point that metrics are still coming for; NaN where they are no finite numbers.
    fresh: IndexMap<String, f64>,
    /// The points before that one that wait for an event, and about how many bytes they have.
    waiting: (Vec<Point>, usize),
    /// The last value of each metric, with its step.
    all: IndexMap<String, (Option<u64>, f64)>,
    /// When the last event with metrics was written.
    written: Instant,
    /// When all metrics were repeated last.
    repeated: Instant,
    /// How many points may have an event of their own now, and since when.
    allowance: (f64, Instant),
}

impl Reported {
    pub(super) fn new() -> Self {
        let now = Instant::now();
        Self {
            is_each: false,
            step: None,
            fresh: IndexMap::new(),
            waiting: (Vec::new(), 0),
            all: IndexMap::new(),
            written: now.checked_sub(REPORT_PACE).unwrap_or(now),
            repeated: now,
            allowance: (POINTS_AT_ONCE, now),
        }
    }

    /// Forgets the metrics of the command before.
    pub(super) fn begin(&mut self, is_each: bool) {
        self.is_each = is_each;
        self.fresh.clear();
        self.waiting = (Vec::new(), 0);
        self.all.clear();
        self.step = None;
    }

    /// Takes in a report. Gives what is to be written first: the point before it if there may be an event more,
    /// or all that wait once one event has no room for others. Another step is another point, and so is another value of a metric without a step.
    pub(super) fn note(&mut self, metrics: Metrics) -> Vec<EventKind> {
        let Metrics { step, mut values, diverged } = metrics;
        if self.is_each {
            values.extend(diverged.into_iter().map(|name| (name, f64::NAN)));
        }
        if values.is_empty() {
            return Vec::new();
        }
        let is_again = || values.keys().any(|name| self.fresh.contains_key(name));
        let is_next = self.is_each || if step.is_some() { step != self.step } else { is_again() };
        let mut first = Vec::new();
        if is_next && !self.fresh.is_empty() {
            let (left, since) = self.allowance;
            let left = left + since.elapsed().as_secs_f64() * POINTS_PER_SECOND;
            self.allowance = (left.min(POINTS_AT_ONCE), Instant::now());
            if self.allowance.0 >= 1.0 {
                self.allowance.0 -= 1.0;
                first = self.take();
            } else if self.waiting.1 + size(&self.fresh) > ROOM {
                first = self.take();
            } else {
                self.close();
            }
        }
        self.step = step.or(self.step);
        self.fresh.extend(values);
        first
    }

    /// No more metrics come for the point that was begun: it waits for an event.
    fn close(&mut self) {
        let values = std::mem::take(&mut self.fresh);
        self.all.extend(values.iter().map(|(name, value)| (name.clone(), (self.step, *value))));
        self.waiting.1 += size(&values);
        self.waiting.0.push(point(self.step, values));
    }

    /// What waits, when it has waited long enough.
    pub(super) fn due(&mut self) -> Vec<EventKind> {
        if self.written.elapsed() >= REPORT_PACE { self.take() } else { Vec::new() }
    }

    /// What waits and, now and then, all metrics again.
    pub(super) fn tick(&mut self) -> Vec<EventKind> {
        if self.repeated.elapsed() >= REPEAT_PACE {
            self.repeated = Instant::now();
            if self.is_each {
                let mut all = self.take();
                all.extend(self.points());
                return all;
            }
            for (name, (_, value)) in &self.all {
                self.fresh.entry(name.clone()).or_insert(*value);
            }
        }
        self.due()
    }

    /// What waits, because the command has ended.
    pub(super) fn take(&mut self) -> Vec<EventKind> {
        if !self.fresh.is_empty() {
            self.close();
        }
        let (mut earlier, _) = std::mem::take(&mut self.waiting);
        let Some(last) = earlier.pop() else { return Vec::new() };
        self.written = Instant::now();
        events(last, earlier)
    }

    /// The last points that have a step, each at its own: whoever counts points sees that they are the
    /// same. Of those without one nobody could tell.
    fn points(&self) -> Vec<EventKind> {
        let mut points: BTreeMap<u64, IndexMap<String, f64>> = BTreeMap::new();
        for (name, (step, value)) in &self.all {
            if let Some(step) = step {
                points.entry(*step).or_default().insert(name.clone(), *value);
            }
        }
        points
            .into_iter()
            .flat_map(|(step, values)| events(point(Some(step), values), Vec::new()))
            .collect()
    }
}

/// A point: its numbers, and which of its metrics have none.
fn point(step: Option<u64>, values: IndexMap<String, f64>) -> Point {
    let (values, none): (IndexMap<_, _>, IndexMap<_, _>) =
        values.into_iter().partition(|(_, value)| value.is_finite());
    Point { step, values, diverged: none.into_keys().collect() }
}

/// About how many bytes a point has as JSON: a number has up to 24, and a step 20.
fn size(values: &IndexMap<String, f64>) -> usize {
    values.keys().map(|name| name.len() + 28).sum::<usize>() + 40
}

/// The events of a point and of those before it.
fn events(last: Point, earlier: Vec<Point>) -> Vec<EventKind> {
    let Point { step, values, diverged } = last;
    let has_numbers = !values.is_empty() || !earlier.is_empty();
    let told = has_numbers.then_some(EventKind::Metrics { step, values, earlier });
    let none = (!diverged.is_empty()).then_some(EventKind::Diverged { step, metrics: diverged });
    told.into_iter().chain(none).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(step: Option<u64>, name: &str, value: f64) -> Metrics {
        let values = [(name.to_owned(), value)].into_iter().collect();
        Metrics { step, values, diverged: Vec::new() }
    }

    /// All points that events have, in their order.
    fn points(events: impl IntoIterator<Item = EventKind>) -> Vec<Point> {
        let of = |event| match event {
            EventKind::Metrics { step, values, earlier } => {
                let last = Point { step, values, diverged: Vec::new() };
                earlier.into_iter().chain([last]).collect()
            }
            EventKind::Diverged { step, metrics } => {
                vec![Point { step, diverged: metrics, ..Point::default() }]
            }
            other => panic!("{other:?}"),
        };
        events.into_iter().flat_map(of).collect()
    }

    fn shown(events: impl IntoIterator<Item = EventKind>) -> String {
        let one = |Point { step, values, diverged }: Point| {
            let step = step.map(|step| format!("{step}:")).unwrap_or_default();
            let values: Vec<_> =
                values.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
            let numbers = (!values.is_empty()).then(|| format!("{step}{values:?}"));
            let none = (!diverged.is_empty()).then(|| format!("{step}!{diverged:?}"));
            numbers.into_iter().chain(none).collect::<Vec<_>>().join(" ")
        };
        let all = points(events).into_iter().map(one).filter(|point| !point.is_empty());
        all.collect::<Vec<_>>().join(" ").replace('"', "")
    }

    #[test]
    fn a_curve_has_all_of_its_points() {
        let reports = || {
            let more = [report(None, "a", 1.0), report(None, "b", 5.0), report(None, "a", 2.0)];
            more.into_iter().chain([report(Some(1), "b", 3.0), report(Some(1), "a", 4.0)])
        };
        let told = |is_each| {
            let mut reported = Reported::new();
            reported.begin(is_each);
            let mut events: Vec<_> = reports().flat_map(|one| reported.note(one)).collect();
            assert!(!events.is_empty(), "there may be events for all");
            events.extend(reported.take());
            assert_eq!(reported.take(), []);
            shown(events)
        };
        // Of a study each report is a point; other commands may print the metrics of one point apart.
        assert_eq!(told(false), "[a=1, b=5] [a=2] 1:[b=3, a=4]");
        assert_eq!(told(true), "[a=1] [b=5] [a=2] 1:[b=3] 1:[a=4]");
    }

    #[test]
    fn points_that_come_fast_have_few_events_that_fit_into_a_line() {
        for is_each in [false, true] {
            let mut reported = Reported::new();
            reported.begin(is_each);
            let mut events = reported.note(report(None, "rare", 7.0));
            for n in 0..10_000 {
                events.extend(reported.note(report(Some(n), "validation_loss", 0.1 + n as f64)));
            }
            events.extend(reported.take());
            assert!((300..1000).contains(&events.len()), "{}", events.len());
            for event in &events {
                let bytes = serde_json::to_vec(event).unwrap().len();
                assert!(bytes < super::super::stream::OWN_LINE_LIMIT * 3 / 4, "{bytes}");
            }
            let points = points(events);
            let steps: Vec<u64> = points.iter().filter_map(|point| point.step).collect();
            assert_eq!(steps, (0..10_000).collect::<Vec<_>>());
        }
    }

    #[test]
    fn points_are_repeated_at_their_own_steps() {
        let Some(long_ago) = Instant::now().checked_sub(REPEAT_PACE) else { return };
        // What is told again gives way to what is new.
        for (is_each, wanted) in [(true, "5:[a=9, c=4] 5:[a=9, c=4]"), (false, "5:[a=9, c=4, b=2]")]
        {
            let mut reported = Reported::new();
            reported.begin(is_each);
            let _ = reported.note(report(None, "b", 2.0));
            let _ = reported.note(report(Some(3), "a", 1.0));
            let _ = reported.take();
            let mut both = report(Some(5), "a", 9.0);
            both.values.insert("c".into(), 4.0);
            let _ = reported.note(both);
            reported.repeated = long_ago;
            reported.written = long_ago;
            assert_eq!(shown(reported.tick()), wanted);
            assert!(reported.tick().is_empty());
        }
    }

    fn none(step: u64, name: &str) -> Metrics {
        Metrics { step: Some(step), diverged: vec![name.into()], ..Metrics::default() }
    }

    #[test]
    fn what_is_no_number_is_a_value_as_good_as_any() {
        let Some(long_ago) = Instant::now().checked_sub(REPEAT_PACE) else { return };
        let mut planned = Reported::new();
        planned.begin(true);
        let mut both = report(Some(1), "a", 1.0);
        both.diverged.push("b".into());
        let mut events = planned.note(both);
        events.extend(planned.note(none(2, "a")));
        events.extend(planned.take());
        assert_eq!(shown(events), "1:[a=1] 1:![b] 2:![a]");
        assert_eq!(planned.take(), []);
        // What was before it is not told again, as if it were the last.
        planned.repeated = long_ago;
        assert_eq!(shown(planned.tick()), "1:![b] 2:![a]");
        // It has no more events than numbers have.
        let mut many = Vec::new();
        for step in 0..10_000 {
            many.extend(planned.note(none(2 * step, "a")));
            many.extend(planned.note(report(Some(2 * step + 1), "a", 1.0)));
        }
        many.extend(planned.note(none(20_000, "a")));
        many.extend(planned.take());
        assert!(many.len() < 2500, "{}", many.len());
        assert_eq!(shown(many.pop()), "20000:![a]");
        // Runs of no study have no use for it.
        let mut usual = Reported::new();
        assert_eq!(usual.note(none(1, "a")), []);
        assert_eq!(usual.take(), []);
    }
}

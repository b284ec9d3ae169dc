//! When the metrics of a command become events: one for each point of a curve, unless it is drawn
//! faster than anybody looks at it.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use indexmap::IndexMap;

use super::stream::Metrics;
use crate::event::EventKind;

/// The least time between two events with metrics of the same step.
const REPORT_PACE: Duration = Duration::from_secs(1);
/// So many steps may have events of their own at once, and so many more each second: a curve has all of
/// its points unless it is drawn faster. What comes faster is reported as the last of its second.
const STEPS_AT_ONCE: f64 = 200.0;
const STEPS_PER_SECOND: f64 = 5.0;
/// How often all metrics are repeated, since kubelets drop old parts of logs.
const REPEAT_PACE: Duration = Duration::from_mins(1);

/// The metrics that one command has reported so far.
pub(super) struct Reported {
    /// Each report is a point, also one without a step: a study counts them.
    is_each: bool,
    /// The last step that the command reported.
    step: Option<u64>,
    /// Metrics that have come since the last event with metrics; NaN where they are no finite numbers.
    fresh: IndexMap<String, f64>,
    /// The last value of each metric, with its step.
    all: IndexMap<String, (Option<u64>, f64)>,
    /// When the last event with metrics was written.
    written: Instant,
    /// When all metrics were repeated last.
    repeated: Instant,
    /// How many steps may have an event of their own now, and since when.
    allowance: (f64, Instant),
}

impl Reported {
    pub(super) fn new() -> Self {
        let now = Instant::now();
        Self {
            is_each: false,
            step: None,
            fresh: IndexMap::new(),
            all: IndexMap::new(),
            written: now.checked_sub(REPORT_PACE).unwrap_or(now),
            repeated: now,
            allowance: (STEPS_AT_ONCE, now),
        }
    }

    /// Forgets the metrics of the command before.
    pub(super) fn begin(&mut self, is_each: bool) {
        self.is_each = is_each;
        self.fresh.clear();
        self.all.clear();
        self.step = None;
    }

    /// Takes in a report. Gives what is to be written first: what waited, if this is another point and
    /// there may be an event more.
    pub(super) fn note(&mut self, metrics: Metrics) -> Vec<EventKind> {
        let Metrics { step, mut values, diverged } = metrics;
        if self.is_each {
            values.extend(diverged.into_iter().map(|name| (name, f64::NAN)));
        }
        if values.is_empty() {
            return Vec::new();
        }
        let is_next = self.is_each || (step.is_some() && step != self.step);
        let mut first = Vec::new();
        if is_next && !self.fresh.is_empty() {
            let (left, since) = self.allowance;
            let left = left + since.elapsed().as_secs_f64() * STEPS_PER_SECOND;
            let left = left.min(STEPS_AT_ONCE);
            self.allowance = (left, Instant::now());
            if left >= 1.0 {
                self.allowance.0 -= 1.0;
                first = self.take();
            }
        }
        self.step = step.or(self.step);
        self.fresh.extend(values);
        first
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
        if self.fresh.is_empty() {
            return Vec::new();
        }
        let values = std::mem::take(&mut self.fresh);
        self.all.extend(values.iter().map(|(name, value)| (name.clone(), (self.step, *value))));
        self.written = Instant::now();
        events(self.step, values)
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
        points.into_iter().flat_map(|(step, values)| events(Some(step), values)).collect()
    }
}

/// The events of a point: its numbers, and which of its metrics have none.
fn events(step: Option<u64>, values: IndexMap<String, f64>) -> Vec<EventKind> {
    let (values, none): (IndexMap<_, _>, IndexMap<_, _>) =
        values.into_iter().partition(|(_, value)| value.is_finite());
    let diverged: Vec<String> = none.into_keys().collect();
    let told = (!values.is_empty()).then_some(EventKind::Metrics { step, values });
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

    fn shown(events: impl IntoIterator<Item = EventKind>) -> String {
        let one = |event| match event {
            EventKind::Metrics { step, values } => format!(
                "{}{:?}",
                step.map(|step| format!("{step}:")).unwrap_or_default(),
                values
                    .into_iter()
                    .map(|(name, value)| format!("{name}={value}"))
                    .collect::<Vec<_>>()
            ),
            EventKind::Diverged { step, metrics } => {
                format!("{}!{metrics:?}", step.map(|step| format!("{step}:")).unwrap_or_default())
            }
            other => format!("{other:?}"),
        };
        events.into_iter().map(one).collect::<Vec<_>>().join(" ").replace('"', "")
    }

    #[test]
    fn points_of_a_plan_are_events_of_their_own() {
        let reports =
            || [report(None, "a", 1.0), report(None, "a", 2.0), report(Some(1), "b", 3.0)];
        let mut usual = Reported::new();
        let mut events: Vec<_> = reports().into_iter().flat_map(|one| usual.note(one)).collect();
        events.extend(usual.take());
        assert_eq!(shown(events), "[a=2] 1:[b=3]");
        let mut planned = Reported::new();
        planned.begin(true);
        let mut events: Vec<_> = reports().into_iter().flat_map(|one| planned.note(one)).collect();
        events.extend(planned.take());
        assert_eq!(shown(events), "[a=1] [a=2] 1:[b=3]");
        assert_eq!(planned.take(), []);
    }

    #[test]
    fn no_last_value_is_lost_where_points_come_too_fast() {
        let mut planned = Reported::new();
        planned.begin(true);
        let mut events = planned.note(report(None, "rare", 7.0));
        for n in 0..10_000 {
            events.extend(planned.note(report(None, "a", f64::from(n))));
        }
        assert!((200..300).contains(&events.len()), "{}", events.len());
        events.extend(planned.note(report(None, "b", 8.0)));
        events.extend(planned.take());
        let all = shown(events);
        assert!(all.starts_with("[rare=7] [a=0] [a=1]"));
        assert!(all.contains("a=9999") && all.contains("b=8"));
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
        assert!(many.len() < 300, "{}", many.len());
        assert_eq!(shown(many.pop()), "20000:![a]");
        // Runs of no study have no use for it.
        let mut usual = Reported::new();
        assert_eq!(usual.note(none(1, "a")), []);
        assert_eq!(usual.take(), []);
    }
}

//! What a trial has reported so far, out of the events of its run.

use std::collections::BTreeSet;

use indexmap::IndexMap;
use jiff::Timestamp;

use super::trial::Point;
use crate::event::{Event, EventKind};
use crate::gang::ReplicaId;
use crate::spec::{Goal, Measurement, Metric};

/// So many points of a trial are written down; of a longer curve every second one goes, again and again,
/// and the last one stays.
const KEPT: usize = 500;

/// The values that a trial has reported, in the order in which they came.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reported {
    /// The points.
    pub points: Vec<Point>,
    /// Metrics whose last value is no finite number.
    pub diverged: BTreeSet<String>,
    started: Option<Timestamp>,
}

impl Reported {
    /// Takes an event of the trial's run in. The primary's reports count; `names` are those of the
    /// study's metrics and of what is recorded beside them.
    pub fn fold(&mut self, event: &Event, primary: &ReplicaId, names: &[String]) {
        match &event.kind {
            EventKind::AttemptStarted => {
                self.started.get_or_insert(event.time);
            }
            EventKind::Diverged { metrics, .. } if event.replica.as_ref() == Some(primary) => {
                self.diverge(metrics, names);
            }
            EventKind::Metrics { step, values, earlier }
                if event.replica.as_ref() == Some(primary) =>
            {
                for point in earlier {
                    self.note(point.step, &point.values, event.time, names);
                    self.diverge(&point.diverged, names);
                }
                self.note(*step, values, event.time, names);
            }
            _ => {}
        }
    }

    /// Takes in metrics that were no finite numbers.
    fn diverge(&mut self, metrics: &[String], names: &[String]) {
        self.diverged.extend(metrics.iter().filter(|name| names.contains(name)).cloned());
    }

    /// Takes in a point that was told of at this time.
    fn note(
        &mut self,
        step: Option<u64>,
        values: &IndexMap<String, f64>,
        time: Timestamp,
        names: &[String],
    ) {
        let values: IndexMap<String, f64> = values
            .iter()
            .filter(|(name, value)| names.contains(name) && value.is_finite())
            .map(|(name, value)| (name.clone(), *value))
            .collect();
        if values.is_empty() {
            return;
        }
        self.diverged.retain(|name| !values.contains_key(name));
        let from = self.started.unwrap_or(time);
        let seconds = time.duration_since(from).as_millis().max(0) as f64 / 1000.0;
        // Agents repeat the last points now and then, and report metrics of one step apart.
        if step.is_none() && values.iter().all(|(name, value)| self.last(name) == Some(*value)) {
            return;
        }
        let known = |point: &&mut Point| step.is_some() && point.step == step;
        match self.points.iter_mut().rev().find(known) {
            Some(point) => point.values.extend(values),
            None => self.points.push(Point { step, seconds, values }),
        }
    }

    /// The last value of a metric.
    pub fn last(&self, name: &str) -> Option<f64> {
        self.points.iter().rev().find_map(|point| point.values.get(name).copied())
    }

    /// The values that count, and the step of the first metric's.
    pub fn measured(
        &self,
        metrics: &[Metric],
        also: &[String],
        rule: Measurement,
    ) -> (IndexMap<String, f64>, Option<u64>) {
        let has =
            |point: &&Point| metrics.first().is_none_or(|m| point.values.contains_key(&m.name));
        let best = match (rule, metrics.first()) {
            (Measurement::Best, Some(first)) => {
                let value = |point: &Point| point.values[&first.name];
                let points = self.points.iter().enumerate().filter(|(_, point)| has(point));
                match first.goal {
                    Goal::Maximize => points.max_by(|a, b| value(a.1).total_cmp(&value(b.1))),
                    // Of equal ones the last, as for a maximum.
                    Goal::Minimize => points.rev().min_by(|a, b| value(a.1).total_cmp(&value(b.1))),
                }
                .map(|(at, _)| at)
            }
            _ => None,
        };
        let upto = best.map_or(self.points.len(), |best| best + 1);
        let at = best.or_else(|| self.points.iter().rposition(|point| has(&point)));
        let mut values = IndexMap::new();
        for name in metrics.iter().map(|metric| &metric.name).chain(also) {
            // Metrics may be reported one after the other: each one's last value up to the best point,
            // or else its first one after it.
            let value = |point: &Point| point.values.get(name).copied();
            let before = self.points[..upto].iter().rev().find_map(value);
            // A metric that has come to be no number any more was not better before.
            let is_diverged = rule == Measurement::Last && self.diverged.contains(name);
            let value = before.or_else(|| self.points[upto..].iter().find_map(value));
            if let Some(value) = value.filter(|_| !is_diverged) {
                values.insert(name.clone(), value);
            }
        }
        (values, at.and_then(|at| self.points[at].step))
    }

    /// The points as they are written down.
    pub fn kept(&self) -> Vec<Point> {
        let mut stride = 1;
        while self.points.len().div_ceil(stride) > KEPT {
            stride *= 2;
        }
        let last = self.points.len().saturating_sub(1);
        let kept = self.points.iter().enumerate().filter(|(at, _)| at % stride == 0 || *at == last);
        kept.map(|(_, point)| point.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reported(points: &[(Option<u64>, &str, f64)]) -> Reported {
        let run = "a-1".parse().unwrap();
        let primary: ReplicaId = "worker-0".parse().unwrap();
        let mut reported = Reported::default();
        for (at, (step, name, value)) in points.iter().enumerate() {
            let time = Timestamp::from_second(i64::try_from(at).unwrap()).unwrap();
            let values = [((*name).to_owned(), *value)].into();
            let mut event = Event::new(
                &run,
                time,
                EventKind::Metrics { step: *step, values, earlier: Vec::new() },
            );
            event.replica = Some(primary.clone());
            reported.fold(&event, &primary, &["a".into(), "b".into()]);
        }
        reported
    }

    fn metrics(goal: Goal) -> Vec<Metric> {
        ["a", "b"].map(|name| Metric { name: name.into(), goal }).into()
    }

    #[test]
    fn the_last_or_the_best_value_counts() {
        let steps = [
            (Some(1), "a", 0.5),
            (Some(1), "b", 1.0),
            (Some(2), "a", 0.9),
            (Some(2), "b", 2.0),
            (Some(3), "a", 0.7),
            (Some(3), "c", 9.0),
        ];
        let reported = reported(&steps);
        assert_eq!(reported.points.len(), 3);
        let measured = |goal, rule| {
            let (values, step) = reported.measured(&metrics(goal), &[], rule);
            (values.values().copied().collect::<Vec<_>>(), step)
        };
        assert_eq!(measured(Goal::Maximize, Measurement::Last), (vec![0.7, 2.0], Some(3)));
        assert_eq!(measured(Goal::Maximize, Measurement::Best), (vec![0.9, 2.0], Some(2)));
        assert_eq!(measured(Goal::Minimize, Measurement::Best), (vec![0.5, 1.0], Some(1)));
    }

    #[test]
    fn without_steps_each_value_is_a_point_and_repetitions_are_none() {
        let reported = reported(&[(None, "a", 1.0), (None, "a", 1.0), (None, "a", 2.0)]);
        assert_eq!(reported.points.len(), 2);
        let (values, step) =
            reported.measured(&metrics(Goal::Maximize)[..1], &[], Measurement::Last);
        assert_eq!((values["a"], step), (2.0, None));
    }

    #[test]
    fn long_curves_are_thinned_and_keep_their_end() {
        let points: Vec<_> = (0..1777).map(|at| (Some(at), "a", at as f64)).collect();
        let kept = reported(&points).kept();
        assert!(kept.len() <= KEPT + 1, "{}", kept.len());
        assert_eq!(kept.last().unwrap().step, Some(1776));
    }
}

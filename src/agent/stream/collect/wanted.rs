//! Which metrics a study wants, and reports that hold no others.

use indexmap::{IndexMap, IndexSet};

use crate::agent::stream::Metrics;
use crate::plan::MetricsPlan;

/// What takes reports one by one, in order.
pub(super) type Sink<'a> = dyn FnMut(Metrics) + 'a;

/// The names of the metrics that a study wants, those that it optimises first.
#[derive(Clone, Debug)]
pub(super) struct Wanted(IndexSet<String>);

impl Wanted {
    pub(super) fn of(plan: &MetricsPlan) -> Self {
        Self(plan.names.iter().chain(&plan.collect.also).cloned().collect())
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// The metric that a value without a name is of.
    pub(super) fn first(&self) -> Option<&str> {
        self.names().next()
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.0.contains(name)
    }

    /// The name that this text ends in, where no longer name does: `loss` is none in `val_loss`.
    pub(super) fn at_end_of<'a>(&'a self, text: &str) -> Option<&'a str> {
        let ends = |name: &&str| {
            let before = text.strip_suffix(*name);
            before.is_some_and(|before| !before.ends_with(is_of_name))
        };
        self.names().filter(ends).max_by_key(|name| name.len())
    }

    /// Takes everything else out of a report; one in which nothing is left is none.
    pub(super) fn select(&self, mut metrics: Metrics) -> Option<Metrics> {
        metrics.values.retain(|name, _| self.has(name));
        metrics.diverged.retain(|name| self.has(name));
        (!metrics.values.is_empty() || !metrics.diverged.is_empty()).then_some(metrics)
    }
}

/// What names of metrics usually consist of.
pub(super) fn is_of_name(c: char) -> bool {
    c.is_alphanumeric() || "_-/.@".contains(c)
}

/// Values that come one after the other, as reports: those of a step are one, unless a metric comes
/// again.
#[derive(Debug, Default)]
pub(super) struct Gathered(Metrics);

impl Gathered {
    /// Takes a value in. One that is not finite is told as such.
    pub(super) fn add(&mut self, step: Option<u64>, name: &str, value: f64, sink: &mut Sink<'_>) {
        let is_there = |metrics: &Metrics| {
            metrics.values.contains_key(name) || metrics.diverged.iter().any(|other| other == name)
        };
        if step != self.0.step || is_there(&self.0) {
            self.end(sink);
        }
        self.0.step = step;
        if value.is_finite() {
            self.0.values.insert(name.to_owned(), value);
        } else {
            self.0.diverged.push(name.to_owned());
        }
    }

    /// Gives the report that is still open.
    pub(super) fn end(&mut self, sink: &mut Sink<'_>) {
        let values: IndexMap<String, f64> = std::mem::take(&mut self.0.values);
        let diverged = std::mem::take(&mut self.0.diverged);
        if !values.is_empty() || !diverged.is_empty() {
            sink(Metrics { step: self.0.step, values, diverged });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::CollectWith;

    fn wanted(names: &[&str]) -> Wanted {
        let names = names.iter().map(|name| (*name).to_owned()).collect();
        let collect = CollectWith { also: vec!["also".into()], ..CollectWith::default() };
        Wanted::of(&MetricsPlan { names, collect })
    }

    #[test]
    fn a_name_is_found_whole_and_as_it_is_written() {
        let wanted = wanted(&["loss", "val loss", "Top-1", "test/acc", "f1.macro", "%cpu"]);
        assert_eq!(wanted.first(), Some("loss"));
        for (text, name) in [
            ("x loss", Some("loss")),
            ("(loss", Some("loss")),
            ("Loss", None),
            ("val_loss", None),
            ("train/loss", None),
            ("a val loss", Some("val loss")),
            ("Top-1", Some("Top-1")),
            ("test/acc", Some("test/acc")),
            ("f1.macro", Some("f1.macro")),
            ("é also", Some("also")),
            ("éalso", None),
            ("at 5 %cpu", Some("%cpu")),
            ("", None),
        ] {
            assert_eq!(wanted.at_end_of(text), name, "{text}");
        }
    }

    #[test]
    fn values_of_a_step_are_one_report() {
        let mut gathered = Gathered::default();
        let mut found = Vec::new();
        let values = [
            (Some(1), "a", 1.0),
            (Some(1), "b", 2.0),
            (Some(1), "b", 3.0),
            (Some(2), "a", f64::NAN),
            (Some(2), "b", 4.0),
            (None, "a", 5.0),
        ];
        for (step, name, value) in values {
            gathered.add(step, name, value, &mut |metrics| found.push(metrics));
        }
        gathered.end(&mut |metrics| found.push(metrics));
        gathered.end(&mut |metrics| found.push(metrics));
        let shown: Vec<(Option<u64>, usize)> =
            found.iter().map(|metrics| (metrics.step, metrics.values.len())).collect();
        assert_eq!(shown, [(Some(1), 2), (Some(1), 1), (Some(2), 1), (None, 1)]);
        assert_eq!(found[2].diverged, ["a"]);
    }
}

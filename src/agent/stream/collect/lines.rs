//! Metrics in lines: `name=value`, JSON objects, and expressions of a spec.

use std::collections::HashSet;

use regex::{Regex, RegexBuilder};
use serde_json::{Map, Value as Json};

use super::number::{leading, of_json, step, whole};
use super::wanted::{Gathered, Sink, Wanted, is_of_name};
use crate::spec::{CollectWith, LineFormat};

/// The most memory that one expression may take: as much as the linter lets it.
const REGEX_LIMIT: usize = 1 << 20;

/// Under what names a line says how far training is, in any case of letters. The first of those that
/// are there counts: a line with an epoch and a step is about the step.
const STEPS: [&str; 5] = ["step", "global_step", "iteration", "iter", "epoch"];

/// Reads lines as a plan says.
#[derive(Debug)]
pub(super) struct LineReader {
    format: LineFormat,
    expressions: Vec<Expression>,
}

/// What is found in a line before it is a report: values by name, and the step with its rank.
#[derive(Default)]
struct Found<'a> {
    values: Vec<(&'a str, f64)>,
    step: Option<(usize, u64)>,
}

impl Found<'_> {
    fn note_step(&mut self, name: &str, value: f64) {
        let rank = STEPS.iter().position(|known| known.eq_ignore_ascii_case(name));
        if let (Some(rank), Some(step)) = (rank, step(value))
            && self.step.is_none_or(|(before, _)| rank <= before)
        {
            self.step = Some((rank, step));
        }
    }
}

impl LineReader {
    pub(super) fn of(collect: &CollectWith) -> Self {
        let expressions = collect.regex.iter().filter_map(|text| Expression::new(text)).collect();
        Self { format: collect.format, expressions }
    }

    /// Gives the wanted metrics of a line: one report, or several where a name comes again.
    pub(super) fn read(&self, line: &str, wanted: &Wanted, sink: &mut Sink<'_>) {
        let line = line.trim();
        if !self.expressions.is_empty() {
            return self.matches(line, wanted, sink);
        }
        // What a progress bar that was not ended, or a logger, puts before an object is passed over.
        let object = line.find('{').filter(|_| line.ends_with('}'));
        let object = object.and_then(|at| json(&line[at..], wanted));
        let found = match (object, self.format) {
            (Some(found), _) => found,
            (None, LineFormat::Text) => text(line, wanted),
            // Python writes NaN into JSON, which makes it none; the numbers beside it count.
            (None, LineFormat::Json) if line.starts_with('{') && line.ends_with('}') => {
                text(line, wanted)
            }
            (None, LineFormat::Json) => return,
        };
        let mut gathered = Gathered::default();
        for (name, value) in found.values {
            gathered.add(found.step.map(|(_, step)| step), name, value, sink);
        }
        gathered.end(sink);
    }

    fn matches(&self, line: &str, wanted: &Wanted, sink: &mut Sink<'_>) {
        let mut gathered = Gathered::default();
        // What two expressions find at one place counts once.
        let mut places = HashSet::new();
        let mut of_line = None;
        for expression in &self.expressions {
            for groups in expression.regex.captures_iter(line) {
                let group = |at: Option<usize>| at.and_then(|at| groups.get(at));
                let name = match expression.name {
                    Some(_) => group(expression.name).map(|name| name.as_str().trim()),
                    None => wanted.first(),
                };
                let Some(name) = name.filter(|name| wanted.has(name)) else { continue };
                let Some(place) = group(expression.value) else { continue };
                let Some(value) = whole(place.as_str()) else { continue };
                if !places.insert((name, place.start())) {
                    continue;
                }
                let own = group(expression.step).and_then(|text| whole(text.as_str()));
                let at = own.and_then(step).or_else(|| {
                    *of_line.get_or_insert_with(|| text(line, wanted).step.map(|(_, step)| step))
                });
                gathered.add(at, name, value, sink);
            }
        }
        gathered.end(sink);
    }
}

/// `name=value` and `name: value`, with or without blanks around the sign, as Katib's collector and
/// Keras's progress line have them; a name may be in quotes, as a dictionary of Python has it.
fn text<'a>(line: &str, wanted: &'a Wanted) -> Found<'a> {
    let mut found = Found::default();
    for (at, _) in line.match_indices(['=', ':']) {
        let before = line[..at].trim_end();
        let before = before.strip_suffix(['"', '\'']).unwrap_or(before);
        let Some((value, rest)) = leading(line[at + 1..].trim_start()) else { continue };
        let last = before.rfind(|c| !is_of_name(c)).map_or(before, |end| {
            let width = before[end..].chars().next().map_or(0, char::len_utf8);
            &before[end + width..]
        });
        found.note_step(last, value);
        // `3/10` is a step of so many, and no value of a metric.
        if let Some(name) = wanted.at_end_of(before).filter(|_| !rest.starts_with('/')) {
            found.values.push((name, value));
        }
    }
    found
}

/// The numbers of a JSON object, and texts that hold numbers.
fn json<'a>(line: &str, wanted: &'a Wanted) -> Option<Found<'a>> {
    let object: Map<String, Json> = serde_json::from_str(line).ok()?;
    let mut found = Found::default();
    for (name, value) in object.iter().filter_map(|(name, json)| Some((name, of_json(json)?))) {
        found.note_step(name, value);
        found.values.extend(wanted.names().find(|known| known == name).map(|name| (name, value)));
    }
    Some(found)
}

/// An expression, and which of its groups are what.
#[derive(Debug)]
struct Expression {
    regex: Regex,
    /// `None`: it finds values of the first metric.
    name: Option<usize>,
    value: Option<usize>,
    step: Option<usize>,
}

impl Expression {
    /// `None` for what doesn't compile, which the linter lets no spec have.
    fn new(text: &str) -> Option<Self> {
        let regex = RegexBuilder::new(text).size_limit(REGEX_LIMIT).build().ok()?;
        let called = |name: &str| regex.capture_names().position(|group| group == Some(name));
        let (mut name, mut value, step) = (called("name"), called("value"), called("step"));
        if value.is_none() {
            let taken = [name, step];
            let mut free = (1..regex.captures_len()).filter(|at| !taken.contains(&Some(*at)));
            let (first, second) = (free.next(), free.next());
            if name.is_none() && second.is_some() {
                (name, value) = (first, second);
            } else {
                value = first;
            }
        }
        Some(Self { regex, name, value, step })
    }
}

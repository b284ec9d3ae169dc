//! Bills of many runs, summed up by run, name, label, user or day.

use std::str::FromStr;

use indexmap::IndexMap;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde::Serialize;

use super::bill::Bill;
use super::hours::{Stretches, Window};
use super::prices::Prices;
use crate::gang::RunId;
use crate::plan::Plan;

/// What bills are summed up by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum By {
    /// Each run by itself.
    #[default]
    Run,
    /// The `name` that the spec gives.
    Name,
    /// The value of a label.
    Label(String),
    /// The user who submitted the run.
    User,
    /// The day, in UTC, on which the hours were held.
    Day,
}

/// One run to be summed up.
#[derive(Clone, Debug)]
pub struct Charged {
    /// Id of the run.
    pub run: RunId,
    /// The `name` that its spec gives.
    pub name: String,
    /// Name of the user who submitted it.
    pub user: String,
    /// The labels that its spec gives.
    pub labels: IndexMap<String, String>,
    /// The run's plan, which says what each replica requests.
    pub plan: Plan,
    /// When its replicas held machines, from its events.
    pub stretches: Stretches,
    /// Prices of where it ran.
    pub prices: Prices,
}

/// The sum of one group.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Sum {
    /// The run, name, label's value, user or day; empty for runs without the label.
    pub key: String,
    /// How many runs are in the group.
    pub runs: usize,
    /// The sum of the bills of these runs.
    #[serde(flatten)]
    pub bill: Bill,
}

impl FromStr for By {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once('=') {
            None if text == "run" => Ok(Self::Run),
            None if text == "name" => Ok(Self::Name),
            None if text == "user" => Ok(Self::User),
            None if text == "day" => Ok(Self::Day),
            Some(("label", key)) if !key.is_empty() => Ok(Self::Label(key.to_owned())),
            _ => Err("write run, name, label=KEY, user or day".to_owned()),
        }
    }
}

/// Sums of the hours in a window, in the order in which their keys come up; days in their order.
/// Runs that held nothing in the window are not in it.
pub fn sums(runs: &[Charged], by: &By, window: Window) -> Vec<Sum> {
    let mut groups: IndexMap<String, Sum> = IndexMap::new();
    for run in runs {
        for (key, part) in parts(run, by, window) {
            let bill = Bill::of(&run.plan, &run.stretches, &run.prices, part);
            if bill.replica_hours == 0.0 {
                continue;
            }
            let sum = groups.entry(key.clone()).or_insert_with(|| Sum { key, ..Sum::default() });
            sum.runs += 1;
            sum.bill.add(&bill);
        }
    }
    if *by == By::Day {
        groups.sort_unstable_keys();
    }
    groups.into_values().collect()
}

fn parts(run: &Charged, by: &By, window: Window) -> Vec<(String, Window)> {
    let key = match by {
        By::Run => run.run.to_string(),
        By::Name => run.name.clone(),
        By::User => run.user.clone(),
        By::Label(key) => run.labels.get(key).cloned().unwrap_or_default(),
        By::Day => return days(run, window),
    };
    vec![(key, window)]
}

fn days(run: &Charged, window: Window) -> Vec<(String, Window)> {
    let Some(span) = run.stretches.span() else { return Vec::new() };
    let date = |at: Timestamp| at.to_zoned(TimeZone::UTC).date();
    let start = |date: Date| date.to_zoned(TimeZone::UTC).ok().map(|day| day.timestamp());
    let mut day = date(span.from.max(window.from));
    let last = date(span.to.min(window.to));
    let mut days = Vec::new();
    while day <= last {
        let Ok(next) = day.checked_add(1.day()) else { break };
        if let (Some(from), Some(to)) = (start(day), start(next)) {
            let part = Window { from: from.max(window.from), to: to.min(window.to) };
            days.push((day.to_string(), part));
        }
        day = next;
    }
    days
}

//! What a run will cost, as far as that can be known before it starts.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

use super::prices::{Prices, money};
use crate::plan::{Plan, RolePlan, Section};
use crate::text::Span;

/// The price of a plan.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Estimate {
    /// The price file's currency; absent without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
    /// An hour of the whole gang; absent where nobody has said what things cost.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hour: Option<f64>,
    /// All of the `timeout`; absent without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<f64>,
    /// The run ends when it has cost so much.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_cost: Option<f64>,
    /// What the figures leave out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unpriced: Vec<String>,
}

/// What an hour of all replicas costs, and what that leaves out.
pub fn gang_hour(roles: &[RolePlan], prices: &Prices) -> (f64, Vec<String>) {
    let mut hour = 0.0;
    let mut unpriced = Vec::new();
    for role in roles {
        let rate = prices.rate(role, &BTreeMap::new());
        hour += rate.hour * f64::from(role.replicas);
        for what in rate.unpriced {
            if !unpriced.contains(&what) {
                unpriced.push(what);
            }
        }
    }
    (hour, unpriced)
}

fn hours(time: Duration) -> f64 {
    time.as_secs_f64() / 3600.0
}

impl Estimate {
    /// The price of this plan.
    pub fn of(plan: &Plan, prices: &Prices) -> Self {
        let (hour, unpriced) = gang_hour(&plan.gang().roles, prices);
        if *prices == Prices::Unknown {
            return Self { unpriced, ..Self::default() };
        }
        Self {
            currency: prices.currency().map(str::to_owned),
            hour: Some(hour),
            timeout: plan.gang().rules.timeout.map(|timeout| hour * hours(timeout)),
            max_cost: plan.gang().rules.cost_limit.as_ref().map(|limit| hour * hours(limit.time)),
            unpriced,
        }
    }

    /// The same for a person.
    pub fn section(&self, plan: &Plan) -> Section {
        let mut rows = Vec::new();
        let mut row = |name: &str, value: String| rows.push(vec![name.to_owned(), value]);
        match (self.hour, &self.currency) {
            (Some(hour), Some(currency)) => {
                row("an hour", money(hour, currency));
                // The run ends by its timeout or by its limit of cost, whichever comes first: the
                // other one is not shown.
                match (
                    self.timeout,
                    plan.gang().rules.timeout,
                    self.max_cost,
                    &plan.gang().rules.cost_limit,
                ) {
                    (at_timeout, _, Some(most), Some(limit))
                        if at_timeout.is_none_or(|cost| most <= cost) =>
                    {
                        let after = Span(Duration::from_secs(limit.time.as_secs()));
                        let most = money(most, currency);
                        row("at most", format!("{most}: its maxCost, after {after}"));
                    }
                    (Some(cost), Some(timeout), ..) => {
                        let cost = money(cost, currency);
                        row("at most", format!("{cost} at the timeout of {}", Span(timeout)));
                    }
                    _ => {}
                }
                for what in &self.unpriced {
                    row("without", what.clone());
                }
            }
            (Some(_), None) => row("an hour", "nothing: it is this machine".into()),
            (None, _) => row("an hour", "not known: no price file is set (`prices`)".into()),
        }
        Section { title: "Cost".into(), header: Vec::new(), rows }
    }
}

//! What a run has cost, and what of it was wasted.

use std::collections::BTreeMap;

use serde::Serialize;

use super::hours::{Hours, Stretches, Use, Window};
use super::prices::Prices;
use super::rate::Request;
use crate::plan::Plan;

/// Amounts of time; money in the price file's currency.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Bill {
    /// The price file's currency; absent without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
    /// The cost of everything that has a price; absent where nobody has said what things cost.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost: Option<f64>,
    /// Hours for which replicas held their machines.
    pub replica_hours: f64,
    /// Requested cores times hours.
    pub cpu_hours: f64,
    /// Requested GiB of memory times hours.
    #[serde(rename = "memoryGiBHours")]
    pub memory_gib_hours: f64,
    /// Accelerator hours requested, by type.
    pub accelerator_hours: BTreeMap<String, f64>,
    /// What of it was wasted.
    pub wasted: Waste,
    /// What the cost leaves out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unpriced: Vec<String>,
    /// It is of several currencies.
    #[serde(skip)]
    mixed: bool,
}

/// What is said of a sum that can't be made.
const SEVERAL: &str = "prices in several currencies are not added up";

/// What was paid for without use.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Waste {
    /// In attempts that failed.
    pub failed_attempts: Share,
    /// While nothing of the gang ran: set-up, gathering, restarting, beyond the moments that any start takes.
    pub waiting: Share,
    /// By accelerators that were measured and did nothing.
    pub idle_accelerators: Share,
}

/// A part of a bill.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Share {
    /// Money; zero without prices.
    pub cost: f64,
    /// Hours of replicas, each replica counted by itself.
    pub hours: f64,
}

impl Share {
    fn add(&mut self, other: Self) {
        self.cost += other.cost;
        self.hours += other.hours;
    }
}

impl Waste {
    /// The sum of all parts.
    pub fn all(&self) -> Share {
        let mut all = self.failed_attempts;
        all.add(self.waiting);
        all.add(self.idle_accelerators);
        all
    }

    fn forget_money(&mut self) {
        for share in [&mut self.failed_attempts, &mut self.waiting, &mut self.idle_accelerators] {
            share.cost = 0.0;
        }
    }

    fn add(&mut self, other: &Self) {
        self.failed_attempts.add(other.failed_attempts);
        self.waiting.add(other.waiting);
        self.idle_accelerators.add(other.idle_accelerators);
    }
}

impl Bill {
    /// The bill of one run for a window of time.
    pub fn of(plan: &Plan, stretches: &Stretches, prices: &Prices, window: Window) -> Self {
        let mut bill = Self {
            currency: prices.currency().map(str::to_owned),
            cost: (*prices != Prices::Unknown).then_some(0.0),
            ..Self::default()
        };
        for Use { replica, labels, hours } in stretches.uses(window) {
            let Some(role) = plan.gang().roles.iter().find(|role| role.name == replica.role) else {
                continue;
            };
            let rate = prices.rate(role, &labels);
            let Hours { failed, waiting, idle, .. } = hours;
            let all = hours.all();
            if all == 0.0 {
                continue;
            }
            let request = Request::of(role);
            bill.replica_hours += all;
            bill.cpu_hours += all * request.cpu;
            bill.memory_gib_hours += all * request.memory_gib;
            for (kind, count) in request.accelerators {
                *bill.accelerator_hours.entry(kind).or_default() += all * f64::from(count);
            }
            if let Some(cost) = &mut bill.cost {
                *cost += all * rate.hour;
            }
            let share = |hours: f64, price: f64| Share { cost: hours * price, hours };
            bill.wasted.failed_attempts.add(share(failed, rate.hour));
            bill.wasted.waiting.add(share(waiting, rate.hour));
            bill.wasted.idle_accelerators.add(share(idle, rate.accelerators));
            for what in rate.unpriced {
                bill.note(&what);
            }
        }
        bill
    }

    /// Takes in another bill. A sum without prices for all of it names what is missing; amounts in
    /// several currencies have no sum.
    pub fn add(&mut self, other: &Self) {
        if let (Some(one), Some(two)) = (&self.currency, &other.currency)
            && one != two
        {
            self.mixed = true;
        }
        self.mixed |= other.mixed;
        self.currency = self.currency.take().or_else(|| other.currency.clone());
        self.cost = match (self.cost, other.cost) {
            _ if self.mixed => None,
            (Some(one), Some(two)) => Some(one + two),
            (one, two) => one.or(two),
        };
        if self.mixed {
            self.currency = None;
            self.note(SEVERAL);
        }
        self.replica_hours += other.replica_hours;
        self.cpu_hours += other.cpu_hours;
        self.memory_gib_hours += other.memory_gib_hours;
        for (kind, hours) in &other.accelerator_hours {
            *self.accelerator_hours.entry(kind.clone()).or_default() += hours;
        }
        self.wasted.add(&other.wasted);
        if self.mixed {
            self.wasted.forget_money();
        }
        for what in &other.unpriced {
            self.note(what);
        }
    }

    fn note(&mut self, what: &str) {
        if !self.unpriced.iter().any(|known| known == what) {
            self.unpriced.push(what.to_owned());
        }
    }
}

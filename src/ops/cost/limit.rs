//! `maxCost` as a time: the rate of a gang is fixed by what it requests, so its agents end it without
//! knowing prices, and no mlctl has to watch.

use std::time::Duration;

use super::estimate::gang_hour;
use super::prices::{Prices, money};
use crate::gang::CostLimit;
use crate::plan::Plan;
use crate::text::Amount;

/// A limit that is reached later than this is none.
const LONGEST: Duration = Duration::from_hours(10 * 365 * 24);

/// `maxCost` where nobody has said what things cost; holds what has no price.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`maxCost` needs to know what things cost here: {0}")]
pub struct NoPrices(pub String);

/// Puts into a plan after how long its gang will have cost `most`. The gathering counts, so it may not
/// take longer either. Where things cost nothing the plan stays as it is.
pub fn limit_cost(plan: &mut Plan, most: Amount, prices: &Prices) -> Result<(), NoPrices> {
    let Amount(most) = most;
    let (hour, unpriced) = gang_hour(&plan.gang().roles, prices);
    let currency = match prices.currency() {
        Some(currency) if unpriced.is_empty() => currency,
        None if *prices == Prices::Free => return Ok(()),
        _ => return Err(NoPrices(unpriced.join("; "))),
    };
    let seconds = most / hour * 3600.0;
    if hour <= 0.0 || seconds > LONGEST.as_secs_f64() {
        return Ok(());
    }
    let time = Duration::from_secs_f64(seconds);
    let text = format!("{} at {} an hour", money(most, currency), money(hour, currency));
    let rules = &mut plan.gang_mut().rules;
    rules.start_timeout = rules.start_timeout.min(time);
    rules.cost_limit = Some(CostLimit { time, text });
    Ok(())
}

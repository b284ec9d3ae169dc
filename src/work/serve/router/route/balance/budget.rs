//! How many retries there may be.

use std::time::Duration;

use tower::retry::budget::TpsBudget;

use crate::Retries;

/// How long a request counts for retries.
const WINDOW: Duration = Duration::from_secs(10);
/// How many retries a second there may always be, so that few requests may fail too.
const RESERVE: u32 = 10;
/// The most that tower allows, in percent.
const MOST: u32 = 100_000;

/// The budget of a configuration: each request is deposited, each retry withdrawn.
///
/// tower counts in whole requests per retry, rounded down: 20 % is a retry for every five, 70 % one
/// for each.
pub(crate) fn retry_budget(retries: &Retries) -> TpsBudget {
    TpsBudget::new(WINDOW, RESERVE, retries.percent.min(MOST) as f32 / 100.0)
}

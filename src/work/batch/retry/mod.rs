//! Asking again for rows that failed: what stays, and what the next generation of a shard is.

mod kept;
mod planned;

pub(crate) use kept::Kept;
pub use planned::{RetryPlan, plan_retry};

//! Requests and answers that are kept: a sample of what callers sent and got, as lines of JSON in a folder or
//! a bucket.

mod keeper;
mod line;

pub use keeper::{Keeper, LONGEST_QUEUE};

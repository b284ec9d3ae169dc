//! What runs cost: prices, hours, bills. Pure: no clock, no file, no cluster.

mod bill;
mod estimate;
mod hours;
mod limit;
#[cfg(test)]
mod price_tests;
mod prices;
mod rate;
mod sums;
#[cfg(test)]
mod tests;

pub use bill::*;
pub use estimate::*;
pub use hours::*;
pub use limit::*;
pub use prices::*;
pub use rate::*;
pub use sums::*;

//! The space of a study: what its parameters may be, when each counts, and how their values get into
//! a trial. Pure, and on the level of the spec.

mod apply;
mod domain;
mod points;
mod references;
mod search;
mod value;

pub use apply::{ApplyError, trial_job};
pub use domain::{Domain, DomainFault, domain};
pub use references::{Reference, references, substituted};
pub use search::{Condition, Dimension, Misplaced, Space, SpaceError};
pub use value::Value;

//! Endpoints in a cluster: from a plan to pods that answer, and what becomes of them.

mod apply;
mod check;
mod discard;
mod end;
mod ensure;
mod logs;
mod observe;
mod there;

pub(crate) use check::check;
pub(crate) use discard::discard;
pub(crate) use end::{cancel, is_gone, remove};
pub(crate) use ensure::ensure;
pub(crate) use logs::EndpointLogs;
pub(crate) use observe::{observe, states};
pub(crate) use there::{has_replica, plan_of};

//! Whether a server of this machine is ready.

use std::time::Duration;

use super::channel::Channel;
use super::{tensorflow, v2};
use crate::plan::{Protocol, ServerPlan};
use crate::work::protocol::answered::Token;
use crate::work::protocol::reason::reason;

/// Asks the server at `base` once whether it serves the plan's model; an answer comes within `limit`, or
/// it is not ready. An error says what is still missing.
pub(in crate::work) async fn ready(
    plan: &ServerPlan,
    base: &str,
    limit: Duration,
) -> Result<(), String> {
    let is_tensorflow = plan.protocol == Protocol::TensorflowGrpc;
    let asked = if is_tensorflow { tensorflow::health(plan)? } else { v2::health(plan) };
    let channel = Channel::new(base, &Token::default(), limit)?;
    let answered = channel.post(&asked.url, asked.body).await.map_err(|error| error.to_string())?;
    if !answered.status.is_success() {
        return Err(format!("{base}{} answers: {}", asked.url, reason(&answered.body)));
    }
    let is_ready = if is_tensorflow { tensorflow::is_ready } else { v2::is_ready };
    is_ready(answered.body)
}

//! Plans for tests.

use std::time::Duration;

use crate::plan::{Protocol, ServerPlan};

/// A server that speaks this.
pub(crate) fn server_plan(protocol: Protocol) -> ServerPlan {
    ServerPlan {
        protocol,
        address: None,
        model_name: "m".into(),
        version: None,
        signature: None,
        predict_route: None,
        health_route: None,
        port: None,
        model: None,
        parameters: None,
        start_timeout: Duration::from_mins(1),
        restarts: 0,
    }
}

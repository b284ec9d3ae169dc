//! The kind as the loader sees it.

use std::sync::LazyLock;

use serde_json::Value as Json;

use super::habits::HABITS;
use super::lint;
use super::types::Endpoint;
use crate::spec::kinds::{Document, Kind};

static SCHEMA: LazyLock<Json> = LazyLock::new(|| schemars::schema_for!(Endpoint).to_value());

/// What `kind:` says, and what is recorded with every endpoint.
pub const ENDPOINT: &str = "Endpoint";

/// `kind: Endpoint` as the registry lists it.
pub(crate) static KIND: Kind = Kind {
    name: ENDPOINT,
    noun: "endpoint",
    example: "digits",
    schema_file: "endpoint.json",
    schema: || &SCHEMA,
    named: &[],
    owners: &[
        ("rollout", "Rollout"),
        ("rollout.maxLatency", "LatencyLimits"),
        ("scaling", "Scaling"),
        ("scaling.target", "ScalingTarget"),
        ("limits", "RequestLimits"),
        ("probes", "Probes"),
        ("routes", "Routes"),
        ("warmup", "Warmup"),
        ("shadow", "Shadow"),
        ("sticky", "Sticky"),
        ("log", "RequestLog"),
        ("auth", "Auth"),
        ("expose", "ExposeBy"),
        ("storage", "BatchStorage"),
        ("setup", "Setup"),
        ("setup.python", "PythonSetup"),
        ("accelerators", "Accelerators"),
    ],
    nested: &[],
    habits: HABITS,
    read: |value, origin| {
        Ok(Document::Endpoint(Box::new(origin.of(serde_json::from_value(value)?))))
    },
    check_part: |value, part| {
        serde_json::from_value(value)
            .map_or_else(|_| Vec::new(), |endpoint| lint::check_part(&endpoint, part))
    },
};

//! The files of other flags than that of the models: they belong to a server's command line.

use super::system::OWN_FIELDS;
use crate::spec::foreign::common::fields::{Findings, Table, Use};
use crate::spec::syntax::Node;

const IN_CODE: &str = "a server keeps such a file beside it: `code: ./serving` and `args: \
                       [--enable_batching=true, --batching_parameters_file=batching.config]`";
const BATCHING: Use = Use::Refused(IN_CODE);

/// The parameters of batching, as `--batching_parameters_file` has them.
pub(super) const PARAMETERS: Table = &[
    ("max_batch_size", BATCHING),
    ("batch_timeout_micros", BATCHING),
    ("max_enqueued_batches", BATCHING),
    ("num_batch_threads", BATCHING),
    ("thread_pool_name", BATCHING),
    ("allowed_batch_sizes", BATCHING),
    ("pad_variable_length_inputs", BATCHING),
    ("enable_large_batch_splitting", BATCHING),
];

const MONITORING_HELP: &str = "routers count requests, errors and latency of every revision by themselves; for the \
                               server's own figures write `code: ./serving` and `args: \
                               [--monitoring_config_file=monitoring.config]` in an Endpoint";

/// The settings of `--monitoring_config_file`.
pub(super) const MONITORING: Table = &[("prometheus_config", Use::Refused(MONITORING_HELP))];

const PLATFORM: &str = "write an Endpoint with `code: ./serving` and `args: \
                        [--platform_config_file=platform.config]`";

/// The settings of `--platform_config_file`.
pub(super) const PLATFORMS: Table = &[("platform_configs", Use::Refused(PLATFORM))];

/// Says of a file that names no models what it is and where it belongs. `false` where it is none of these.
pub(super) fn explain(findings: &mut Findings, node: &Node) -> bool {
    let entries = node.as_map().unwrap_or_default();
    let own = |name: &str| OWN_FIELDS.iter().any(|(own, _)| *own == name);
    let Some(first) = entries.iter().find(|entry| own(&entry.key.text)) else { return false };
    let (what, help) = match first.key.text.as_str() {
        "prometheus_config" => ("the monitoring of a server", MONITORING_HELP),
        "platform_configs" => ("the platforms of a server", PLATFORM),
        _ => ("the batching of a server", IN_CODE),
    };
    let at = Node { span: first.key.span, value: first.value.value.clone() };
    findings.refuse(&at, format!("this file says {what}, and no model to serve"), help);
    true
}

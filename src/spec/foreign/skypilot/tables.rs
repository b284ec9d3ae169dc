//! All fields of SkyPilot's tasks, by the mapping that they are in.

use super::{before, chain, mounts, pods, resources, service, storage, task};
use crate::spec::foreign::common::fields::Table;

/// The mappings, from the document inwards.
pub(in crate::spec::foreign) const TABLES: &[(&str, Table)] = &[
    ("a task", task::TASK),
    ("the first document of a pipeline", chain::PIPELINE),
    ("workdir", before::REPOSITORY),
    ("resources, resources.any_of[], resources.ordered[]", resources::RESOURCES),
    ("resources.job_recovery", resources::RECOVER),
    ("file_mounts.<path>", storage::STORAGE),
    ("volumes.<path>", mounts::VOLUME),
    ("service", service::SERVICE),
    ("service.readiness_probe", service::PROBE),
    ("service.replica_policy", service::POLICY),
    ("config", pods::CONFIG),
    ("config.kubernetes", pods::KUBERNETES),
];

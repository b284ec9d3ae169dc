//! All fields of TensorFlow Serving's files, by the message that they are in.

use super::{flags, model, models, policy};
use crate::spec::foreign::common::fields::Table;

/// The messages, from the file inwards.
pub(in crate::spec::foreign) const TABLES: &[(&str, Table)] = &[
    ("ModelServerConfig", models::FILE),
    ("model_config_list", models::LIST),
    ("model_config_list.config", model::CONFIG),
    ("model_config_list.config.model_version_policy", policy::POLICY),
    ("model_config_list.config.model_version_policy.specific", policy::SPECIFIC),
    ("model_config_list.config.model_version_policy.latest", policy::LATEST),
    ("model_config_list.config.version_labels", policy::LABEL),
    ("BatchingParameters", flags::PARAMETERS),
    ("MonitoringConfig", flags::MONITORING),
    ("PlatformConfigMap", flags::PLATFORMS),
];

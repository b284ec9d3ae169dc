//! What findings about TensorFlow Serving's files are called, and what its files begin with.

use crate::spec::foreign::common::fields::System;

pub(super) static TF_SERVING: System = System::of(
    "TensorFlow Serving",
    &[
        ("config", "`model_config_list`"),
        ("base_path", "config"),
        ("model_platform", "config"),
        ("model_version_policy", "config"),
        ("version_labels", "config"),
        ("specific", "model_version_policy"),
        ("latest", "model_version_policy"),
        ("all", "model_version_policy"),
        ("versions", "specific"),
        ("num_versions", "latest"),
    ],
);

/// The fields at the top of its files, and whether they are messages.
pub(super) const OWN_FIELDS: [(&str, bool); 11] = [
    ("model_config_list", true),
    ("custom_model_config", true),
    ("max_batch_size", true),
    ("batch_timeout_micros", true),
    ("max_enqueued_batches", true),
    ("num_batch_threads", true),
    ("thread_pool_name", true),
    ("prometheus_config", true),
    ("platform_configs", true),
    ("allowed_batch_sizes", false),
    ("pad_variable_length_inputs", false),
];

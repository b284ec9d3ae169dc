//! All fields of dstack's configurations, by the mapping that they are in.

use super::{code, environment, fields, gpu, resources, serving, volumes};
use crate::spec::foreign::common::fields::Table;

/// The mappings, from the document inwards.
pub(in crate::spec::foreign) const TABLES: &[(&str, Table)] = &[
    ("task, service", fields::RUN),
    ("env, an item", environment::VARIABLE),
    ("resources", resources::RESOURCES),
    ("resources.cpu", resources::CPU),
    ("resources.gpu", gpu::GPU),
    ("resources.disk", resources::DISK),
    ("volumes[]", volumes::VOLUME),
    ("repos[]", code::REPO),
    ("files[]", code::FILE),
    ("retry", fields::RETRY),
    ("model", serving::MODEL),
    ("scaling", serving::SCALING),
    ("probes[]", serving::PROBE),
];

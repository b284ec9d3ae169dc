//! All fields of KServe's documents, by the mapping that they are in.

use super::{model, names, ports, predictor, refused, runtime, service, storage};
use crate::spec::foreign::common::fields::Table;

/// The mappings, from the document inwards.
pub(in crate::spec::foreign) const TABLES: &[(&str, Table)] = &[
    ("InferenceService", service::DOCUMENT),
    ("metadata", names::METADATA),
    ("metadata.annotations, predictor.annotations", names::ANNOTATIONS),
    ("spec", service::SPEC),
    ("spec.default, canary of v1alpha2", service::COMPONENTS),
    ("spec.predictor", predictor::PREDICTOR),
    ("spec.predictor.model, or the name of a framework", model::MODEL),
    ("spec.predictor.model.modelFormat", model::FORMAT),
    ("spec.predictor.model.storage", storage::STORAGE),
    ("spec.predictor.model.storage.parameters", storage::PARAMETERS),
    ("spec.predictor.storageUris[]", storage::URI),
    ("spec.predictor.custom of v1alpha2", predictor::CUSTOM),
    ("ports[] of a container", ports::PORT),
    ("probes of a container", ports::PROBE),
    ("probes of a container: httpGet", ports::HTTP_GET),
    ("spec of a ServingRuntime of the same file", runtime::SPEC),
    ("other kinds", refused::KINDS),
];

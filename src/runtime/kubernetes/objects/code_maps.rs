//! The ConfigMaps that carry a run's code and data.

use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::ConfigMap;

use super::bundle::CodeMap;
use super::context::ManifestContext;
use super::names::{code_name, meta};
use crate::plan::Plan;

/// One ConfigMap for each that the bundle needs. Code never changes during a run, so they are
/// immutable: kubelets need not watch them.
pub(crate) fn code_maps(plan: &Plan, context: &ManifestContext) -> Vec<ConfigMap> {
    let map = |(index, map): (usize, &CodeMap)| ConfigMap {
        metadata: meta(plan, context, code_name(&plan.head.run, index)),
        data: (!map.text.is_empty()).then(|| map.text.clone()),
        binary_data: (!map.binary.is_empty()).then(|| {
            let binary = map.binary.iter();
            binary.map(|(key, bytes)| (key.clone(), ByteString(bytes.clone()))).collect()
        }),
        immutable: Some(true),
    };
    context.code.maps().iter().enumerate().map(map).collect()
}

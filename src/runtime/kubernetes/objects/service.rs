//! The headless Service that gives pods their host names.

use k8s_openapi::api::core::v1::{Service, ServicePort, ServiceSpec};

use super::context::ManifestContext;
use super::names::{label, meta};
use crate::plan::{Addresses, ClusterLayout, Plan, Port};

/// The Service of a run. Names resolve before their pods are ready, because the agents wait for
/// each other themselves.
pub(crate) fn service(plan: &Plan, context: &ManifestContext) -> Service {
    let layout = ClusterLayout::of(plan);
    let port = |name: &str, port| ServicePort {
        name: Some(name.into()),
        port: layout.port(plan.gang().primary(), port).into(),
        ..ServicePort::default()
    };
    Service {
        metadata: meta(plan, context, layout.service.clone()),
        spec: Some(ServiceSpec {
            cluster_ip: Some("None".into()),
            publish_not_ready_addresses: Some(true),
            selector: Some([(label::RUN.to_owned(), plan.head.run.to_string())].into()),
            ports: Some(vec![
                port("gang", Port::Gang),
                port("rendezvous", Port::Rendezvous),
                port("master", Port::Master),
            ]),
            ..ServiceSpec::default()
        }),
        status: None,
    }
}

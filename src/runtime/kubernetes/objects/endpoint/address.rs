//! How callers reach an endpoint: its Service, and what shows that outside.

use k8s_openapi::api::core::v1::{Service, ServicePort, ServiceSpec};
use k8s_openapi::api::networking::v1::{
    HTTPIngressPath, HTTPIngressRuleValue, Ingress, IngressBackend, IngressRule,
    IngressServiceBackend, IngressSpec, IngressTLS, ServiceBackendPort,
};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use serde_json::{Value as Json, json};

use super::labels;
use super::names::{HTTP_ROUTE, ROUTER_PORT};
use crate::plan::{EndpointPods, Plan};
use crate::runtime::kubernetes::objects::manifests::metadata_first;
use crate::runtime::kubernetes::objects::{ManifestContext, Reason, meta};
use crate::spec::{self, Expose, ExposeWord};

/// The reasons against the address that the spec gives.
pub(super) fn reasons(service: &EndpointPods) -> Option<Reason> {
    let first = service.address.chars().next();
    let is_letter = first.is_some_and(|first| first.is_ascii_lowercase());
    (!is_letter).then(|| {
        let name = &service.address;
        let what = "which must begin with a letter";
        Reason::new(format!("name: callers in the cluster reach it as `{name}`, {what}")).of("name")
    })
}

/// The Service that callers know: it leads to all routers that can route.
pub(super) fn service(plan: &Plan, context: &ManifestContext, service: &EndpointPods) -> Service {
    let balanced = service.expose == Expose::Simply(ExposeWord::LoadBalancer);
    Service {
        metadata: meta(plan, context, service.address.clone()),
        spec: Some(ServiceSpec {
            type_: Some(if balanced { "LoadBalancer" } else { "ClusterIP" }.into()),
            selector: Some(labels::of_routers(&plan.head.run)),
            ports: Some(vec![ServicePort {
                name: Some("http".into()),
                port: service.port.into(),
                target_port: Some(IntOrString::Int(ROUTER_PORT.into())),
                protocol: Some("TCP".into()),
                ..ServicePort::default()
            }]),
            ..ServiceSpec::default()
        }),
        status: None,
    }
}

/// What shows the Service outside of the cluster; `None` where nothing does, or the Service itself.
pub(super) fn way(
    plan: &Plan,
    context: &ManifestContext,
    service: &EndpointPods,
) -> Result<Option<Json>, serde_json::Error> {
    let Expose::By(by) = &service.expose else { return Ok(None) };
    let way = match (&by.ingress, &by.gateway) {
        (Some(wanted), _) => serde_json::to_value(ingress(plan, context, service, wanted))?,
        (None, Some(wanted)) => route(plan, context, service, wanted)?,
        (None, None) => return Ok(None),
    };
    Ok(Some(metadata_first(way)))
}

fn ingress(
    plan: &Plan,
    context: &ManifestContext,
    service: &EndpointPods,
    wanted: &spec::Ingress,
) -> Ingress {
    let backend = IngressBackend {
        service: Some(IngressServiceBackend {
            name: service.address.clone(),
            port: Some(ServiceBackendPort { name: None, number: Some(service.port.into()) }),
        }),
        resource: None,
    };
    let path = HTTPIngressPath { path: Some("/".into()), path_type: "Prefix".into(), backend };
    let tls = wanted.tls_secret.as_ref().map(|secret| {
        let hosts = Some(vec![wanted.host.clone()]);
        vec![IngressTLS { hosts, secret_name: Some(secret.clone()) }]
    });
    Ingress {
        metadata: meta(plan, context, plan.head.run.to_string()),
        spec: Some(IngressSpec {
            ingress_class_name: wanted.class_name.clone(),
            rules: Some(vec![IngressRule {
                host: Some(wanted.host.clone()),
                http: Some(HTTPIngressRuleValue { paths: vec![path] }),
            }]),
            tls,
            default_backend: None,
        }),
        status: None,
    }
}

/// An HTTPRoute, which is no kind of Kubernetes' own.
fn route(
    plan: &Plan,
    context: &ManifestContext,
    service: &EndpointPods,
    wanted: &spec::Gateway,
) -> Result<Json, serde_json::Error> {
    let mut parent = json!({"name": wanted.name});
    if let Some(namespace) = &wanted.namespace {
        parent["namespace"] = namespace.as_str().into();
    }
    let mut spec = json!({
        "parentRefs": [parent],
        "rules": [{"backendRefs": [{"name": service.address, "port": service.port}]}],
    });
    if let Some(host) = &wanted.host {
        spec["hostnames"] = json!([host]);
    }
    Ok(json!({
        "apiVersion": HTTP_ROUTE.0,
        "kind": HTTP_ROUTE.1,
        "metadata": serde_json::to_value(meta(plan, context, plan.head.run.to_string()))?,
        "spec": spec,
    }))
}

use serde_json::{Value as Json, json};

use super::*;
use crate::plan::Plan;
use crate::runtime::SecretValues;
use crate::runtime::kubernetes::objects::{ManifestContext, ManifestError};
use crate::store::fixture;

/// A service plan whose code needs no folder, and a context with secret values of both revisions.
fn made(change: impl FnOnce(&mut Plan)) -> Result<EndpointManifests, ManifestError> {
    let mut plan = fixture::service();
    change(&mut plan);
    let values = |name: &str, value: &str| [(name.to_owned(), value.to_owned())].into();
    let secrets = [
        ("v1".to_owned(), values("API_TOKEN", "of v1")),
        ("router".to_owned(), values("HUB_TOKEN", "of the routers")),
    ];
    let common = ManifestContext {
        namespace: "ml".into(),
        runner_image: "localhost/mlctl:1".into(),
        kind: "Endpoint".into(),
        user: "ada".into(),
        token: "token".into(),
        secrets: SecretValues(secrets.into()),
        ..ManifestContext::default()
    };
    endpoint_manifests(&plan, &EndpointContext { common, ..EndpointContext::default() })
}

fn documents(made: &EndpointManifests) -> Vec<Json> {
    made.documents().unwrap()
}

fn named<'a>(all: &'a [Json], kind: &str, name: &str) -> &'a Json {
    let is_meant = |one: &&Json| one["kind"] == kind && one["metadata"]["name"] == name;
    all.iter().find(is_meant).unwrap()
}

#[test]
fn every_object_is_found_by_the_endpoint_and_belongs_to_its_record() {
    let mut made = made(|_| {}).unwrap();
    made.own("uid");
    for object in documents(&made) {
        let meta = &object["metadata"];
        assert_eq!(meta["labels"]["mlctl.dev/run"], "sums-b53qsa", "{object}");
        assert_eq!(meta["labels"]["mlctl.dev/name"], "sums", "{object}");
        let is_record = meta["name"] == "sums-b53qsa" && object["kind"] == "ConfigMap";
        assert_eq!(meta["ownerReferences"][0]["uid"].is_null(), is_record, "{object}");
        assert_eq!(meta["labels"]["mlctl.dev/record"] == "true", is_record, "{object}");
    }
}

#[test]
fn pods_are_selected_by_what_never_changes_of_them() {
    let all = documents(&made(|_| {}).unwrap());
    let deployments: Vec<&Json> = all.iter().filter(|one| one["kind"] == "Deployment").collect();
    assert_eq!(deployments.len(), 3);
    for one in &deployments {
        let labels = &one["spec"]["template"]["metadata"]["labels"];
        for (key, value) in one["spec"]["selector"]["matchLabels"].as_object().unwrap() {
            assert_eq!(labels[key], *value);
        }
        let annotations = &one["spec"]["template"]["metadata"]["annotations"];
        assert!(annotations["karpenter.sh/do-not-disrupt"].is_null(), "{annotations}");
        assert!(annotations["cluster-autoscaler.kubernetes.io/safe-to-evict"].is_null());
    }
    let service = &named(&all, "Service", "sums")["spec"]["selector"];
    assert_eq!(*service, json!({"mlctl.dev/run": "sums-b53qsa", "mlctl.dev/part": "router"}));
}

#[test]
fn another_spec_leaves_the_routers_pods_as_they_are() {
    let first = made(|_| {}).unwrap();
    let other = made(|plan| {
        plan.service_mut().unwrap().documents.insert("endpoint.json".into(), "{\"v\":2}".into());
    });
    let template = |made: &EndpointManifests| made.routers.spec.clone().unwrap().template;
    assert_eq!(template(&first), template(&other.unwrap()));
    let annotations = template(&first).metadata.unwrap().annotations.unwrap();
    assert!(!annotations.contains_key("mlctl.dev/spec-hash"), "{annotations:?}");
}

#[test]
fn a_replica_goes_on_and_says_when_it_can_be_asked() {
    let all = documents(&made(|_| {}).unwrap());
    let pod = &named(&all, "Deployment", "sums-b53qsa-v1-0f0f0f")["spec"]["template"]["spec"];
    assert_eq!(pod["restartPolicy"], "Always");
    assert!(
        pod["subdomain"].is_null() && pod["terminationGracePeriodSeconds"].as_i64() >= Some(45)
    );
    let main = &pod["containers"][0];
    assert_eq!(main["readinessProbe"]["httpGet"], json!({"path": "/ready", "port": 8090}));
    let env = main["env"].as_array().unwrap();
    let of = |name: &str| env.iter().find(|one| one["name"] == name);
    assert_eq!(of("MLCTL_AGENT_JOB").unwrap()["value"], "sums-b53qsa-v1-0f0f0f");
    assert_eq!(of("MLCTL_AGENT_INDEX").unwrap()["value"], "0");
    let field = |name: &str| of(name).unwrap()["valueFrom"]["fieldRef"]["fieldPath"].clone();
    assert_eq!(field("MLCTL_AGENT_JOB_UID"), "metadata.uid");
    assert_eq!(field("MLCTL_POD_IP"), "status.podIP");
    assert!(of("MLCTL_AGENT_FAILURES").is_none() && of("MLCTL_AGENT_IGNORED").is_none());
}

#[test]
fn a_secret_is_its_own_pods_alone() {
    let all = documents(&made(|_| {}).unwrap());
    let secrets = all.iter().filter(|one| one["kind"] == "Secret");
    let keys = |one: &Json| one["data"].as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    let keys: Vec<Vec<String>> = secrets.map(keys).collect();
    assert_eq!(keys, [vec!["env.v1", "token"], vec!["token"], vec!["HUB_TOKEN"]]);
    let routers = named(&all, "Deployment", "sums-b53qsa");
    let env = &routers["spec"]["template"]["spec"]["containers"][0]["env"];
    let hub = env.as_array().unwrap().iter().find(|one| one["name"] == "HUB_TOKEN").unwrap();
    assert_eq!(hub["valueFrom"]["secretKeyRef"]["key"], "HUB_TOKEN");
}

#[test]
fn the_routers_may_do_nothing_to_what_is_not_their_endpoints() {
    let mut made = made(|_| {}).unwrap();
    made.keep(&["sums-b53qsa-v0-2d2d2d".into(), "sums-b53qsa-v1-0f0f0f".into()]);
    let all = documents(&made);
    let rules = named(&all, "Role", "sums-b53qsa")["rules"].as_array().unwrap();
    for rule in rules {
        let verbs: Vec<&str> =
            rule["verbs"].as_array().unwrap().iter().filter_map(Json::as_str).collect();
        let looks = verbs.iter().all(|verb| ["get", "list", "watch"].contains(verb));
        let names = rule["resourceNames"].as_array();
        match rule["resources"][0].as_str().unwrap() {
            "pods" => assert!(looks && names.is_none(), "{rule}"),
            "configmaps" if verbs == ["create"] => assert!(names.is_none(), "{rule}"),
            "deployments" => {
                let wanted =
                    ["sums-b53qsa-v0-2d2d2d", "sums-b53qsa-v1-0f0f0f", "sums-b53qsa-v2-1e1e1e"];
                assert_eq!(rule["resourceNames"], json!(wanted));
            }
            _ => {
                let is_own = |name: &Json| name.as_str().unwrap().starts_with("sums-b53qsa");
                assert!(names.is_some_and(|names| names.iter().all(is_own)), "{rule}");
            }
        }
    }
}

#[test]
fn everything_that_is_wrong_is_said_at_once() {
    let refused = made(|plan| {
        let service = plan.service_mut().unwrap();
        service.address = "0sums".into();
        for revision in &mut service.revisions {
            revision.plan.gang_mut().roles[0].image = None;
        }
    });
    let ManifestError::Refused(reasons) = refused.unwrap_err();
    assert_eq!(reasons.len(), 3, "{reasons:?}");
    assert!(reasons[2].to_string().contains("must begin with a letter"), "{reasons:?}");
}

#[test]
fn a_patch_leaves_the_probe_by_which_routers_go() {
    let patched = |patch: Json| {
        made(|plan| {
            let pods = &mut plan.service_mut().unwrap().revisions[0].plan.gang_mut().pods;
            pods.patch = serde_json::from_value(patch).unwrap();
        })
    };
    let main =
        |probe: Json| json!({"spec": {"containers": [{"name": "main", "readinessProbe": probe}]}});
    let refused = patched(main(json!({"periodSeconds": 60}))).unwrap_err().to_string();
    assert!(refused.contains("readinessProbe"), "{refused}");
    let refused = patched(json!({"spec": {"restartPolicy": "Never"}})).unwrap_err().to_string();
    assert!(refused.contains("must stay Always"), "{refused}");
    assert!(patched(json!({"spec": {"priorityClassName": "high"}})).is_ok());
}

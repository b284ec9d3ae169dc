//! The manifests of an endpoint, as a snapshot: all of them in full, but for the contents of what is read.

use mlctl::plan::Plan;
use mlctl::runtime::SecretValues;
use mlctl::runtime::kubernetes::endpoint::{EndpointContext, endpoint_manifests};
use mlctl::runtime::kubernetes::{CodeBundle, ManifestContext};
use serde_json::{Value as Json, json};

use crate::support::repository;

#[test]
fn the_objects_of_an_endpoint() {
    let plan = repository().join("tests/it/formats/v9/plan-service.json");
    let plan = Plan::read(&fs_err::read(plan).expect("a plan")).expect("a plan");
    let secret = [("API_TOKEN".to_owned(), "a token".to_owned())];
    let common = ManifestContext {
        namespace: "ml".into(),
        runner_image: "localhost/mlctl:1".into(),
        architectures: vec!["amd64".into()],
        kind: "Endpoint".into(),
        user: "ada".into(),
        nonce: "noncen".into(),
        token: "a token of the gang".into(),
        secrets: SecretValues([("v1".to_owned(), secret.into())].into()),
        resolved: "kind: Endpoint\n".into(),
        record: "{}".into(),
        ..ManifestContext::default()
    };
    let code = tempfile::tempdir().expect("a folder");
    fs_err::write(code.path().join("server.py"), "print(1)\n").expect("code");
    let first = &plan.service().expect("an endpoint").revisions[0];
    let mut here = first.plan.clone();
    here.gang_mut().code = Some(code.path().to_str().expect("a path").into());
    let bundle = CodeBundle::of(&here).expect("code");
    let code = [(first.deployment.clone(), bundle)].into();
    let made = endpoint_manifests(&plan, &EndpointContext { common, code }).expect("objects");
    let mut text = String::new();
    for mut object in made.documents().expect("JSON") {
        contents_left_out(&mut object);
        text.push_str("---\n");
        text.push_str(&serde_saphyr::to_string(&object).expect("YAML"));
    }
    insta::with_settings!({
        snapshot_path => "../specs/render",
        prepend_module_to_snapshot => false,
        omit_expression => true,
    }, { insta::assert_snapshot!("endpoint", text.replace(env!("CARGO_PKG_VERSION"), "VERSION")) });
}

/// Secrets say what they have, and ConfigMaps which files.
fn contents_left_out(object: &mut Json) {
    for field in ["data", "binaryData"] {
        for (_, value) in object[field].as_object_mut().into_iter().flatten() {
            *value = json!("(contents)");
        }
        if object[field].is_null() {
            object.as_object_mut().expect("an object").remove(field);
        }
    }
}

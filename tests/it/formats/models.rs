//! The documents of a registry of models: read, and written back the same.

use mlctl::model::registry::{
    AliasDocument, CLAIM_VERSION, ClaimDocument, DECISION_VERSION, DEPLOYMENT_VERSION, Decision,
    Deployment, POINTER_VERSION, RetentionDocument,
};

use super::{comes_back, text, v7};

#[test]
fn the_documents_of_a_registry_come_back_the_same() {
    let version: Decision = comes_back(&text(v7("version.json")));
    let given_up: Decision = comes_back(&text(v7("given-up.json")));
    let claim: ClaimDocument = comes_back(&text(v7("claim.json")));
    let alias: AliasDocument = comes_back(&text(v7("alias.json")));
    let retention: RetentionDocument = comes_back(&text(v7("retention.json")));
    let deployment: Deployment = comes_back(&text(v7("deployment.json")));
    let lineage = version.facts.expect("a version").lineage;
    assert!(lineage.run.is_some() && lineage.copy_of.is_some());
    assert_eq!((given_up.facts, given_up.schema_version), (None, DECISION_VERSION));
    assert_eq!(claim.schema_version, CLAIM_VERSION);
    assert_eq!([alias.schema_version, retention.schema_version], [POINTER_VERSION; 2]);
    assert_eq!(deployment.schema_version, DEPLOYMENT_VERSION);
}

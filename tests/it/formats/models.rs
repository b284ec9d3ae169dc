//! The documents of a registry of models, and what else says which version was made or used: read, and
//! written back the same.

use mlctl::model::registry::{
    AliasDocument, CLAIM_VERSION, ClaimDocument, DECISION_VERSION, DEPLOYMENT_VERSION, Decision,
    Deployment, POINTER_VERSION, RetentionDocument,
};

use mlctl::plan::Plan;
use mlctl::store::RunRecord;
use mlctl::work::batch::{JobDocument, Summary, identity};

use super::{comes_back, text, v7, v10};

#[test]
fn what_names_a_version_comes_back_the_same() {
    let record: RunRecord = comes_back(&text(v10("run.json")));
    let plan: Plan = comes_back(&text(v10("plan.json")));
    let (pushed, push) = (record.pushed.expect("a version"), plan.head.push.expect("a name"));
    assert_eq!((pushed.name, pushed.version), (push.name, 1));
    let job: JobDocument = comes_back(&text(v10("job.json")));
    let summary: Summary = comes_back(&text(v10("summary.json")));
    assert_eq!(job.registered.as_deref(), Some("digits@1"));
    assert_eq!((job.registered.clone(), job.id.clone()), (summary.model, summary.job));
    // The paths of the fixture were changed after it was made, so only its own parts are compared.
    assert_ne!(identity(&JobDocument { registered: None, ..job.clone() }), identity(&job));
}

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

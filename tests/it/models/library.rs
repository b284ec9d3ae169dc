//! What others in mlctl call: deployments keep a version from being removed.

use mlctl::model::registry::{
    Contents, DEPLOYMENT_VERSION, Deployment, Endpoint, Lineage, ModelName, Push, Registry,
    RegistryError,
};
use mlctl::storage::{Place, StorageConfig, Stores};

use crate::support::on_runtime;
use crate::support::stores::S3;

#[test]
fn what_is_deployed_from_a_folder_is_not_removed() {
    let dir = tempfile::tempdir().unwrap();
    let base = dir.path().join("models").display().to_string();
    holds(Stores::new(StorageConfig::default()), base.into());
}

#[test]
fn what_is_deployed_from_a_bucket_is_not_removed() {
    let server = S3::start();
    holds(server.stores(), "s3://bucket/models".into());
}

fn holds(stores: Stores, base: Place) {
    let source = tempfile::tempdir().unwrap();
    fs_err::write(source.path().join("model.onnx"), "graph").unwrap();
    let source: Place = source.path().display().to_string().into();
    let name: ModelName = "digits".parse().unwrap();
    let now = mlctl::store::now();
    on_runtime(async {
        let registry = Registry::new(stores.clone(), &base).unwrap();
        let contents: Contents = Registry::contents(&stores, &source).await.unwrap();
        let push = Push {
            name: name.clone(),
            aliases: Vec::new(),
            labels: Default::default(),
            lineage: Lineage { source: source.clone(), run: None, copy_of: None },
            by: "tester".into(),
            host: "here".into(),
            at: now,
        };
        for expected in 1..=2 {
            assert_eq!(registry.push(&contents, &push).await.unwrap().version.version, expected);
        }
        let at = Endpoint {
            endpoint: "digits".into(),
            revision: "v1".into(),
            runtime: "local".into(),
            host: Some("here".into()),
        };
        let deployment = Deployment {
            schema_version: DEPLOYMENT_VERSION,
            version: 1,
            at: at.clone(),
            since: now,
            by: "tester".to_owned(),
        };
        registry.deployed(&name, &deployment).await.unwrap();
        let shown = registry.version(&"digits@1".parse().unwrap()).await.unwrap();
        assert_eq!(shown.deployments.as_slice(), std::slice::from_ref(&deployment));
        let error = registry.remove(&name, 1, "tester", now).await.unwrap_err();
        assert!(matches!(error, RegistryError::Deployed { version: 1, .. }), "{error}");
        assert!(error.to_string().contains("digits/v1 in local on here"), "{error}");
        // Retention keeps it, too.
        registry.set_retention(&name, Some(1), "tester", now).await.unwrap();
        let pushed = registry.push(&contents, &push).await.unwrap();
        let removed: Vec<u64> = pushed.removed.iter().map(|one| one.version).collect();
        assert_eq!(removed, [2]);
        registry.undeployed(&name, 1, &at).await.unwrap();
        registry.undeployed(&name, 1, &at).await.unwrap();
        registry.remove(&name, 1, "tester", now).await.unwrap();
        let gone = Deployment { version: 1, ..deployment };
        assert!(registry.deployed(&name, &gone).await.is_err());
        let left = registry.model(&name).await.unwrap();
        assert_eq!(left.versions.iter().map(|one| one.version).collect::<Vec<_>>(), [3]);
    });
}

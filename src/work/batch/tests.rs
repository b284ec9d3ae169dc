//! From a spec to a plan, a document and an output.

use std::collections::BTreeMap;

use indexmap::IndexMap;

use super::*;
use crate::gang::ReplicaId;
use crate::plan::{
    ClusterLayout, OutputDirs, Plan, PlanContext, Protocol, RuntimeDefaults, TASKS_VERSION,
    environment,
};
use crate::spec::{Document, LoadOptions, Source, load};
use crate::storage::{Object, StorageConfig, Stores};

fn batch(rest: &str, base: &std::path::Path) -> LoadedBatch {
    let text = format!("apiVersion: mlctl.dev/v1\nkind: BatchPredictJob\nname: b\n{rest}");
    let mut loaded = load(&[Source::new("b.yaml", text.clone())], &LoadOptions::default()).unwrap();
    let Document::BatchPredictJob(job) = loaded.documents.remove(0) else { panic!("a batch") };
    LoadedBatch::new(job.spec, job.from_env, text.into(), base.to_owned(), false, BTreeMap::new())
}

fn inputs() -> Vec<Object> {
    let etag = Some("e".to_owned());
    vec![Object { place: "s3://b/in.jsonl".into(), size: 10, etag, modified: None }]
}

fn documented(batch: &LoadedBatch) -> JobDocument {
    document(batch, batch.model.place.as_ref(), inputs())
}

fn planned(batch: &LoadedBatch) -> Plan {
    let context = PlanContext {
        run: "b-123456".parse().unwrap(),
        runtime_defaults: RuntimeDefaults::LOCAL,
        code_base: "/base".into(),
    };
    plan(batch, &documented(batch), &context).unwrap()
}

const SMALL: &str =
    "model: {uri: m, server: tensorflow-serving}\ninput: s3://b/in.jsonl\noutput: o\n";

#[test]
fn results_within_the_code_do_not_travel_with_it() {
    let spec = "model: {uri: m, server: tensorflow-serving}\ninput: in.jsonl\ncode: .\n";
    for (output, left) in
        [("out", Some("/base/out")), ("s3://b/out", None), ("/else", Some("/else"))]
    {
        let batch = batch(&format!("{spec}output: {output}\n"), "/base".as_ref());
        let rules = batch.workers.code_rules();
        assert_eq!(rules.output.as_deref(), left.map(std::path::Path::new), "{output}");
    }
}

#[test]
fn a_plan_of_tasks_is_of_format_2_and_comes_back_the_same() {
    let plan = planned(&batch(SMALL, "/base".as_ref()));
    assert_eq!(plan.head.schema_version, TASKS_VERSION);
    assert_eq!(Plan::read(&serde_json::to_vec(&plan).unwrap()).unwrap(), plan);
    let batch = plan.batch().unwrap();
    assert_eq!(batch.output.as_str(), "/base/o");
    assert_eq!(batch.server.model.as_ref().unwrap().as_str(), "/base/m");
    assert_eq!(batch.server.protocol, Protocol::TensorflowRest);
    let command = &plan.gang().roles[0].command;
    assert_eq!(command[..4], ["{mlctl}", "batch-worker", "--", "tensorflow_model_server"]);
}

#[test]
fn a_worker_is_told_its_job_and_meets_nobody() {
    let plan = planned(&batch(&format!("{SMALL}replicas: 3\n"), "/base".as_ref()));
    let replica = ReplicaId::new("worker", 2);
    let dirs = OutputDirs::of_primary("/out");
    let env: IndexMap<String, String> =
        environment(&plan, &replica, &ClusterLayout::of(&plan), &dirs).unwrap();
    assert_eq!((&*env["RANK"], &*env["WORLD_SIZE"]), ("2", "3"));
    let told: crate::plan::BatchPlan = serde_json::from_str(&env["MLCTL_BATCH"]).unwrap();
    assert_eq!(&told, plan.batch().unwrap());
    for name in ["CLUSTER_SPEC", "MASTER_ADDR", "TF_CONFIG", "AIP_MODEL_DIR"] {
        assert!(!env.contains_key(name), "{name}");
    }
}

#[test]
fn an_endpoint_needs_no_command_and_an_image_alone_gets_none() {
    let rest = "input: s3://b/in.jsonl\noutput: o\n";
    let there = format!("endpoint: http://m:1\nmodel: {{server: openai}}\n{rest}");
    let plan = planned(&batch(&there, "/".as_ref()));
    assert_eq!(plan.gang().roles[0].command, ["{mlctl}", "batch-worker", "--"]);
    assert_eq!(plan.batch().unwrap().max_batch_size, 1);
    let mut plan =
        planned(&batch(&format!("model: {{image: x, args: [a]}}\n{rest}"), "/".as_ref()));
    assert!(plan.gang().roles[0].command.is_empty());
    plan.gang_mut().roles[0].command = vec!["serve".into(), "a".into()];
    build::wrap_image_command(&mut plan);
    assert_eq!(plan.gang().roles[0].command, ["{mlctl}", "batch-worker", "--", "serve", "a"]);
}

#[test]
fn the_identity_is_of_what_results_depend_on() {
    let base = std::path::Path::new("/base");
    let id = |rest: &str| documented(&batch(&format!("{SMALL}{rest}"), base)).id;
    assert_eq!(id(""), id("replicas: 4\nbatching: {maxBatchSize: 1}\ncpu: 2\n"));
    assert_eq!(id("parameters: {a: 1, b: 2}\n"), id("parameters: {b: 2, a: 1}\n"));
    assert_ne!(id(""), id("parameters: {a: 1}\n"));
    assert_ne!(id(""), id("instances: {keyField: id}\n"));
    let document = documented(&batch(SMALL, base));
    assert_eq!(identity(&document), document.id);
    let mut other = document.clone();
    other.inputs[0].etag = Some("f".into());
    other.model = "/n".into();
    let differs = differences(&other, &document);
    assert_eq!(
        differs,
        ["model: there `/n`, here `/base/m`", "the input s3://b/in.jsonl has changed since"]
    );
}

#[tokio::test]
async fn an_output_belongs_to_one_job() {
    let folder = tempfile::tempdir().unwrap();
    let base = folder.path();
    fs_err::write(base.join("in.jsonl"), "1\n\n2\n").unwrap();
    let rest = "model: {uri: m, server: tensorflow-serving}\ninput: '*.jsonl'\noutput: .\n";
    let job = batch(rest, base);
    let stores = Stores::new(StorageConfig::default());
    let here = survey(&stores, &job).await.unwrap();
    assert_eq!(count_rows(&stores, &here).await.unwrap(), Some(2));
    let output = job.output();
    assert_eq!(progress(&stores, &output, &here).await.unwrap(), Progress::Fresh);
    assert_eq!(claim(&stores, &output, &here).await.unwrap(), Progress::Fresh);
    let begun = Progress::Begun { committed: 0 };
    assert_eq!(progress(&stores, &output, &here).await.unwrap(), begun);
    let layout = OutputLayout::new(&output, here.shards.len());
    for generation in 0..2 {
        stores.put(&layout.marker(0, generation), "{}").await.unwrap();
    }
    let begun = Progress::Begun { committed: 1 };
    assert_eq!(progress(&stores, &output, &here).await.unwrap(), begun);
    let other = batch(&format!("{rest}parameters: {{a: 1}}\n"), base);
    let other = survey(&stores, &other).await.unwrap();
    for refused in [progress(&stores, &output, &other).await, claim(&stores, &output, &other).await]
    {
        assert!(matches!(refused, Err(BatchSubmitError::Other { .. })), "{refused:?}");
    }
    let nothing = batch(&rest.replace("*.jsonl", "*.csv"), base);
    assert!(matches!(survey(&stores, &nothing).await, Err(BatchSubmitError::NoInput(_))));
}

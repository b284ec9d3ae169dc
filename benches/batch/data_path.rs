//! The data path with a server in the same process that costs nothing, against finding the lines of the
//! same file and checking that they are JSON, on one core; in turns. Prints one line of JSON.

use std::fmt::Write;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures::FutureExt;
use futures::future::BoxFuture;
use mlctl::plan::{BatchPlan, Protocol, ServerPlan};
use mlctl::storage::{Object, StorageConfig, Stores};
use mlctl::work::batch::{
    Answer, Answers, InputFormat, JOB_VERSION, JobDocument, OutputFormat, OutputLayout, Permit,
    PredictError, Predictor, Rows, WorkerEnd, WorkerPlace, cut, run_worker,
};
use serde_json::json;
use serde_json::value::RawValue;
use tokio::sync::Semaphore;

const TURNS: usize = 5;

/// Answers with the same prediction, at once.
struct Constant(Arc<Semaphore>);

impl Predictor for Constant {
    fn predict<'a>(
        &'a self,
        instances: Vec<&'a [u8]>,
    ) -> BoxFuture<'a, Result<Answers, PredictError>> {
        let answer = Answer::Prediction(Bytes::from_static(b"[0.0125,0.9875]"));
        async move { Ok(Answers { rows: vec![answer; instances.len()], versions: Vec::new() }) }
            .boxed()
    }

    fn admit(&self) -> BoxFuture<'_, Permit> {
        async { Permit(Arc::clone(&self.0).acquire_owned().await.ok()) }.boxed()
    }
}

/// Seconds, and seconds of a processor.
#[derive(Clone, Copy)]
struct Took {
    seconds: f64,
    cpu: f64,
}

pub(crate) fn measure(rows: u64) {
    let folder = tempfile::tempdir().unwrap();
    let input = folder.path().join("rows.jsonl");
    std::fs::write(&input, text(rows)).unwrap();
    let stores = Stores::new(StorageConfig::default());
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let object =
        runtime.block_on(stores.head(&input.display().to_string().as_str().into())).unwrap();
    let plan = plan(&folder.path().join("out").display().to_string());
    let (mut alone, mut whole) = (Vec::new(), Vec::new());
    for _ in 0..TURNS {
        alone.push(took(|| assert_eq!(runtime.block_on(lines_alone(&stores, &object)), rows)));
        let _ = std::fs::remove_dir_all(folder.path().join("out"));
        runtime.block_on(prepare(&stores, &plan, &object));
        // As the worker does it: on the runtime's own threads.
        let work = data_path(stores.clone(), plan.clone(), rows);
        whole.push(took(|| runtime.block_on(runtime.spawn(work)).unwrap()));
    }
    let ratios = |of: fn(&Took) -> f64| {
        let pairs = alone.iter().zip(&whole);
        median(pairs.map(|(alone, whole)| of(alone) / of(whole)).collect())
    };
    let per_second = |all: &[Took]| rows as f64 / median(all.iter().map(|t| t.seconds).collect());
    let per_million =
        |all: &[Took]| median(all.iter().map(|t| t.cpu).collect()) / (rows as f64 / 1e6);
    let found = json!({
        "rows": rows,
        "bytes": object.size,
        "alone": {"rowsPerSecond": per_second(&alone), "cpu": per_million(&alone)},
        "whole": {"rowsPerSecond": per_second(&whole), "cpu": per_million(&whole)},
        "ofSpeed": ratios(|took| took.seconds),
        "ofCpu": ratios(|took| took.cpu),
    });
    println!("{found}");
}

fn text(rows: u64) -> String {
    let mut text = String::new();
    for row in 0..rows {
        let x = row as f64 / 7.0;
        writeln!(
            text,
            "{{\"id\":{row},\"pixels\":[{x:.4},0.25,1e-3,17,0.0,{x:.2}],\"name\":\"row {row}\"}}"
        )
        .unwrap();
    }
    text
}

async fn lines_alone(stores: &Stores, object: &Object) -> u64 {
    let (mut at, mut rows, mut rest) = (0, 0, Vec::new());
    while at < object.size {
        let end = (at + (8 << 20)).min(object.size);
        let chunk = stores.read_range(object, at..end).await.unwrap();
        let mut begin = 0;
        for newline in memchr::memchr_iter(b'\n', &chunk) {
            let line = &chunk[begin..newline];
            if rest.is_empty() {
                serde_json::from_slice::<&RawValue>(line).unwrap();
            } else {
                rest.extend_from_slice(line);
                serde_json::from_slice::<&RawValue>(&rest).unwrap();
                rest.clear();
            }
            begin = newline + 1;
            rows += 1;
        }
        rest.extend_from_slice(&chunk[begin..]);
        at = end;
    }
    rows
}

async fn prepare(stores: &Stores, plan: &BatchPlan, input: &Object) {
    let inputs = vec![Object { modified: None, ..input.clone() }];
    let document = JobDocument {
        schema_version: JOB_VERSION,
        id: plan.job.clone(),
        model: "constant".into(),
        registered: None,
        asked: json!(null),
        format: InputFormat::Jsonl,
        output_format: OutputFormat::Jsonl,
        instances: Rows::default(),
        parameters: None,
        shards: cut(&inputs, InputFormat::Jsonl),
        inputs,
    };
    let place = OutputLayout::job(&plan.output);
    stores.put(&place, serde_json::to_vec(&document).unwrap()).await.unwrap();
}

async fn data_path(stores: Stores, plan: BatchPlan, rows: u64) {
    let place = WorkerPlace { index: 0, replicas: 1, writer: "bench".into() };
    let server = Constant(Arc::new(Semaphore::new(32)));
    match run_worker(&stores, &plan, place, &server, &|_| ()).await.unwrap() {
        WorkerEnd::Complete(summary) => assert_eq!(summary.succeeded, rows),
        WorkerEnd::OverLimit { reason } => panic!("{reason}"),
    }
}

fn plan(output: &str) -> BatchPlan {
    BatchPlan {
        output: output.into(),
        job: "bench".into(),
        server: ServerPlan {
            protocol: Protocol::Vertex,
            address: None,
            model_name: "constant".into(),
            version: None,
            signature: None,
            predict_route: None,
            health_route: None,
            port: None,
            model: None,
            parameters: None,
            start_timeout: Duration::from_secs(1),
            restarts: 0,
        },
        max_batch_size: 64,
        max_batch_bytes: 1 << 20,
        max_in_flight: None,
        max_line_bytes: 1 << 20,
        request_timeout: Duration::from_secs(1),
        max_failed: None,
        max_failed_fraction: None,
        retry: None,
        storage: std::collections::BTreeMap::new(),
    }
}

fn took(work: impl FnOnce()) -> Took {
    let (began, used) = (Instant::now(), cpu());
    work();
    Took { seconds: began.elapsed().as_secs_f64(), cpu: cpu() - used }
}

/// Seconds of a processor that this process has used.
fn cpu() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    let ticks: f64 = fields[11].parse::<f64>().unwrap() + fields[12].parse::<f64>().unwrap();
    ticks / rustix::param::clock_ticks_per_second() as f64
}

fn median(mut all: Vec<f64>) -> f64 {
    all.sort_by(f64::total_cmp);
    all[all.len() / 2]
}

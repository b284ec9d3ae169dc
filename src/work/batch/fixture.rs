//! A job over a local folder, for tests: inputs, the job's document, and a predictor that answers with
//! what it was sent.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use bytes::Bytes;
use futures::FutureExt;
use futures::future::BoxFuture;
use serde_json::Value;
use tokio::sync::Semaphore;

use super::input::is_packed;
use super::{
    Answer, Answers, InputFormat, JOB_VERSION, JobDocument, OutputFormat, OutputLayout, Permit,
    PredictError, Predictor, RowError, Rows, Shard, Summary, WorkerEnd, WorkerPlace, run_worker,
};
use crate::plan::{BatchPlan, Protocol};
use crate::storage::{StorageConfig, Stores};
use crate::work::protocol::fixture::server_plan;

/// Answers every instance with itself; one that has `bad` in it fails while the server is ill, and the
/// server is gone after so many batches.
pub(crate) struct Echo {
    ill: bool,
    batches: AtomicU64,
    window: Arc<Semaphore>,
}

impl Echo {
    /// `ill`: rows with `bad` in them fail; `batches`: how many are answered.
    pub(crate) fn new(ill: bool, batches: u64) -> Self {
        Self { ill, batches: AtomicU64::new(batches), window: Arc::new(Semaphore::new(5)) }
    }
}

impl Predictor for Echo {
    fn predict<'a>(
        &'a self,
        instances: Vec<&'a [u8]>,
    ) -> BoxFuture<'a, Result<Answers, PredictError>> {
        async move {
            let left = self.batches.fetch_update(Relaxed, Relaxed, |left| left.checked_sub(1));
            if left.is_err() {
                return Err(PredictError { reason: "the server is gone".into() });
            }
            // Batches overtake each other.
            for _ in 0..instances[0].len() % 3 {
                tokio::task::yield_now().await;
            }
            let answer = |instance: &[u8]| {
                if self.ill && memchr::memmem::find(instance, b"bad").is_some() {
                    return Answer::Failed(RowError { code: 400, message: "it is bad".into() });
                }
                Answer::Prediction(Bytes::copy_from_slice(instance))
            };
            let rows: Vec<Answer> = instances.into_iter().map(answer).collect();
            let predicted = rows.iter().filter(|row| matches!(row, Answer::Prediction(_))).count();
            Ok(Answers { rows, versions: vec![("1".into(), predicted as u64)] })
        }
        .boxed()
    }

    fn admit(&self) -> BoxFuture<'_, Permit> {
        async { Permit(Arc::clone(&self.window).acquire_owned().await.ok()) }.boxed()
    }
}

/// Of this machine.
pub(crate) fn stores() -> Stores {
    Stores::new(StorageConfig::default())
}

/// Of a job in a folder.
pub(crate) fn plan(folder: &Path) -> BatchPlan {
    BatchPlan {
        output: folder.join("out").display().to_string().into(),
        job: "id".into(),
        server: server_plan(Protocol::Vertex),
        max_batch_size: 4,
        max_batch_bytes: 1 << 20,
        max_in_flight: None,
        max_line_bytes: 1000,
        request_timeout: Duration::from_secs(1),
        max_failed: None,
        max_failed_fraction: None,
        retry: None,
        storage: BTreeMap::new(),
    }
}

/// Of one worker.
pub(crate) fn place(index: u32, replicas: u32, writer: &str) -> WorkerPlace {
    WorkerPlace { index, replicas, writer: writer.into() }
}

/// Writes the inputs and the job's document, with shards of `size` bytes.
pub(crate) async fn job(
    folder: &Path,
    files: &[(&str, Vec<u8>)],
    size: u64,
    format: InputFormat,
    instances: Rows,
    output_format: OutputFormat,
) -> JobDocument {
    let stores = stores();
    let (mut inputs, mut shards) = (Vec::new(), Vec::new());
    for (name, text) in files {
        let path = folder.join(name).display().to_string();
        let place = path.as_str().into();
        stores.put(&place, text.clone()).await.unwrap();
        let object = stores.head(&place).await.unwrap();
        let input = inputs.len() as u32;
        let mut begin = 0;
        while begin < object.size {
            let end = if is_packed(format, &object) {
                object.size
            } else {
                (begin + size).min(object.size)
            };
            shards.push(Shard { input, begin, end });
            begin = end;
        }
        inputs.push(object);
    }
    let job = JobDocument {
        registered: None,
        schema_version: JOB_VERSION,
        id: "id".into(),
        model: "m".into(),
        asked: Value::Null,
        format,
        output_format,
        instances,
        parameters: None,
        inputs,
        shards,
    };
    let place = OutputLayout::job(&plan(folder).output);
    stores.put(&place, serde_json::to_vec(&job).unwrap()).await.unwrap();
    job
}

/// Does the whole job.
pub(crate) async fn complete(plan: &BatchPlan, ill: bool) -> Summary {
    let echo = Echo::new(ill, u64::MAX);
    let end = run_worker(&stores(), plan, place(0, 1, "last"), &echo, &|_| ()).await.unwrap();
    match end {
        WorkerEnd::Complete(summary) => *summary,
        WorkerEnd::OverLimit { reason } => panic!("{reason}"),
    }
}

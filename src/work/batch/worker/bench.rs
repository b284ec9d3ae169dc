//! How fast the data path is: `just bench-batch`.

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use futures::FutureExt;
use futures::future::BoxFuture;
use serde_json::value::RawValue;
use tokio::sync::Semaphore;

use super::run_worker;
use crate::storage::Stores;
use crate::work::batch::fixture::{job, place, plan, stores};
use crate::work::batch::{
    Answer, InputFormat, OutputFormat, Permit, PredictError, Predictor, Rows,
};

/// Answers with the same prediction, at once.
struct Constant(Arc<Semaphore>);

impl Predictor for Constant {
    fn predict(&self, instances: Vec<Bytes>) -> BoxFuture<'_, Result<Vec<Answer>, PredictError>> {
        let prediction = Bytes::from_static(b"[0.0125,0.9875]");
        let answer = Answer::Prediction { prediction, version: None };
        async move { Ok(vec![answer; instances.len()]) }.boxed()
    }

    fn admit(&self) -> BoxFuture<'_, Permit> {
        async { Permit(Arc::clone(&self.0).acquire_owned().await.ok()) }.boxed()
    }
}

/// Seconds of a processor that this process has used.
fn cpu() -> f64 {
    let stat = fs_err::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    let ticks: f64 = fields[11].parse::<f64>().unwrap() + fields[12].parse::<f64>().unwrap();
    ticks / rustix::param::clock_ticks_per_second() as f64
}

/// The most memory that this process has had, in MiB.
fn memory() -> u64 {
    let status = fs_err::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1024
}

async fn lines_alone(stores: &Stores, object: &crate::storage::Object) -> u64 {
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

/// Rows per second of the whole data path with a server that costs nothing, against finding the lines
/// of the same file and checking that they are JSON, on one core. `MLCTL_BENCH_ROWS` says how many.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement: just bench-batch"]
async fn data_path() {
    let rows = std::env::var("MLCTL_BENCH_ROWS").ok().and_then(|rows| rows.parse().ok());
    let rows: u64 = rows.unwrap_or(2_000_000);
    let folder = tempfile::tempdir().unwrap();
    let mut text = String::new();
    for row in 0..rows {
        use std::fmt::Write;
        let x = row as f64 / 7.0;
        writeln!(
            text,
            "{{\"id\":{row},\"pixels\":[{x:.4},0.25,1e-3,17,0.0,{x:.2}],\"name\":\"row {row}\"}}"
        )
        .unwrap();
    }
    let mib = text.len() as f64 / f64::from(1 << 20);
    let files = [("rows.jsonl", text.into_bytes())];
    let (format, to) = (InputFormat::Jsonl, OutputFormat::Jsonl);
    let job = job(folder.path(), &files, 64 << 20, format, Rows::default(), to).await;
    drop(files);
    println!("{rows} rows, {mib:.0} MiB");
    for _ in 0..3 {
        let (began, used) = (Instant::now(), cpu());
        assert_eq!(lines_alone(&stores(), &job.inputs[0]).await, rows);
        let alone = rows as f64 / began.elapsed().as_secs_f64();
        println!("lines alone  {alone:>10.0} rows/s, {:.2} CPU s", cpu() - used);

        let mut plan = plan(folder.path());
        plan.max_batch_size = 64;
        let _ = fs_err::remove_dir_all(folder.path().join("out/_mlctl/shards"));
        let (began, used) = (Instant::now(), cpu());
        let server = Constant(Arc::new(Semaphore::new(32)));
        run_worker(&stores(), &plan, place(0, 1, "bench"), &server, &|_| ()).await.unwrap();
        let whole = rows as f64 / began.elapsed().as_secs_f64();
        let used = (cpu() - used) / (rows as f64 / 1e6);
        println!(
            "data path    {whole:>10.0} rows/s, {used:.2} CPU s per million rows: {:.0} % of the \
             lines alone; {} MiB at most",
            whole / alone * 100.0,
            memory()
        );
    }
}

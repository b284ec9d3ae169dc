//! The worker over local folders: whatever dies, every row has exactly one line.

use std::path::Path;
use std::pin::Pin;
use std::task::{Context, Poll};

use serde_json::{Value, json};

use super::{WorkerEnd, run_worker};
use crate::work::batch::fixture::{Echo, complete, job, place, plan, stores};
use crate::work::batch::{BatchError, InputFormat, OutputFormat, Rows, plan_retry};

/// Every file of the results and errors, and whatever else is in the output.
fn files(folder: &Path) -> (String, Vec<Value>, Vec<String>) {
    let (mut results, mut errors, mut others) = (String::new(), Vec::new(), Vec::new());
    let mut folders = vec![folder.join("out")];
    let mut all = Vec::new();
    while let Some(next) = folders.pop() {
        for entry in fs_err::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { all.push(path) }
        }
    }
    all.sort();
    for path in all {
        let name = path.strip_prefix(folder.join("out")).unwrap().display().to_string();
        if name.starts_with("prediction.results-") {
            results += &fs_err::read_to_string(path).unwrap();
        } else if name.starts_with("prediction.errors_stats-") {
            let text = fs_err::read_to_string(path).unwrap();
            errors.extend(text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()));
        } else if !name.starts_with("_mlctl/shards/") {
            others.push(name);
        }
    }
    (results, errors, others)
}

/// So many rows, of which each thirteenth is bad and each seventeenth no JSON.
fn rows(count: usize) -> (Vec<u8>, String, usize) {
    let (mut text, mut good, mut failed) = (String::new(), String::new(), 0);
    for row in 0..count {
        let pad = "x".repeat(row % 23);
        let line = if row % 17 == 5 {
            format!("{{\"row\": {row}, broken")
        } else if row % 13 == 3 {
            format!("{{\"row\": {row}, \"bad\": 1.50}}")
        } else {
            format!("{{\"row\": {row}, \"pad\": \"{pad}\", \"x\": NaN}}")
        };
        if row % 17 == 5 || row % 13 == 3 {
            failed += 1;
        } else {
            good.extend(["{\"instance\":", &line, ",\"prediction\":", &line, "}\n"]);
        }
        text += &line;
        text.push('\n');
    }
    (text.into(), good, failed)
}

/// Ends a future after so many polls, as a kill would.
struct Killed<F>(Pin<Box<F>>, u32);

impl<F: Future> Future for Killed<F> {
    type Output = Option<F::Output>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        if self.1 == 0 {
            return Poll::Ready(None);
        }
        self.1 -= 1;
        self.0.as_mut().poll(cx).map(Some)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_row_has_one_line_whatever_dies() {
    let mut random = fastrand::Rng::with_seed(7);
    for round in 0..12 {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        let (text, good, failed) = rows(600);
        let half = text.len() / 2;
        let cut = half + text[half..].iter().position(|b| *b == b'\n').unwrap() + 1;
        let inputs = [("a.jsonl", text[..cut].to_vec()), ("b.jsonl", text[cut..].to_vec())];
        let job =
            job(folder, &inputs, 700, InputFormat::Jsonl, Rows::default(), OutputFormat::Jsonl);
        let job = job.await;
        assert!(job.shards.len() > 20);
        let plan = plan(folder);
        for wave in 0..4 {
            let workers = (0..3).map(|index| {
                let polls = random.u32(1..400);
                let batches = if random.bool() { random.u64(0..60) } else { u64::MAX };
                let (plan, writer) = (plan.clone(), format!("w{round}-{wave}-{index}"));
                tokio::spawn(async move {
                    let echo = Echo::new(true, batches);
                    let stores = stores();
                    let run = run_worker(&stores, &plan, place(index, 3, &writer), &echo, &|_| ());
                    Killed(Box::pin(run), polls).await.map(|end| end.map_err(|e| e.to_string()))
                })
            });
            for worker in workers.collect::<Vec<_>>() {
                if let Some(Err(error)) = worker.await.unwrap() {
                    assert!(error.contains("the server is gone"), "{error}");
                }
            }
        }
        let summary = complete(&plan, true).await;
        let (results, errors, others) = files(folder);
        assert_eq!(results, good);
        assert_eq!((errors.len(), summary.failed), (failed, failed as u64));
        assert_eq!(summary.rows, 600);
        assert_eq!(others, ["_mlctl/job.json", "_mlctl/summary.json"]);
        // Each error says which line it is.
        for error in errors {
            let (file, line) =
                (&error["source"]["file"], error["source"]["line"].as_u64().unwrap());
            let file = fs_err::read_to_string(file.as_str().unwrap()).unwrap();
            let line = file.lines().nth(line as usize - 1).unwrap();
            match &error["instance"] {
                Value::String(shown) => assert_eq!(shown, line),
                instance => assert_eq!(*instance, serde_json::from_str::<Value>(line).unwrap()),
            }
        }
        // The same again changes nothing.
        assert_eq!(complete(&plan, false).await.failed, failed as u64);
        assert_eq!(files(folder).0, good);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn failed_rows_are_asked_again_and_nothing_else_changes() {
    let mut random = fastrand::Rng::with_seed(11);
    for format in [OutputFormat::Jsonl, OutputFormat::Csv] {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        let (text, _, _) = rows(300);
        let inputs = [("a.jsonl", text.clone())];
        job(folder, &inputs, 900, InputFormat::Jsonl, Rows::default(), format).await;
        let mut plan = plan(folder);
        let broken = (0..300).filter(|row| row % 17 == 5).count();
        complete(&plan, false).await;
        let whole = files(folder).0;
        // The same job on a server that is ill.
        fs_err::remove_dir_all(folder.join("out/_mlctl/shards")).unwrap();
        let before = complete(&plan, true).await;
        assert!(before.failed > broken as u64 && files(folder).0 != whole);
        for _ in 0..6 {
            let retry = plan_retry(&stores(), &plan.output).await.unwrap();
            plan.retry = Some(retry.generation);
            let (plan, polls) = (plan.clone(), random.u32(1..300));
            let echo = Echo::new(false, u64::MAX);
            let stores = stores();
            let run = run_worker(&stores, &plan, place(0, 1, &format!("r{polls}")), &echo, &|_| ());
            Killed(Box::pin(run), polls).await;
        }
        plan.retry = Some(plan_retry(&stores(), &plan.output).await.unwrap().generation);
        let after = complete(&plan, false).await;
        assert_eq!((after.rows, after.failed), (300, broken as u64));
        let (results, errors, others) = files(folder);
        assert_eq!(results, whole);
        assert_eq!(errors.len(), broken);
        assert_eq!(others, ["_mlctl/job.json", "_mlctl/summary.json"]);
        assert_eq!(plan_retry(&stores(), &plan.output).await.unwrap().rows, broken as u64);
    }
}

/// A retry may begin while workers of the job itself are still at it.
#[tokio::test]
async fn a_retry_does_what_nobody_has_done_as_the_job_itself_would() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let (text, _, _) = rows(300);
    let inputs = [("a.jsonl", text)];
    job(folder, &inputs, 900, InputFormat::Jsonl, Rows::default(), OutputFormat::Jsonl).await;
    let mut plan = plan(folder);
    complete(&plan, false).await;
    let (whole, all) = (files(folder), shards(folder));
    let kept = all.len() / 2;
    for name in &all[kept..] {
        fs_err::remove_file(folder.join("out/_mlctl/shards").join(name)).unwrap();
    }
    plan.retry = Some(plan_retry(&stores(), &plan.output).await.unwrap().generation);
    assert_eq!(plan.retry, Some(1));
    complete(&plan, false).await;
    let now = shards(folder);
    for name in &all {
        assert!(now.contains(name), "{name} in {now:?}: of all who do a shard first, one is");
    }
    // A worker of the job that comes back finds nothing to do, and changes nothing.
    plan.retry = None;
    complete(&plan, false).await;
    assert_eq!((files(folder), shards(folder)), (whole, now));
}

fn shards(folder: &Path) -> Vec<String> {
    let names = fs_err::read_dir(folder.join("out/_mlctl/shards")).unwrap();
    let mut names: Vec<String> =
        names.map(|name| name.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[tokio::test]
async fn a_job_ends_over_its_limit_and_an_input_that_changed_is_no_mix() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let (text, _, failed) = rows(300);
    let inputs = [("a.jsonl", text.clone())];
    job(folder, &inputs, 900, InputFormat::Jsonl, Rows::default(), OutputFormat::Jsonl).await;
    let mut limited = plan(folder);
    limited.max_failed = Some(3);
    let echo = Echo::new(true, u64::MAX);
    let end = run_worker(&stores(), &limited, place(0, 1, "a"), &echo, &|_| ()).await.unwrap();
    assert!(matches!(end, WorkerEnd::OverLimit { reason } if reason.contains("maxFailed")));
    limited.max_failed = Some(failed as u64);
    limited.max_failed_fraction = Some(0.9);
    assert_eq!(complete(&limited, true).await.rows, 300);
    limited.max_failed_fraction = Some(0.01);
    let end = run_worker(&stores(), &limited, place(0, 1, "b"), &echo, &|_| ()).await.unwrap();
    assert!(matches!(end, WorkerEnd::OverLimit { reason } if reason.contains("Fraction")));

    fs_err::remove_dir_all(folder.join("out/_mlctl/shards")).unwrap();
    fs_err::write(folder.join("a.jsonl"), [&text[..], b"{}\n"].concat()).unwrap();
    let error = run_worker(&stores(), &plan(folder), place(0, 1, "c"), &echo, &|_| ()).await;
    assert!(matches!(error.unwrap_err(), BatchError::InputChanged { .. }));
}

#[tokio::test]
async fn formats_go_through_the_whole_path() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let csv = b"id,x,name\n1,2,\"a\nb\"\n\"2\",3.5,c\n3,4\n".to_vec();
    let keyed = Rows { key_field: Some("id".into()), ..Rows::default() };
    job(folder, &[("a.csv", csv)], 1000, InputFormat::Csv, keyed, OutputFormat::Jsonl).await;
    complete(&plan(folder), false).await;
    let (results, errors, _) = files(folder);
    let expected = "{\"key\":1.0,\"prediction\":[2.0,\"a\\nb\"]}\n{\"key\":\"2\",\"prediction\":[3.5,\"c\"]}\n";
    assert_eq!(results, expected);
    assert_eq!(errors[0]["source"]["line"], 5);

    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let csv = b"x,name\n2,\"a\nb\"\n".to_vec();
    job(folder, &[("a.csv", csv)], 1000, InputFormat::Csv, Rows::default(), OutputFormat::Csv)
        .await;
    complete(&plan(folder), false).await;
    let expected = "x,name,prediction\n2.0,\"a\nb\",\"[2.0,\"\"a\\nb\"\"]\"\n";
    assert_eq!(files(folder).0, expected);

    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    // A file is no folder; a row, and not the job, is wrong.
    let list = b"x.png\nmissing.png\nx.png/1\n".to_vec();
    fs_err::write(folder.join("x.png"), b"hello").unwrap();
    let none = Rows::default();
    job(folder, &[("list.txt", list)], 1000, InputFormat::FileList, none, OutputFormat::Jsonl)
        .await;
    complete(&plan(folder), false).await;
    let (results, errors, _) = files(folder);
    assert_eq!(results, "{\"instance\":\"x.png\",\"prediction\":{\"b64\":\"aGVsbG8=\"}}\n");
    assert_eq!(
        (&errors[0]["instance"], &errors[0]["error"]["code"]),
        (&json!("missing.png"), &json!(404))
    );
    assert_eq!(errors[1]["instance"], "x.png/1");

    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let csv = [&b"id,"[..], &[b'x'; 2000], b"\n1,caf\xe9\n2,b\n"].concat();
    let rows = Rows::default();
    job(folder, &[("a.csv", csv)], 10_000, InputFormat::Csv, rows, OutputFormat::Jsonl).await;
    let mut short = plan(folder);
    short.max_line_bytes = 1000;
    complete(&short, false).await;
    let (results, errors, _) = files(folder);
    assert_eq!((results.as_str(), errors.len()), ("", 3), "no row becomes the header: {errors:?}");

    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let csv = b"id,name\n1,caf\xe9\n2,b\n".to_vec();
    let rows = Rows::default();
    job(folder, &[("a.csv", csv)], 1000, InputFormat::Csv, rows, OutputFormat::Jsonl).await;
    complete(&plan(folder), false).await;
    let (results, errors, _) = files(folder);
    assert_eq!(results, "{\"instance\":[2.0,\"b\"],\"prediction\":[2.0,\"b\"]}\n");
    assert!(errors[0]["error"]["message"].as_str().unwrap().contains("UTF-8"));
}

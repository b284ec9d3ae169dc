//! Evaluations over whole outputs.

use std::path::Path;

use super::{Bound, Evaluation, Question, Task, evaluate};
use crate::work::batch::fixture::{complete, job, plan, stores};
use crate::work::batch::{InputFormat, OutputFormat, Outputs, Rows};

/// A finished job whose predictions are these lines.
async fn predicted(folder: &Path, lines: &str, rows: Rows, format: OutputFormat) -> Outputs {
    let inputs = [("a.jsonl", lines.as_bytes().to_vec())];
    job(folder, &inputs, 30, InputFormat::Jsonl, rows, format).await;
    complete(&plan(folder), true).await;
    Outputs::open(&stores(), &plan(folder).output).await.unwrap()
}

fn asked(folder: &Path, name: &str, truth: &str) -> Question {
    let path = folder.join(name);
    fs_err::write(&path, truth).unwrap();
    Question {
        truth: path.display().to_string().into(),
        key: None,
        label: None,
        prediction: None,
        task: None,
        bounds: Vec::new(),
    }
}

async fn told(outputs: &Outputs, question: &Question) -> Result<Evaluation, String> {
    evaluate(&stores(), outputs, question).await.map_err(|error| error.to_string())
}

fn least(metric: &str, value: f64) -> Bound {
    Bound { metric: metric.into(), least: true, value }
}

#[tokio::test]
async fn scores_are_classes_and_failed_rows_keep_their_place() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let lines = "[0.1,0.9]\n[0.8,0.2]\n[\"bad\"]\n{no\n[0.4,0.6]\n[0.5,0.5]\n";
    let outputs = predicted(folder, lines, Rows::default(), OutputFormat::Jsonl).await;
    let mut question = asked(folder, "t.jsonl", "1\n0\n1\n1\n0\n0\n");
    question.bounds = vec![least("accuracy", 0.75), least("f1", 0.99)];
    let all = told(&outputs, &question).await.unwrap();
    assert_eq!((all.task, all.rows, all.scored, all.failed), (Task::Classification, 6, 4, 2));
    assert_eq!(all.metrics["accuracy"], Some(0.75));
    assert_eq!(all.confusion, [[2, 1], [0, 1]]);
    assert_eq!((all.classes[0].recall, all.classes[1].precision), (Some(2.0 / 3.0), Some(0.5)));
    assert_eq!(all.missed.len(), 1);
    question.bounds = vec![least("rmse", 1.0)];
    assert!(told(&outputs, &question).await.unwrap_err().contains("there are accuracy"));
    let short = told(&outputs, &asked(folder, "t.jsonl", "1\n0\n")).await.unwrap_err();
    assert!(short.contains("fewer rows"), "{short}");
    let long = told(&outputs, &asked(folder, "t.jsonl", "1\n0\n1\n1\n0\n0\n1\n")).await;
    assert!(long.unwrap_err().contains("more rows"));
    let words = told(&outputs, &asked(folder, "t.jsonl", &"\"a\"\n".repeat(6))).await.unwrap_err();
    assert!(words.contains("--prediction"), "{words}");
}

#[tokio::test]
async fn numbers_are_a_regression_joined_by_key() {
    for format in [OutputFormat::Jsonl, OutputFormat::Csv] {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        let lines = "{\"id\":1,\"y\":1.5}\n{\"id\":2,\"y\":2.5}\n{\"id\":3,\"y\":4.0}\n{\"id\":4,\"y\":9}\n";
        let rows = Rows { key_field: Some("id".into()), ..Rows::default() };
        let outputs = predicted(folder, lines, rows, format).await;
        let mut question = asked(folder, "t.csv", "price,id\n4,3\n1,1\n2,2\n");
        question.key = Some("id".into());
        question.label = Some("price".into());
        question.prediction = Some("y".into());
        question.bounds = vec![Bound { metric: "mae".into(), least: false, value: 0.2 }];
        let all = told(&outputs, &question).await.unwrap();
        assert_eq!((all.task, all.scored, all.unlabelled), (Task::Regression, 3, 1));
        assert!((all.metrics["rmse"].unwrap() - (0.5_f64 / 3.0).sqrt()).abs() < 1e-12);
        assert!((all.metrics["mae"].unwrap() - 1.0 / 3.0).abs() < 1e-12);
        assert!((all.metrics["r2"].unwrap() - (1.0 - 0.5 / (14.0 / 3.0))).abs() < 1e-12);
        assert_eq!(all.missed[0].bound, "mae <= 0.2");
        question.bounds.clear();
        question.task = Some(Task::Classification);
        assert_eq!(told(&outputs, &question).await.unwrap().task, Task::Classification);
    }
}

/// A CSV input makes floats of its keys, however they are written.
#[tokio::test]
async fn keys_of_csv_files_are_the_same_in_both() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let csv = b"id,v\n007,1\n10,2\n12345678901234567890,3\n\"x y\",4\n".to_vec();
    let rows = Rows { key_field: Some("id".into()), ..Rows::default() };
    job(folder, &[("a.csv", csv)], 1000, InputFormat::Csv, rows, OutputFormat::Jsonl).await;
    complete(&plan(folder), false).await;
    let outputs = Outputs::open(&stores(), &plan(folder).output).await.unwrap();
    let truth = "id,label\n007,1\n10,2\n12345678901234567890,9\nx y,4\n";
    let question = Question { key: Some("id".into()), ..asked(folder, "t.csv", truth) };
    let all = told(&outputs, &question).await.unwrap();
    assert_eq!((all.rows, all.scored, all.unlabelled), (4, 4, 0));
}

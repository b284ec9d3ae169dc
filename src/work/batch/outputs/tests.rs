//! What is printed of outputs, whole, limited, joined and half-published.

use crate::work::batch::fixture::{Echo, complete, job, place, plan, stores};
use crate::work::batch::{Chosen, InputFormat, OutputFormat, Outputs, Rows, run_worker};

async fn printed(outputs: &Outputs, chosen: Chosen) -> String {
    let mut all = Vec::new();
    let give = &mut |lines: &[u8]| {
        all.extend_from_slice(lines);
        Ok(())
    };
    outputs.read(chosen, give).await.unwrap();
    String::from_utf8(all).unwrap()
}

#[tokio::test]
async fn lines_come_in_input_order_with_or_without_their_inputs() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let lines: Vec<_> = (0..40).map(|row| format!("{{\"row\": {row}}}\n")).collect();
    let text = lines.concat();
    let text = text.replace("17}", "17, \"bad\": 1}").replace("{\"row\": 23}", "{row}");
    let inputs = [("a.jsonl", text.clone().into_bytes())];
    let (format, to) = (InputFormat::Jsonl, OutputFormat::Jsonl);
    job(folder, &inputs, 100, format, Rows::default(), to).await;
    let plan = plan(folder);

    // A worker that ends in the middle: what is committed is there, and no more.
    let echo = Echo::new(true, 4);
    run_worker(&stores(), &plan, place(0, 1, "a"), &echo, &|_| ()).await.unwrap_err();
    let outputs = Outputs::open(&stores(), &plan.output).await.unwrap();
    assert!(outputs.missing() > 0);
    let part = printed(&outputs, Chosen::default()).await;

    complete(&plan, true).await;
    let outputs = Outputs::open(&stores(), &plan.output).await.unwrap();
    assert_eq!(outputs.missing(), 0);
    let results = printed(&outputs, Chosen::default()).await;
    let good = text.lines().filter(|line| !line.contains("bad") && *line != "{row}");
    let good: Vec<_> =
        good.map(|line| format!("{{\"instance\":{line},\"prediction\":{line}}}\n")).collect();
    let good = good.concat();
    assert_eq!(results, good);
    assert!(part.len() < results.len() && part.lines().all(|line| results.contains(line)));
    let three = printed(&outputs, Chosen { limit: Some(3), ..Chosen::default() }).await;
    assert_eq!(three.lines().count(), 3);
    assert!(results.starts_with(&three));
    let errors = printed(&outputs, Chosen { errors: true, ..Chosen::default() }).await;
    assert_eq!(errors.lines().count(), 2);
    let joined = printed(&outputs, Chosen { join: true, ..Chosen::default() }).await;
    let first = joined.lines().next().unwrap();
    assert_eq!(
        first,
        "{\"input\":{\"row\": 0},\"instance\":{\"row\": 0},\"prediction\":{\"row\": 0}}"
    );
    assert_eq!(joined.lines().count(), 38);
    let joined = printed(&outputs, Chosen { join: true, errors: true, limit: None }).await;
    let last = joined.lines().last().unwrap();
    assert!(last.starts_with("{\"input\":\"{row}\",\"instance\":\"{row}\",\"error\":"), "{last}");
}

#[tokio::test]
async fn csv_has_one_header() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let files = [("a.csv", b"x,y\n1,\"a,b\"\n2,c\n".to_vec()), ("b.csv", b"x,y\n3,d\n".to_vec())];
    let (format, to) = (InputFormat::Csv, OutputFormat::Csv);
    job(folder, &files, 1000, format, Rows::default(), to).await;
    let plan = plan(folder);
    complete(&plan, false).await;
    let outputs = Outputs::open(&stores(), &plan.output).await.unwrap();
    let text = printed(&outputs, Chosen::default()).await;
    assert_eq!(text.lines().next(), Some("x,y,prediction"));
    assert_eq!(text.matches("prediction").count(), 1);
    assert_eq!(text.lines().last(), Some("3.0,d,\"[3.0,\"\"d\"\"]\""));
    let text = printed(&outputs, Chosen { join: true, ..Chosen::default() }).await;
    assert_eq!(text.lines().next(), Some("input,x,y,prediction"));
    assert!(text.contains("\n\"2,c\",2.0,c,"));
}

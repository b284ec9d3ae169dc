//! What a command reports of its training.

use serde_json::Value as Json;

use crate::support::{Sandbox, stdout};

const HEAD: &str = "apiVersion: mlctl.dev/v1\nkind: TrainJob\nname: curve\n";

/// As cloudml-hypertune does it: strings, in a file that is written whole each time, with the last 100.
/// There are fewer, so that none is lost however late the file is read.
const HYPERTUNE: &str = r#"
import collections, json, os, time
path, reports = os.environ["CLOUD_ML_HP_METRIC_FILE"], collections.deque(maxlen=100)
os.makedirs(os.path.dirname(path), exist_ok=True)
for epoch in range(1, 91):
    reports.append({
        "timestamp": time.time(), "trial": "0", "val_score": str(epoch / 1000),
        "global_step": str(epoch), "checkpoint_path": "",
    })
    with open(path, "w") as file:
        for report in reports:
            file.write(json.dumps(report, sort_keys=True) + "\n")
    time.sleep(0.02)
"#;

/// Steps and values of one metric, as the events of a run have them.
fn curve(sandbox: &Sandbox, name: &str) -> Vec<(u64, f64)> {
    let events = stdout(&sandbox.run(0, ["train", "--events"]));
    let events = events.lines().map(|line| serde_json::from_str::<Json>(line).expect("an event"));
    let metrics = events.filter(|event| event["type"] == "metrics");
    metrics
        .filter_map(|event| Some((event["step"].as_u64()?, event["values"][name].as_f64()?)))
        .collect()
}

#[test]
fn a_trainer_written_for_vertex_reports_by_its_file() {
    let sandbox = Sandbox::new();
    sandbox.write("train.py", HYPERTUNE);
    sandbox.write("mlctl.yaml", &format!("{HEAD}code: .\ncommand: [python3, train.py]\n"));
    let curve = curve(&sandbox, "val_score");
    let whole: Vec<(u64, f64)> = (1..=90).map(|step| (step, step as f64 / 1000.0)).collect();
    assert_eq!(curve, whole);
    let status: Json = serde_json::from_str(&stdout(&sandbox.run(0, ["status", "-o", "json"])))
        .expect("a document");
    assert!(status.to_string().contains("\"val_score\":0.09"), "{status}");
}

/// Steps that come in one moment are all points of the curve.
#[test]
fn every_step_that_is_printed_is_a_point() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "mlctl.yaml",
        &format!("{HEAD}command: [sh, -c, 'for i in 1 2 3 4 5 6 7 8 9; do echo epoch=$i loss=0.$i; done']\n"),
    );
    let curve = curve(&sandbox, "loss");
    let whole: Vec<(u64, f64)> = (1..=9).map(|step| (step, step as f64 / 10.0)).collect();
    assert_eq!(curve, whole);
}

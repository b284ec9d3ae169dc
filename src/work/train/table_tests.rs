//! Snapshots of what a person and a program see of a plan.

use std::fmt::Write as _;

use super::tests::{addresses, context, job};
use super::*;
use crate::plan::rendezvous::{OutputDirs, environment};
use crate::plan::{Plan, Section, table};
use crate::spec::{Accelerators, Framework};

fn sample() -> Plan {
    let mut job = job(Framework::Tensorflow, &[("chief", 1), ("worker", 2), ("ps", 1)]);
    job.labels.insert("team".into(), "vision".into());
    job.args = serde_json::from_str(r#"{"epochs":"5","api_key":"abcdef"}"#).unwrap();
    job.env = serde_json::from_str(
        r#"[{"name":"WANDB_API_KEY","value":"very-secret"},{"name":"MODE","value":"online"},
            {"name":"HF","valueFrom":{"secretKeyRef":{"name":"hub","key":"token"}}}]"#,
    )
    .unwrap();
    job.roles[1].accelerators = Some(Accelerators { kind: "nvidia-l4".into(), count: 2 });
    job.cpu = "2".parse().ok();
    job.memory = "4Gi".parse().ok();
    job.code = Some(".".into());
    job.output = Some("s3://bucket/digits/{run}".into());
    plan(&job, &context()).unwrap()
}

#[test]
fn for_a_person() {
    let plan = sample();
    let outputs = OutputDirs { model: "/m".into(), checkpoints: "/c".into(), logs: "/l".into() };
    let preview = environment(&plan, plan.gang().primary(), &addresses(), &outputs).unwrap();
    let mut text = String::new();
    for Section { title, header, rows } in table(&plan, &preview) {
        writeln!(text, "{title}").unwrap();
        for row in std::iter::once(&header).chain(&rows).filter(|row| !row.is_empty()) {
            writeln!(text, "  {}", row.join(" | ")).unwrap();
        }
    }
    insta::assert_snapshot!(text);
}

#[test]
fn for_a_program() {
    insta::assert_json_snapshot!(sample().masked());
}

//! Documents that mlctl leaves on disks and in clusters: read, and written back the same.

use fs_err::PathExt;
use mlctl::agent::AgentConfig;
use mlctl::agent::pod::PodDocument;
use mlctl::agent::stream::PlacedEvent;
use mlctl::event::{Event, EventKind};
use mlctl::gang::TerminationMessage;
use mlctl::plan::Plan;
use mlctl::plan::batch::{
    JOB_VERSION, JobDocument, MARKER_VERSION, Marker, OutputFile, OutputLayout,
};
use mlctl::storage::{ClaimMode, OUTPUT_CLAIM_VERSION, OutputClaim};
use mlctl::store::{IndexEntry, RunRecord, parse_index};
use mlctl::work::export::ExportReport;

use super::{comes_back, lines_come_back, run, runs, text, v1, v2, v3, v5, v11, v12, v13};

#[test]
fn records_plans_and_journals_come_back_the_same() {
    assert_eq!(text(v1("state/version")), "1\n");
    for run in runs() {
        let record: RunRecord = comes_back(&text(run.join("run.json")));
        let plan: Plan = comes_back(&text(run.join("plan.json")));
        let events: Vec<Event> = lines_come_back(&text(run.join("events.jsonl")));
        assert_eq!(plan.head.run, record.id);
        assert_eq!(record.journal.bytes, run.join("events.jsonl").fs_err_metadata().unwrap().len());
        assert_eq!(events.last().map(|event| event.seq), Some(record.journal.seq));
    }
}

#[test]
fn what_agents_are_told_and_leave_comes_back_the_same() {
    let (mut configs, mut messages) = (0, 0);
    for run in runs() {
        let Ok(entries) = fs_err::read_dir(run.join("agents")) else { continue };
        for path in entries.map(|entry| entry.unwrap().path()) {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if name.ends_with(".end") {
                comes_back::<TerminationMessage>(&text(path));
                messages += 1;
            } else if name.ends_with(".json") && name != "launch.json" {
                comes_back::<AgentConfig>(&text(path));
                configs += 1;
            }
        }
    }
    assert!(configs > 5 && messages > 5, "{configs} {messages}");
}

#[test]
fn events_beside_a_log_and_their_agent_come_back_the_same() {
    let events: Vec<PlacedEvent> = lines_come_back(&text(v5("worker-0.events")));
    assert_eq!(events.iter().filter(|placed| placed.at == 9).count(), 10);
    let agent: AgentConfig = comes_back(&text(v5("agent.json")));
    assert!(agent.log_files.is_some());
}

#[test]
fn the_documents_of_a_cluster_come_back_the_same() {
    let document: PodDocument = comes_back(&text(v1("pod.json")));
    assert_eq!(document.layout.jobs.len(), 4);
    assert!(!document.links.is_empty() && document.code.len() == 4);
    comes_back::<RunRecord>(&text(v1("record.json")));
}

#[test]
fn the_documents_of_a_batch_come_back_the_same() {
    let job: JobDocument = comes_back(&text(v1("job.json")));
    let marker: Marker = comes_back(&text(v1("marker.json")));
    assert_eq!((job.schema_version, marker.schema_version), (JOB_VERSION, MARKER_VERSION));
    let layout = OutputLayout::new(&"/out".into(), job.shards.len());
    for part in [&marker.results, &marker.errors] {
        assert_eq!(layout.file_at(&layout.part(&part.name)), Some(OutputFile::Part(0)));
    }
}

#[test]
fn the_plan_of_tasks_comes_back_the_same() {
    let plan: Plan = comes_back(&text(v2("plan-tasks.json")));
    let batch = plan.batch().expect("a batch");
    assert_eq!(batch.output.as_str(), "s3://out/digits");
}

#[test]
fn the_plan_with_an_archive_of_its_code_comes_back_the_same() {
    let plan: Plan = comes_back(&text(v3("plan-archive.json")));
    assert_eq!(plan.gang().archive.as_ref().map(|archive| archive.size), Some(6 << 20));
}

#[test]
fn the_index_is_read_and_its_lines_come_back_the_same() {
    let index = text(v1("state/index"));
    let parsed = parse_index(&index);
    assert_eq!(parsed.runs.len(), runs().len(), "one was removed");
    let creations = index.lines().filter(|line| line.contains("\"created\""));
    for line in creations {
        comes_back::<IndexEntry>(line);
    }
    for line in &parsed.runs {
        let record: RunRecord =
            serde_json::from_str(&text(run(&line.name).join("run.json"))).unwrap();
        assert_eq!(line.to_entry(), record.entry(), "the index and the record say the same");
    }
}

#[test]
fn who_fills_an_output_comes_back_the_same() {
    let claim: OutputClaim = comes_back(&text(v11("claim.json")));
    let plan: Plan = comes_back(&text(v11("plan.json")));
    assert_eq!(claim.schema_version, OUTPUT_CLAIM_VERSION);
    assert_eq!(plan.gang().claim, Some(ClaimMode::Overwrite));
}

#[test]
fn every_point_of_a_curve_comes_back_the_same() {
    let events: Vec<Event> = lines_come_back(&text(v11("events.jsonl")));
    let EventKind::Metrics { earlier, .. } = &events[0].kind else { panic!("{events:?}") };
    assert_eq!(earlier.iter().map(|point| point.step).collect::<Vec<_>>(), [Some(7), Some(8)]);
}

#[test]
fn which_image_was_run_comes_back_the_same() {
    let events: Vec<Event> = lines_come_back(&text(v12("events.jsonl")));
    let EventKind::Placed { image_id: Some(id), .. } = &events[0].kind else {
        panic!("{events:?}")
    };
    assert!(id.starts_with("docker.io/library/python@sha256:"), "{id}");
}

#[test]
fn what_a_run_reported_last_comes_back_the_same() {
    let record: RunRecord = comes_back(&text(v11("run.json")));
    assert_eq!(record.metrics.and_then(|last| last.step), Some(2));
}

#[test]
fn the_report_of_an_export_comes_back_the_same() {
    let report: ExportReport = comes_back(&text(v13("export.json")));
    assert_eq!(report.exports.len(), 3);
}

use std::io::Write;
use std::sync::{Arc, Mutex};

use super::log::{LINE_CHARS, Log};
use super::stream::{Collector, Hypertune, Item, Reports, StreamReader};
use crate::event::{Event, EventKind};
use crate::plan::{Known, MetricsPlan};
use crate::spec::{CollectWith, MetricSource};

#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Vec<u8>>>);

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// What the log has in the end, events of metrics as step and values.
fn shown(run: impl FnOnce(&Log)) -> Vec<String> {
    let out = Shared::default();
    let replica = "worker-0".parse().unwrap();
    let mut known = Known::default();
    known.add(["hunter2-x".to_owned()]);
    run(&Log::new(Box::new(out.clone()), None, "n", &"digits-abc123".into(), &replica, known));
    let bytes = out.0.lock().unwrap().clone();
    let one = |item| match item {
        Item::Event(Event { kind: EventKind::Metrics { step, values, earlier }, .. }) => {
            let before = earlier.into_iter().map(|point| (point.step, point.values));
            let all = before.chain([(step, values)]);
            let all: Vec<_> = all.map(|(step, values)| format!("{step:?} {values:?}")).collect();
            all.join("; ")
        }
        Item::Event(Event { kind: EventKind::Warning { .. }, .. }) => "warning".into(),
        Item::Event(event) => format!("{event:?}"),
        Item::Line(line) => String::from_utf8(line.bytes).unwrap(),
    };
    let mut reader = StreamReader::new("n");
    let items = reader.push(&bytes);
    items.into_iter().chain(reader.finish()).map(one).collect()
}

fn plan(from: MetricSource, path: &str) -> MetricsPlan {
    let collect = CollectWith { from, path: Some(path.into()), ..CollectWith::default() };
    MetricsPlan { names: vec!["score_x".into()], collect }
}

#[test]
fn without_a_plan_known_names_count_and_each_report_of_one_is_a_point() {
    let printed = shown(|log| {
        log.begin(1, Reports::Usual(Hypertune::default()));
        log.command_output(b"loss=1 score_x=2\nloss=3\nstep=1 loss=4\nscore_x=5\n");
        log.tick();
        log.end();
    });
    let lines = ["loss=1 score_x=2", "loss=3", "step=1 loss=4", "score_x=5"];
    let events = [
        r#"None {"loss": 1.0, "score_x": 2.0}"#,
        r#"None {"loss": 3.0}"#,
        r#"Some(1) {"loss": 4.0}"#,
    ];
    assert_eq!(printed, [&lines[..], &events[..]].concat());
}

#[test]
fn what_is_told_of_output_has_no_secret_in_it() {
    shown(|log| {
        log.begin(1, Reports::default());
        let far = "x".repeat(LINE_CHARS - 4);
        log.command_output(format!("login hunter2-x failed\n{far}hunter2-x\n").as_bytes());
        log.command_output(b"at last hunter2-x");
        let lines = log.end();
        assert_eq!(lines[0], "login *** failed");
        assert!(lines[1].ends_with("x***") && lines[2] == "at last ***", "{lines:?}");
    });
}

#[test]
fn with_a_plan_each_report_of_its_names_is_a_point() {
    let folder = tempfile::tempdir().unwrap();
    let printed = shown(|log| {
        log.begin(1, Reports::default());
        log.collect(Collector::new(&plan(MetricSource::Stdout, ""), folder.path(), &[]));
        log.command_output(b"loss=1 score_x=2\nloss=3\nscore_x=4\nstep=1 score_x=5\nscore_x=6");
        log.end();
    });
    let events = [
        r#"None {"score_x": 2.0}"#,
        r#"None {"score_x": 4.0}"#,
        r#"Some(1) {"score_x": 5.0}"#,
        r#"Some(1) {"score_x": 6.0}"#,
    ];
    let found: Vec<&String> = printed
        .iter()
        .filter(|line| line.starts_with("None ") || line.starts_with("Some("))
        .collect();
    assert_eq!(found, events);
}

#[test]
fn files_are_read_at_a_tick_and_at_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let printed = shown(|log| {
        log.begin(1, Reports::default());
        log.collect(Collector::new(&plan(MetricSource::File, "log"), folder.path(), &[]));
        log.command_output(b"score_x=1\n");
        fs_err::write(folder.path().join("log"), "score_x=2\n").unwrap();
        log.tick();
        fs_err::write(folder.path().join("log"), "score_x=2\nscore_x=3").unwrap();
        log.end();
        log.end();
        log.begin(2, Reports::default());
        log.collect(Collector::new(&plan(MetricSource::File, "."), folder.path(), &[]));
        log.tick();
        log.end();
    });
    let events = [r#"None {"score_x": 2.0}"#, r#"None {"score_x": 3.0}"#, "warning"];
    assert_eq!(printed, [&["score_x=1"], &events[..]].concat());
}

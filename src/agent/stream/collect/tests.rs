//! Each source, as the log reads it.

use std::fmt::Write;
use std::path::Path;

use super::Collector;
use crate::agent::stream::{METRIC_FILE, Metrics};
use crate::plan::MetricsPlan;
use crate::spec::{CollectWith, MetricSource};

struct Trial {
    folder: tempfile::TempDir,
    collector: Collector,
    found: Vec<Metrics>,
}

impl Trial {
    fn new(from: MetricSource, path: Option<&str>, env: &[(&str, &str)]) -> Self {
        Self::after(from, path, env, |_| {})
    }

    /// A trial whose folder holds something already.
    fn after(
        from: MetricSource,
        path: Option<&str>,
        env: &[(&str, &str)],
        before: fn(&Path),
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        before(folder.path());
        let collect = CollectWith { from, path: path.map(str::to_owned), ..CollectWith::default() };
        let plan = MetricsPlan { names: vec!["acc".into()], collect };
        let env: Vec<(String, String)> =
            env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let collector = Collector::new(&plan, folder.path(), &env);
        Self { folder, collector, found: Vec::new() }
    }

    fn write(&self, path: &str, text: &str) {
        fs_err::write(self.folder.path().join(path), text).unwrap();
    }

    fn print(&mut self, line: &str) {
        self.collector.printed(line, &mut |metrics| self.found.push(metrics));
    }

    fn poll(&mut self) -> String {
        self.collector.poll(&mut |metrics| self.found.push(metrics));
        self.take()
    }

    fn finish(&mut self) -> String {
        self.collector.finish(&mut |metrics| self.found.push(metrics));
        self.take()
    }

    fn take(&mut self) -> String {
        let mut shown = String::new();
        for metrics in self.found.drain(..) {
            write!(shown, "{:?}", metrics.values.values().collect::<Vec<_>>()).unwrap();
        }
        shown
    }
}

fn report(value: &str) -> String {
    format!(
        "{{\"timestamp\": 1, \"trial\": \"0\", \"acc\": \"{value}\", \"global_step\": \"1\"}}\n"
    )
}

const ENV: [(&str, &str); 1] = [(METRIC_FILE, "reports")];

#[test]
fn auto_reads_what_is_printed_until_the_file_reports() {
    let mut trial = Trial::new(MetricSource::Auto, None, &ENV);
    trial.print("acc=1 loss=2");
    assert_eq!(trial.take(), "");
    assert_eq!(trial.poll(), "[1.0]");
    trial.write("reports", &report("3").replace("acc", "other"));
    trial.print("acc=4");
    assert_eq!(trial.poll(), "[4.0]");
    // By now it is known to print, so that a report waits for nothing.
    trial.print("acc=5");
    assert_eq!(trial.take(), "[5.0]");
    trial.write("reports", &report("6"));
    assert_eq!(trial.poll(), "[6.0]");
    trial.print("acc=7");
    assert_eq!(trial.finish(), "");
    let mut trial = Trial::new(MetricSource::Auto, None, &[]);
    (0..1002).for_each(|n| trial.print(&format!("acc={n}")));
    assert_eq!(trial.take(), "[0.0][1.0]");
    assert_eq!(trial.finish().matches('[').count(), 1000);
}

#[test]
fn one_source_alone() {
    let mut trial = Trial::after(MetricSource::Hypertune, None, &ENV, |folder| {
        fs_err::write(folder.join("reports"), report("1")).unwrap();
    });
    trial.print("acc=2");
    assert_eq!(trial.poll(), "");
    trial.write("reports", &(report("1") + &report("3")));
    assert_eq!(trial.finish(), "[3.0]");
    let mut trial = Trial::new(MetricSource::Stdout, None, &ENV);
    trial.write("reports", &report("1"));
    trial.print("acc=2 acc=3");
    assert_eq!(trial.take() + &trial.finish(), "[2.0][3.0]");
}

#[test]
fn a_file_is_read_to_its_end() {
    let mut trial = Trial::after(MetricSource::File, Some("log"), &[], |folder| {
        fs_err::write(folder.join("log"), "acc=1\n").unwrap();
    });
    trial.print("acc=2");
    assert_eq!(trial.poll(), "");
    let mut text = "acc=1\n".to_owned();
    text.push_str(&"nothing at all\n".repeat(1 << 19));
    text.push_str("acc=3\nacc=4");
    trial.write("log", &text);
    assert_eq!(trial.poll(), "");
    assert_eq!(trial.finish(), "[3.0][4.0]");
    assert_eq!(trial.finish(), "");
    assert!(trial.collector.warnings().is_empty());
}

#[test]
fn what_is_no_source_is_told_once() {
    let pipe: fn(&Path) = |folder| {
        use rustix::fs::{CWD, FileType, Mode, mknodat};
        mknodat(CWD, folder.join("log"), FileType::Fifo, Mode::RWXU, 0).unwrap();
    };
    for (from, path, env, wanted) in [
        (MetricSource::File, Some("log"), None, 1),
        (MetricSource::File, Some("."), None, 1),
        (MetricSource::Tensorboard, Some("log"), None, 0),
        (MetricSource::Tensorboard, None, Some(("AIP_TENSORBOARD_LOG_DIR", "gs://b/logs/")), 1),
        (MetricSource::Tensorboard, None, None, 0),
        (MetricSource::Hypertune, None, Some((METRIC_FILE, "log")), 0),
    ] {
        let env: Vec<(&str, &str)> = env.into_iter().collect();
        let mut trial = Trial::after(from, path, &env, pipe);
        assert_eq!(trial.poll() + &trial.poll() + &trial.finish(), "");
        assert_eq!(trial.collector.warnings().len(), wanted, "{from:?} {path:?}");
        assert!(trial.collector.warnings().is_empty());
    }
}

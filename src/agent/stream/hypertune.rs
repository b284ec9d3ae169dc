//! The file in which a trainer written for Vertex AI reports its metrics, as the package
//! cloudml-hypertune writes it (`hypertune/hypertune.py` in GoogleCloudPlatform/cloudml-hypertune).

use std::collections::VecDeque;
use std::io::{self, Read};
use std::path::PathBuf;

use indexmap::IndexMap;
use serde_json::Value as Json;

use super::metrics::{MAX_VALUES, Metrics};
use crate::storage::{ReadError, open};

/// The variable that tells trainers written for Vertex AI where to report metrics.
pub const METRIC_FILE: &str = "CLOUD_ML_HP_METRIC_FILE";

/// A file that is longer is none of that package: it keeps its last 100 reports.
const LONGEST: u64 = 1 << 20;
/// So many reports are remembered, so that none counts twice though the file has it again and again.
const REMEMBERED: usize = 1000;
/// What a report has beside its metric.
const BESIDE: [&str; 4] = ["checkpoint_path", "global_step", "timestamp", "trial"];

/// A file of reports that is read again and again. The package writes it whole at each report.
#[derive(Debug, Default)]
pub struct Hypertune {
    path: PathBuf,
    seen: VecDeque<String>,
}

impl Hypertune {
    /// The file need not be there.
    pub fn new(path: PathBuf) -> Self {
        Self { path, seen: VecDeque::new() }
    }

    /// The reports that have come since the last call, in order. A file that is not there has none, nor
    /// has a folder or a pipe; of one that is being written only whole lines count.
    pub fn fresh(&mut self) -> io::Result<Vec<Metrics>> {
        let file = match open(&self.path) {
            Ok(file) => file,
            Err(ReadError::NotAFile { .. }) => return Ok(Vec::new()),
            Err(error) if error.is_missing() => return Ok(Vec::new()),
            Err(error) => return Err(error.into()),
        };
        let mut text = Vec::new();
        file.take(LONGEST).read_to_end(&mut text)?;
        Ok(self.take(&String::from_utf8_lossy(&text)))
    }

    fn take(&mut self, text: &str) -> Vec<Metrics> {
        let whole = text.rfind('\n').map_or("", |end| &text[..end]);
        let mut fresh = Vec::new();
        for line in whole.lines() {
            if self.seen.iter().any(|seen| seen == line) {
                continue;
            }
            if let Some(metrics) = report(line) {
                fresh.push(metrics);
                if self.seen.len() == REMEMBERED {
                    self.seen.pop_front();
                }
                self.seen.push_back(line.to_owned());
            }
        }
        fresh
    }
}

/// One report. Its metric and its step are strings that hold numbers; numbers are read too.
fn report(line: &str) -> Option<Metrics> {
    let report: IndexMap<String, Json> = serde_json::from_str(line).ok()?;
    let number = |value: &Json| match value {
        Json::String(text) => text.trim().parse::<f64>().ok(),
        value => value.as_f64(),
    };
    let step = report.get("global_step").and_then(number).filter(|step| *step >= 0.0);
    let mut metrics = Metrics { step: step.map(|step| step as u64), ..Metrics::default() };
    for (name, value) in report.iter().filter(|(name, _)| !BESIDE.contains(&name.as_str())) {
        match number(value) {
            Some(value) if value.is_finite() => drop(metrics.values.insert(name.clone(), value)),
            Some(_) => metrics.diverged.push(name.clone()),
            None => {}
        }
    }
    let count = metrics.values.len() + metrics.diverged.len();
    (1..=MAX_VALUES).contains(&count).then_some(metrics)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(step: u32, value: &str) -> String {
        format!(
            "{{\"timestamp\": 15254{step}.25, \"trial\": \"0\", \"accuracy\": \"{value}\", \
             \"global_step\": \"{step}\", \"checkpoint_path\": \"\"}}\n"
        )
    }

    fn steps(found: &[Metrics]) -> Vec<(u64, f64)> {
        found.iter().map(|metrics| (metrics.step.unwrap(), metrics.values["accuracy"])).collect()
    }

    #[test]
    fn a_file_that_is_rewritten_reports_everything_once() {
        let mut file = Hypertune::default();
        let all: Vec<String> = (0..250).map(|step| line(step, &format!("0.{step}"))).collect();
        let mut found = Vec::new();
        for end in 1..=all.len() {
            let text = all[end.saturating_sub(100)..end].concat();
            // Half of it is there when it is read; the rest, and what is there already, the next time.
            found.extend(file.take(&text[..text.len() / 2]));
            found.extend(file.take(""));
            found.extend(file.take(&text));
            assert_eq!(file.take(&text), []);
        }
        let mut expected = steps(&all.iter().filter_map(|line| report(line)).collect::<Vec<_>>());
        assert_eq!(expected.len(), 250);
        let mut found = steps(&found);
        found.sort_by_key(|point| point.0);
        expected.sort_by_key(|point| point.0);
        assert_eq!(found, expected);
    }

    #[test]
    fn the_same_value_at_another_time_is_another_report() {
        let mut file = Hypertune::default();
        let text = line(1, "0.5") + &line(2, "0.5");
        assert_eq!(steps(&file.take(&text)), [(1, 0.5), (2, 0.5)]);
    }

    #[test]
    fn what_is_no_report_is_passed_over() {
        let mut file = Hypertune::default();
        let good = line(3, "1e-3");
        let text = format!("nonsense\n[1]\n{{\"trial\":\"1\",\"timestamp\":1}}\n{good}{{\"accu");
        assert_eq!(steps(&file.take(&text)), [(3, 0.001)]);
        assert_eq!(report(r#"{"loss": NaN}"#), None);
        let none = report(r#"{"loss":"nan","global_step":"1"}"#).unwrap();
        assert_eq!((none.values.len(), none.diverged), (0, vec!["loss".to_owned()]));
        assert_eq!(report(r#"{"loss":"0.5","global_step":"-1"}"#).unwrap().step, None);
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(Hypertune::new(folder.path().into()).fresh().unwrap(), []);
        assert_eq!(Hypertune::new(folder.path().join("none")).fresh().unwrap(), []);
    }
}

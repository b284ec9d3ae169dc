//! What is made better.

use super::context::Lint;
use crate::spec::syntax::{Code, Diagnostic, index_path, key_path};

impl Lint<'_> {
    pub(super) fn metrics(&mut self) {
        let job = self.job;
        if job.metrics.is_empty() {
            self.add(
                Diagnostic::error(Code::NoMetrics, "nothing says what the study makes better")
                    .at(self.spans.key("metrics"), "")
                    .help("name a metric that the trials report: `metrics: [{name: val_accuracy, goal: maximize}]`"),
            );
        }
        let name_path = |index| key_path(&index_path("metrics", index), "name");
        for (index, metric) in job.metrics.iter().enumerate() {
            let span = self.spans.value(&name_path(index));
            if metric.name.trim() != metric.name || metric.name.is_empty() {
                self.add(
                    Diagnostic::error(
                        Code::BadMetricName,
                        "a metric's name is empty or begins or ends with a blank",
                    )
                    .at(span, "")
                    .help("write it as the trials report it"),
                );
            }
            if let Some(first) = job.metrics[..index].iter().position(|m| m.name == metric.name) {
                self.add(
                    Diagnostic::error(
                        Code::DuplicateMetric,
                        format!("the metric `{}` is named twice", metric.name),
                    )
                    .at(span, "again here")
                    .at(self.spans.value(&name_path(first)), "first here")
                    .help("keep one of the two"),
                );
            }
        }
    }
}

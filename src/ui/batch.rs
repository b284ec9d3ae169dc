//! How far a batch prediction is, and what has become of it.

use std::time::Duration;

use super::human::{duration, number};
use super::{BOLD, Text};
use crate::run::RunView;
use crate::work::batch::Summary;

/// What a batch prediction has to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchGoal {
    /// Shards of the job.
    pub shards: usize,
    /// Those that were committed before this run.
    pub committed: usize,
}

/// What the replicas report, added up: rows, rows in a second, failed rows, shards, and the time that
/// is left at the speed of this run. Empty before the first report.
pub(super) fn progress_text(view: &RunView, goal: BatchGoal, elapsed: Duration) -> String {
    let sum = |name: &str| -> f64 {
        view.replicas.values().filter_map(|replica| replica.metrics.get(name)).sum()
    };
    let (rows, failed, shards) = (sum("rows"), sum("failed"), sum("shards"));
    if !view.replicas.values().any(|replica| replica.metrics.contains_key("rows")) {
        return String::new();
    }
    let mut parts = vec![
        format!("{} rows", number(rows)),
        format!("{}/s", number(sum("rowsPerSecond").round())),
    ];
    if failed > 0.0 {
        parts.push(format!("{} failed", number(failed)));
    }
    #[expect(clippy::cast_precision_loss, reason = "a job has few shards")]
    let (all, before) = (goal.shards as f64, goal.committed as f64);
    parts.push(format!("{} of {} shards", number((before + shards).min(all)), goal.shards));
    let left = all - before - shards;
    if shards > 0.0 && left > 0.0 {
        let left = elapsed.mul_f64(left / shards);
        parts.push(format!("{} left", duration(left)));
    }
    parts.join("  ")
}

/// What has become of a whole job.
pub fn batch_summary_text(summary: &Summary, output: &str) -> Text {
    let failed = match summary.failed {
        0 => String::new(),
        failed => format!(", {failed} failed"),
    };
    let rows = Text::styled(BOLD, &format!("{} rows", summary.rows))
        .then(format!(": {} predicted{failed}", summary.succeeded));
    let latency = summary.latency_ms;
    let mut lines = vec![
        rows,
        format!(
            "  speed    {} rows/s; batches took {} ms (p50), {} ms (p99)",
            number(summary.rows_per_second.round()),
            number(latency.p50 as f64),
            number(latency.p99 as f64)
        )
        .into(),
    ];
    if let Some(model) = &summary.model {
        lines.push(format!("  model    {model}").into());
    }
    if !summary.model_versions.is_empty() {
        let versions: Vec<String> = summary
            .model_versions
            .iter()
            .map(|(version, rows)| format!("{version} ({rows} rows)"))
            .collect();
        lines.push(format!("  version  {}", versions.join(", ")).into());
    }
    lines.push(format!("  results  {output}").into());
    Text::lines(lines)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gang::ReplicaId;
    use crate::run::ReplicaView;

    #[test]
    fn reports_of_all_replicas_are_added_up() {
        let mut view = RunView::new(&"b-123456".parse().unwrap(), None);
        let goal = BatchGoal { shards: 10, committed: 2 };
        assert_eq!(progress_text(&view, goal, Duration::from_secs(40)), "");
        for index in 0..2 {
            let replica = ReplicaId::new("worker", index);
            let mut one = ReplicaView::new(replica.clone());
            let metrics =
                [("rows", 100.0), ("failed", 1.0), ("shards", 2.0), ("rowsPerSecond", 5.0)];
            one.metrics = metrics.map(|(name, value)| (name.to_owned(), value)).into();
            view.replicas.insert(replica, one);
        }
        assert_eq!(
            progress_text(&view, goal, Duration::from_secs(40)),
            "200 rows  10/s  2 failed  6 of 10 shards  40s left"
        );
    }
}

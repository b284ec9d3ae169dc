//! What a run has come to: why, and where its outputs are.

use std::path::Path;

use super::{RunView, WhyReport, why};
use crate::gang::ReplicaId;
use crate::plan::Plan;
use crate::runtime::{LogQuery, Outputs};
use crate::storage::{Place, is_filled};
use crate::store::RunPaths;
use crate::text::plain;

/// So many of a log's last lines explain an end.
const LAST_LINES: usize = 12;

/// Why a run is in its state, with the last lines of logs where the events have none.
pub fn explain(
    view: &RunView,
    paths: &RunPaths,
    plan: Option<&Plan>,
    runtime: Option<&dyn Outputs>,
) -> WhyReport {
    let tail = |replica: &ReplicaId| -> Vec<String> {
        let query = LogQuery {
            role: Some(replica.role.clone()),
            index: Some(replica.index),
            tail: Some(LAST_LINES),
            ..LogQuery::default()
        };
        let lines = runtime
            .and_then(|runtime| runtime.logs(paths, &query).ok())
            .and_then(|mut reader| reader.read().ok())
            .unwrap_or_default();
        let skip = lines.len().saturating_sub(LAST_LINES);
        lines[skip..].iter().map(|line| plain(&line.line)).collect()
    };
    why(view, plan, &tail)
}

/// Where the run's outputs are, as far as they are there: name and place.
pub fn outputs(plan: Option<&Plan>, paths: &RunPaths) -> Vec<(&'static str, String)> {
    if let Some(batch) = plan.and_then(Plan::batch) {
        return vec![("results", batch.output.to_string())];
    }
    let base = match plan.and_then(|plan| plan.gang().output.as_ref()) {
        Some(Place::Path(path)) => path.as_path().to_path_buf(),
        // A claim or an object store is named without looking into it: that takes a pod or
        // credentials.
        Some(elsewhere) => return vec![("output", elsewhere.to_string())],
        None => paths.output(),
    };
    let base: &Path = base.as_path();
    let shown = |name, path: &Path| vec![(name, path.display().to_string())];
    let model = base.join("model");
    if is_filled(&model) {
        shown("model", &model)
    } else if ["checkpoints", "logs"].iter().any(|name| is_filled(&base.join(name))) {
        shown("output", base)
    } else {
        Vec::new()
    }
}

//! What a run has come to: why, and where its outputs are.

use std::path::Path;

use super::{RunView, WhyReport, why};
use crate::event::RunState;
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

/// Where a run has left what it wrote.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    /// All of it.
    pub output: Option<String>,
    /// Its model.
    pub model: Option<String>,
}

/// The same places whatever the runtime: on this machine what is there, elsewhere what a run that has
/// succeeded was to write.
pub fn output_of(plan: Option<&Plan>, paths: &RunPaths, state: RunState) -> Kept {
    if let Some(batch) = plan.and_then(Plan::batch) {
        return Kept { output: Some(batch.output.to_string()), model: None };
    }
    match plan.and_then(|plan| plan.gang().output.as_ref()) {
        Some(Place::Path(path)) => of_folder(path.as_path()),
        Some(elsewhere) => {
            let output = elsewhere.to_string();
            let model = format!("{}/model", output.trim_end_matches('/'));
            let model = (state == RunState::Succeeded).then_some(model);
            Kept { output: Some(output), model }
        }
        None => of_folder(&paths.output()),
    }
}

fn of_folder(base: &Path) -> Kept {
    let model = base.join("model");
    let has = |name: &str| is_filled(&base.join(name));
    let shown = |path: &Path| path.display().to_string();
    Kept {
        output: ["model", "checkpoints", "logs"].into_iter().any(has).then(|| shown(base)),
        model: has("model").then(|| shown(&model)),
    }
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
    let Kept { output, model } = of_folder(&base);
    let model = model.map(|model| ("model", model));
    model.or(output.map(|output| ("output", output))).into_iter().collect()
}

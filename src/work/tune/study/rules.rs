//! What a study allows, by its spec and what `resume` has changed.

use super::decide::Rules;
use super::document::StudyDocument;
use super::state::StudyState;
use crate::spec::space::Space;
use crate::spec::{Algorithm, DEFAULT_TRIALS};

/// The rules of a study at present. `room` is for how many trials at once there is room.
pub fn rules(study: &StudyDocument, state: &StudyState, room: Option<u32>) -> Rules {
    let spec = &study.spec;
    Rules {
        metrics: spec.metrics.clone(),
        max_trials: max_trials(study, state),
        parallel: spec.parallel().min(room.unwrap_or(u32::MAX)).max(1),
        max_failed: spec.max_failed_trials,
        lost: study.template().retries.infrastructure,
        max_duration: spec.max_duration.as_ref().map(|most| most.0),
        max_cost: spec.max_cost.as_ref().map(|most| most.0),
        stopping: spec.stopping.clone(),
    }
}

/// How many trials a study has in all.
pub fn max_trials(study: &StudyDocument, state: &StudyState) -> u32 {
    let spec = &study.spec;
    let all_of_grid = || {
        let points = Space::of(&spec.parameters).ok()?.grid_points()?;
        (spec.algorithm == Algorithm::Grid).then(|| u32::try_from(points).unwrap_or(u32::MAX))
    };
    let given = state.max_trials.or(spec.max_trials);
    given.or_else(all_of_grid).unwrap_or(DEFAULT_TRIALS)
}

//! Which run somebody means: by its id, a name, a folder, a trial's number, an endpoint's revision, a place.

use super::{CliError, Context, ErrorKind, Target};
use crate::gang::RunId;
use crate::plan::{Plan, ReplicaOf, TrialOf};
use crate::runtime::Wanted;
use crate::spec::kinds::tune::TUNE_JOB;
use crate::store::{FoundRun, ListFilter, Members, RunSummary, Store, StoreError, Whereabouts};
use crate::work::tune::{JournalReader, StudyState};

/// The run of an endpoint's newest controller, where a run is or was one. The state knows all of them: they
/// run on this machine.
fn newest_controller(store: &Store, run: &RunId) -> Option<RunId> {
    let plan = store.paths(run).read_plan().ok()?;
    let endpoint = plan.endpoint()?;
    let filter = ListFilter { name: Some(plan.head.name.clone()), ..ListFilter::default() };
    let listing = store.list(&filter, &mut |run: &RunId| store.record(run)).ok()?;
    let is_of = |run: &RunId| {
        store.paths(run).read_plan().is_ok_and(|plan| plan.endpoint() == Some(endpoint))
    };
    listing.runs.into_iter().map(|run| run.entry.id).find(is_of)
}

/// The run of the newest replica of an endpoint's revision.
fn replica_run(store: &Store, endpoint: &RunId, revision: &str) -> Result<RunId, CliError> {
    let filter = ListFilter { members: Members::Of(endpoint.clone()), ..ListFilter::default() };
    let listing = store.list(&filter, &mut |run: &RunId| store.record(run))?;
    let name = |of: &ReplicaOf| match of.generation {
        1 => of.revision.clone(),
        generation => format!("{}.{generation}", of.revision),
    };
    let mut names = Vec::new();
    for run in listing.runs {
        let Some(of) = &run.entry.serves else { continue };
        // Without a generation the newest one is meant.
        let exact = format!("{}.{}", of.revision, of.generation);
        if of.revision == revision || exact == revision {
            return Ok(run.entry.id);
        }
        names.push(name(of));
    }
    names.sort();
    names.dedup();
    let message = format!("{endpoint} has had no replica of a revision `{revision}`");
    let error = CliError::new(ErrorKind::NotFound, message);
    if names.is_empty() {
        return Err(error);
    }
    Err(error.hint(format!("it has had some of {}", names.join(", "))))
}

impl Context {
    /// The run that somebody means who asks for a study: where the newest run of that name, or of this folder,
    /// is none, such as one of the best parameters that a study has found, it is the newest study.
    pub fn target_of_study(&self, selector: Option<&str>) -> Result<Target, CliError> {
        let found = self.target(selector)?;
        if found.study().is_some() || selector == Some(found.record.id.as_str()) {
            return Ok(found);
        }
        let filter = ListFilter {
            name: selector.map(str::to_owned),
            place: self.whereabouts(),
            ..ListFilter::default()
        };
        let store = &found.store;
        let listing = store.list(&filter, &mut |run: &RunId| store.record(run))?;
        let is_meant = |run: &&RunSummary| {
            run.entry.kind == TUNE_JOB && (selector.is_some() || run.entry.cwd == self.env.cwd)
        };
        let newest = listing.runs.iter().find(is_meant).map(|run| run.entry.id.clone());
        newest.map_or(Ok(found), |study| self.target_of(&study))
    }

    /// The run that a selector means; one that only the chosen cluster knows is taken into the state.
    /// `STUDY/7` is the run of a study's trial 7, `ENDPOINT/v2` the newest replica of a revision; a study
    /// that was resumed, or an endpoint that went on, means its newest run.
    pub(super) fn resolve(
        &self,
        store: &Store,
        selector: Option<&str>,
        place: &Whereabouts,
    ) -> Result<RunId, CliError> {
        let trial = selector.and_then(|selector| selector.rsplit_once('/'));
        if let Some((study, number)) = trial {
            let study = Some(study).filter(|study| !study.is_empty());
            let run = self.resolve_run(store, study, place)?;
            let plan = store.paths(&run).read_plan().ok();
            if plan.as_ref().is_some_and(|plan| plan.service().is_some()) {
                // In a cluster a replica is a pod of the endpoint's, and no run.
                return Ok(run);
            }
            if let Some(endpoint) = plan.as_ref().and_then(Plan::endpoint) {
                return replica_run(store, endpoint, number);
            }
            let replicas = plan.iter().flat_map(|plan| plan.gang().replicas());
            let is_replica = replicas.map(|(_, id)| id.to_string()).any(|id| id == number);
            if is_replica && plan.as_ref().is_none_or(|plan| plan.study().is_none()) {
                let message = format!("{number} is a replica of {run}, and no run");
                return Err(CliError::new(ErrorKind::NotFound, message)
                    .hint(format!("its output: mlctl logs {run} --replica {number}")));
            }
            return self.trial_run(store, &run, number);
        }
        let run = self.resolve_run(store, selector, place)?;
        let newest = self.newest_loop(store, &run).or_else(|| newest_controller(store, &run));
        Ok(newest.unwrap_or(run))
    }

    fn resolve_run(
        &self,
        store: &Store,
        selector: Option<&str>,
        place: &Whereabouts,
    ) -> Result<RunId, CliError> {
        let unknown = match (store.resolve_at(selector, &self.env.cwd, place), selector) {
            (Ok(run), _) => return Ok(run),
            (Err(error @ StoreError::NotFound { .. }), Some(_)) if self.chooses_cluster() => {
                self.not_there(store, selector, place).unwrap_or_else(|| error.into())
            }
            (Err(error @ StoreError::NotFound { .. }), _) => {
                let elsewhere = self.not_there(store, selector, place);
                return Err(elsewhere.unwrap_or_else(|| error.into()));
            }
            (Err(error), _) => return Err(error.into()),
        };
        let selector = selector.unwrap_or_default();
        let mut found = self.find_in_cluster(selector).map_err(|error| {
            // What is known here is told all the same.
            if place.is_anywhere() { error } else { error.hint(unknown.message.clone()) }
        })?;
        // Anybody who may write in the namespace can give a run any name: the newest need not be the
        // one that is meant, so the person chooses.
        found.sort_by_key(|run| std::cmp::Reverse(run.record.created));
        if found.len() > 1 {
            let candidates = found.into_iter().map(|run| run.record.id.into()).collect();
            return Err(StoreError::Ambiguous { selector: selector.into(), candidates }.into());
        }
        let Some(run) = found.pop() else { return Err(unknown) };
        store.adopt(&run)?;
        Ok(run.record.id)
    }

    /// The runs that the chosen cluster knows by a name, an id or the beginning of one.
    fn find_in_cluster(&self, selector: &str) -> Result<Vec<FoundRun>, CliError> {
        let runtime = self.chosen()?;
        let mut found = match selector.parse() {
            Ok(run) => self.find(&*runtime, &Wanted::Run(run))?,
            // No run can have such an id.
            Err(_) => Vec::new(),
        };
        if found.is_empty() {
            found = self.find(&*runtime, &Wanted::All)?;
            // The beginning of one run's id may be another one's name.
            let is_name = found.iter().any(|run| run.record.name == selector);
            let is_meant = |run: &FoundRun| {
                if is_name {
                    run.record.name == selector
                } else {
                    run.record.id.starts_with(selector)
                }
            };
            found.retain(is_meant);
        }
        Ok(found)
    }

    /// The error of a lookup in a place that the command line names: what is not there may be elsewhere.
    fn not_there(
        &self,
        store: &Store,
        selector: Option<&str>,
        place: &Whereabouts,
    ) -> Option<CliError> {
        if place.is_anywhere() {
            return None;
        }
        let message = match selector {
            Some(selector) => format!("there is no run `{selector}` {place}"),
            None => format!("no run was started from this folder {place}"),
        };
        let error = |message| Some(CliError::new(ErrorKind::NotFound, message));
        let Ok(run) = store.resolve(selector, &self.env.cwd) else {
            let error = error(message);
            return error.map(|error| error.hint("`mlctl list` shows all runs"));
        };
        let there = Whereabouts::of_runtime(&store.runtime_of(&run).ok()?);
        error(match selector {
            Some(_) => format!("{message}; there is one {there}"),
            None => format!("{message}; {run} was, {there}"),
        })
    }

    /// The study of a run that is or was its loop, and what has been decided in it.
    fn study_state(
        &self,
        store: &Store,
        run: &RunId,
    ) -> Result<Option<(RunId, StudyState)>, CliError> {
        let plan = store.paths(run).read_plan()?;
        let Some(study) = plan.study() else { return Ok(None) };
        let notes = self.runtime(&store.record(run)?.runtime)?;
        let lines = JournalReader::default().read(&*notes, &store.study(study))?;
        Ok(Some((study.clone(), StudyState::of(&lines))))
    }

    /// The run of a study's newest loop, where a run is or was its loop and the state has the newest
    /// one. A journal that can't be read just now names none. What one in a cluster names counts only
    /// where the run says the same of itself: whoever may write there may name any run.
    fn newest_loop(&self, store: &Store, run: &RunId) -> Option<RunId> {
        let (study, state) = self.study_state(store, run).ok()??;
        let is_loop = |run: &&RunId| {
            store.paths(run).read_plan().is_ok_and(|plan| plan.study() == Some(&study))
        };
        state.sessions.iter().rev().find(is_loop).cloned()
    }

    /// The run of a trial by its number.
    fn trial_run(&self, store: &Store, run: &RunId, number: &str) -> Result<RunId, CliError> {
        let wrong = |message: String| {
            CliError::new(ErrorKind::NotFound, message)
                .hint(format!("see what there is: mlctl tune trials {run}"))
        };
        let known = self.study_state(store, run)?;
        let (study, state) =
            known.ok_or_else(|| wrong(format!("{run} is no study, and has no trial {number}")))?;
        let trial = number.parse().ok().and_then(|number| state.trial(number));
        let trial = trial.ok_or_else(|| wrong(format!("{run} has no trial {number}")))?;
        let of = TrialOf { study, trial: trial.trial };
        let trial = trial.run.clone();
        let trial =
            trial.ok_or_else(|| wrong(format!("trial {number} of {run} has no run yet")))?;
        if !store.paths(&trial).record().exists() {
            self.take_in_trials(store, run)?;
        }
        if store.record(&trial)?.trial != Some(of) {
            return Err(wrong(format!(
                "the journal of {run} names {trial}, which is no trial of it"
            )));
        }
        Ok(trial)
    }
}

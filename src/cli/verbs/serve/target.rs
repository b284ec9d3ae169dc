//! The endpoint that a verb is about.

use std::rc::Rc;

use serde::Serialize;

use super::marks::definitions_in;
use crate::cli::{CliError, Context, ErrorKind, RuntimeRefresh, Target};
use crate::event::RunState;
use crate::gang::RunId;
use crate::plan::Plan;
use crate::runtime::Runtime;
use crate::spec::ENDPOINT;
use crate::store::{EndpointPaths, ListFilter, RunSummary, StoreError};
use crate::work::serve::rollout::{EndpointState, Line};
use crate::work::serve::{
    Definition, EndpointDocument, EndpointJournal, LiveDocument, ServeError, unnamed_deployments,
    write_documents,
};

/// An endpoint with its newest controller.
pub struct EndpointTarget {
    /// Its newest run, up to date.
    pub run: Target,
    /// Where it lies in the state.
    pub paths: EndpointPaths,
    /// The runtime of its controller, which has its journal.
    pub notes: Rc<dyn Runtime>,
    /// What callers meet.
    pub document: EndpointDocument,
    /// What has been decided about it.
    pub state: EndpointState,
    /// How it is, as its controller said last.
    pub live: Option<LiveDocument>,
}

/// An endpoint as `-o json` has it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EndpointReport {
    /// What has been decided.
    pub state: EndpointState,
    /// How it is; absent where no controller has said anything yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub live: Option<LiveDocument>,
}

impl EndpointTarget {
    /// Reads again what has been decided, and how it is.
    pub fn refresh(&mut self) -> Result<(), CliError> {
        self.state = EndpointState::of(&lines(&*self.notes, &self.paths)?);
        self.live = LiveDocument::of(&*self.notes, &self.paths, &self.run.record.id)?;
        Ok(())
    }

    /// What any of its revisions ever was, as far as that is known here.
    pub fn definitions(&self) -> Result<Vec<Definition>, CliError> {
        definitions_in(&self.paths)
    }

    /// Takes away what is left in a cluster of revisions that not even a rollback can reach any more.
    pub(super) fn discard(&self, runtime: &dyn Runtime) -> Result<(), CliError> {
        let lines = lines(&*self.notes, &self.paths)?;
        let over = unnamed_deployments(&self.paths.endpoint, &lines).map_err(ServeError::from)?;
        Ok(runtime.discard_deployments(&self.run.paths, &over)?)
    }

    /// Whether its controller's run goes on.
    pub fn is_alive(&self) -> bool {
        !self.run.record.state.is_ended()
    }
}

/// The whole journal.
fn lines(notes: &dyn Runtime, paths: &EndpointPaths) -> Result<Vec<Line>, CliError> {
    Ok(EndpointJournal::default().read(notes, paths)?)
}

/// How the endpoint of a run is that is or was its controller; `None` of any other run.
pub fn endpoint_report(
    context: &Context,
    target: &Target,
) -> Result<Option<EndpointReport>, CliError> {
    let Some(endpoint) = target.plan.as_ref().and_then(Plan::endpoint) else { return Ok(None) };
    let paths = target.store.endpoint(endpoint);
    let notes = context.runtime(&target.record.runtime)?;
    let state = EndpointState::of(&lines(&*notes, &paths)?);
    let live = LiveDocument::of(&*notes, &paths, &target.record.id)?
        .filter(|_| !target.record.state.is_ended());
    Ok(Some(EndpointReport { state, live }))
}

/// The endpoint's run that somebody means by its id, by its name or by the beginning of an id, in this order:
/// the beginning of one endpoint's id may be another one's name.
fn one_of<'a>(known: &'a [RunSummary], selector: &str) -> Result<Option<&'a RunSummary>, CliError> {
    let exact = known.iter().find(|run| run.entry.id == *selector);
    let exact = exact.or_else(|| known.iter().find(|run| run.entry.name == selector));
    if exact.is_some() {
        return Ok(exact);
    }
    let begins = |run: &&RunSummary| run.entry.id.starts_with(selector);
    let all: Vec<&RunSummary> = known.iter().filter(begins).collect();
    // The controllers of one endpoint follow each other under one name.
    if all.iter().all(|run| run.entry.name == all[0].entry.name) {
        return Ok(all.first().copied());
    }
    let candidates = all.iter().map(|run| run.entry.id.to_string()).collect();
    Err(StoreError::Ambiguous { selector: selector.into(), candidates }.into())
}

impl Context {
    /// Finds an endpoint by its name, by its id or the beginning of it, or by a run of one of its
    /// replicas; nothing means the last one that was served from this folder.
    pub fn endpoint(&self, selector: Option<&str>) -> Result<EndpointTarget, CliError> {
        let known = self.endpoints_known()?;
        let meant = match selector {
            None => known.iter().find(|run| run.entry.cwd == self.env.cwd),
            Some(selector) => one_of(&known, selector)?,
        };
        if let Some(run) = meant {
            return self.endpoint_of(&run.entry.id);
        }
        let Some(selector) = selector else {
            return Err(CliError::new(
                ErrorKind::NotFound,
                "no endpoint was served from this folder",
            )
            .hint("name one; `mlctl list` shows all"));
        };
        // A replica's run means its endpoint.
        if let Ok(run) = selector.parse::<RunId>()
            && let Ok(record) = self.store()?.record(&run)
            && let Some(of) = record.serves
        {
            return self.endpoint_of(&of.endpoint);
        }
        // The chosen cluster may know one that another machine has begun.
        if self.chooses_cluster()
            && let Ok(target) = self.target(Some(selector))
            && target.plan.as_ref().is_some_and(|plan| plan.endpoint().is_some())
        {
            return self.endpoint_of(&target.record.id);
        }
        let names: Vec<&str> = known.iter().map(|run| run.entry.name.as_str()).collect();
        let error =
            CliError::new(ErrorKind::NotFound, format!("there is no endpoint `{selector}` here"));
        Err(match crate::text::nearest(selector, names.iter().copied()) {
            Some(near) => error.hint(format!("did you mean {near}?")),
            None => error.hint("see what there is: mlctl list; make one: mlctl serve"),
        })
    }

    /// The endpoint of a name that a spec is applied to: the one that serves, or the newest if its
    /// controller ended without being asked to, as at the end of the machine. `None`: another one begins.
    pub(super) fn endpoint_to_change(
        &self,
        name: &str,
        runtime: &str,
    ) -> Result<Option<EndpointTarget>, CliError> {
        let known = self.endpoints_known()?;
        let is_meant = |run: &&RunSummary| run.entry.name == name && run.entry.runtime == runtime;
        let Some(run) = known.iter().find(is_meant) else { return Ok(None) };
        let was_ended = matches!(run.state, RunState::Cancelled | RunState::Succeeded);
        if was_ended {
            return Ok(None);
        }
        match self.endpoint_of(&run.entry.id) {
            Ok(target) => Ok(Some(target)),
            // What a clean-up has left of it is no endpoint any more.
            Err(error) if error.kind == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Controllers' runs that this machine knows, the newest first; the living before the others. Where the
    /// command line names a place, only those there.
    fn endpoints_known(&self) -> Result<Vec<RunSummary>, CliError> {
        let store = self.store()?;
        let filter = ListFilter { place: self.whereabouts(), ..ListFilter::default() };
        let listing = store.list(&filter, &mut RuntimeRefresh { context: self, store: &store })?;
        let mut runs = listing.runs;
        runs.retain(|run| run.entry.kind == ENDPOINT);
        runs.sort_by_key(|run| run.state.is_ended());
        Ok(runs)
    }

    fn endpoint_of(&self, run: &RunId) -> Result<EndpointTarget, CliError> {
        let run = self.target_of(run)?;
        let Some(endpoint) = run.plan.as_ref().and_then(Plan::endpoint).cloned() else {
            let message = format!("{} is no endpoint", run.record.id);
            return Err(CliError::new(ErrorKind::Usage, message));
        };
        let paths = run.store.endpoint(&endpoint);
        let notes = self.runtime(&run.record.runtime)?;
        // Another machine may have applied a spec since, or begun the endpoint.
        write_documents(&notes.applied(&paths)?, &paths)?;
        let document = EndpointDocument::read(&paths)?;
        let state = EndpointState::of(&lines(&*notes, &paths)?);
        let live = LiveDocument::of(&*notes, &paths, &run.record.id)?
            .filter(|_| !run.record.state.is_ended());
        Ok(EndpointTarget { run, paths, notes, document, state, live })
    }
}

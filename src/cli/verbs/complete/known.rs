//! What the state, the kubeconfig and the settings know of values. Nothing is asked over a network, and
//! what can't be read is left out: a shell waits at every TAB.

use std::collections::BTreeSet;
use std::path::Path;

use super::offer::Offer;
use super::position::Position;
use super::source::Source;
use crate::cli::{Context, DEFAULT_FILE, LOCAL};
use crate::event::RunState;
use crate::plan::Plan;
use crate::spec::syntax::parse;
use crate::spec::{ENDPOINT, Node, SPEC_LIMIT, TUNE_JOB, explain, kind_names};
use crate::storage::read_text;
use crate::store::{ListFilter, RunSummary, Store, now};
use crate::ui::human::age;
use crate::work::serve::EndpointJournal;
use crate::work::serve::rollout::EndpointState;

/// So many of the newest runs are offered.
const RUNS: usize = 200;
/// Values of a spec are offered so deep.
const DEEPEST: usize = 5;

/// Who knows the values for one place of one line.
pub(super) struct Known<'a> {
    pub(super) context: &'a Context,
    pub(super) at: &'a Position<'a>,
}

impl Known<'_> {
    /// The values of a source; `typed` is the word so far.
    pub(super) fn values(&self, source: Source, typed: &str) -> Vec<Offer> {
        let plain = |values: Vec<String>| values.into_iter().map(Offer::plain).collect();
        match source {
            Source::Runs => self.runs(|_| true),
            Source::LivingRuns => self.runs(|run| !run.state.is_ended()),
            Source::EndedRuns => self.runs(|run| run.state.is_ended()),
            Source::Studies => self.runs(|run| run.entry.kind == TUNE_JOB),
            Source::Endpoints => {
                let mut endpoints = self.runs(|run| run.entry.kind == ENDPOINT);
                endpoints.retain(|offer| offer.is_name);
                endpoints
            }
            Source::Revisions => plain(self.revisions().unwrap_or_default()),
            Source::Weights => {
                let revisions = self.revisions().unwrap_or_default().into_iter();
                plain(revisions.map(|revision| revision + "=").collect())
            }
            Source::Replicas => plain(self.replicas().unwrap_or_default()),
            Source::Roles => {
                let plan = self.plan();
                let roles = plan.iter().flat_map(|plan| &plan.gang().roles);
                plain(roles.map(|role| role.name.to_string()).collect())
            }
            Source::Names => self.of_entries(|run| vec![run.entry.name.clone()]),
            Source::Labels => self.of_entries(|run| {
                let labels = run.entry.labels.iter();
                labels.map(|(key, value)| format!("{key}={value}")).collect()
            }),
            Source::States => states(typed),
            Source::Runtimes => plain(vec![LOCAL.to_owned(), "kubernetes".to_owned()]),
            Source::Contexts => plain(self.context.context_names()),
            Source::Namespaces => self.of_entries(|run| {
                let place = run.entry.runtime.rsplit_once('/');
                place.map(|(_, namespace)| namespace.to_owned()).into_iter().collect()
            }),
            Source::Fields => fields(typed),
            Source::Kinds => plain(kind_names().into_iter().map(str::to_owned).collect()),
            Source::Models => plain(self.models(typed).unwrap_or_default()),
            Source::Settable => plain(self.settable().unwrap_or_default()),
            Source::Files | Source::Folders | Source::Verbs | Source::Nothing => Vec::new(),
        }
    }

    fn store(&self) -> Option<Store> {
        // A TAB makes no state folder.
        self.context.state_dir().ok().filter(|dir| dir.is_dir())?;
        self.context.store().ok()
    }

    fn listed(&self, limit: Option<usize>) -> Vec<RunSummary> {
        let Some(store) = self.store() else { return Vec::new() };
        let filter =
            ListFilter { limit, place: self.context.whereabouts(), ..ListFilter::default() };
        let listing = store.list(&filter, &mut |run: &crate::gang::RunId| store.record(run));
        listing.map(|listing| listing.runs).unwrap_or_default()
    }

    /// Runs by their ids, the newest first, and by the names of their specs.
    fn runs(&self, keep: impl Fn(&RunSummary) -> bool) -> Vec<Offer> {
        let mut runs = self.listed(Some(RUNS));
        runs.retain(keep);
        let mut seen = BTreeSet::new();
        let names = runs.iter().filter(|run| seen.insert(run.entry.name.clone()));
        let names = names.map(|run| Offer {
            value: run.entry.name.clone(),
            about: format!("{}, the latest of its name", run.state),
            is_name: true,
        });
        let now = now();
        let ids = runs.iter().map(|run| Offer {
            value: run.entry.id.to_string(),
            about: format!("{} {}, {} ago", run.entry.kind, run.state, age(run.entry.created, now)),
            is_name: false,
        });
        names.chain(ids).collect()
    }

    /// What all runs have, each once.
    fn of_entries(&self, of: impl Fn(&RunSummary) -> Vec<String>) -> Vec<Offer> {
        let all: BTreeSet<String> = self.listed(Some(RUNS)).iter().flat_map(of).collect();
        all.into_iter().map(Offer::plain).collect()
    }

    fn given(&self, ids: &[&str]) -> Option<&str> {
        let mut given = self.at.given.iter();
        given.find(|(id, _)| ids.contains(&id.as_str())).map(|(_, value)| value.as_str())
    }

    /// The plan of the run that is named before, or of the last one of this folder.
    fn plan(&self) -> Option<Plan> {
        let store = self.store()?;
        let run = self.given(&["run", "runs"]);
        let place = self.context.whereabouts();
        let run = store.resolve_at(run, &self.context.env.cwd, &place).ok()?;
        store.paths(&run).read_plan().ok()
    }

    fn replicas(&self) -> Option<Vec<String>> {
        let plan = self.plan().filter(|plan| plan.service().is_none())?;
        Some(plan.gang().replicas().map(|(_, replica)| replica.to_string()).collect())
    }

    /// The revisions of an endpoint of this machine.
    fn revisions(&self) -> Option<Vec<String>> {
        let name = self.given(&["endpoint", "target"]);
        let runs = self.listed(Some(RUNS));
        let is_meant = |run: &&RunSummary| {
            let is_named = name.is_none_or(|name| run.entry.name == name || *run.entry.id == *name);
            run.entry.kind == ENDPOINT && is_named && run.entry.runtime == LOCAL
        };
        let run = runs.iter().find(is_meant)?;
        let store = self.store()?;
        let plan = store.paths(&run.entry.id).read_plan().ok()?;
        let notes = self.context.runtime(LOCAL).ok()?;
        let paths = store.endpoint(plan.endpoint()?);
        let lines = EndpointJournal::default().read(&*notes, &paths).ok()?;
        let rules = EndpointState::of(&lines).rules?;
        Some(rules.revisions.keys().map(ToString::to_string).collect())
    }

    /// Models of a registry that is a folder; behind an `@` their versions.
    fn models(&self, typed: &str) -> Option<Vec<String>> {
        let registry = self.context.registry(self.given(&["registry"])).ok()?;
        let folder = registry.folder()?.to_owned();
        let Some((name, _)) = typed.split_once('@') else { return Some(folders(&folder)) };
        let mut versions = folders(&folder.join(name));
        versions.retain(|version| version.bytes().all(|byte| byte.is_ascii_digit()));
        Some(versions.into_iter().map(|version| format!("{name}@{version}")).collect())
    }

    /// The paths of all values in the spec that the line names; the values may be secrets, and are not
    /// shown.
    fn settable(&self) -> Option<Vec<String>> {
        let file = self.given(&["file", "files", "what", "more"]).unwrap_or(DEFAULT_FILE);
        let mut path = self.context.env.cwd.join(file);
        if path.is_dir() {
            path.push(DEFAULT_FILE);
        }
        let text = read_text(&path, SPEC_LIMIT).ok()?;
        let mut all = Vec::new();
        for document in parse(0, &text).documents {
            leaves(&document, String::new(), 0, &mut all);
        }
        all.retain(|path| !matches!(path.as_str(), "kind=" | "apiVersion="));
        Some(all)
    }
}

fn folders(folder: &Path) -> Vec<String> {
    let entries = fs_err::read_dir(folder).into_iter().flatten().flatten();
    let names = entries.filter(|entry| entry.path().is_dir());
    let mut names: Vec<String> =
        names.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.retain(|name| !name.starts_with('.'));
    names.sort();
    names
}

/// The paths to the texts and lists of a document, each with `=` behind it.
fn leaves(node: &Node, path: String, depth: usize, all: &mut Vec<String>) {
    let Some(entries) = node.as_map().filter(|_| depth < DEEPEST) else {
        if !path.is_empty() {
            all.push(path + "=");
        }
        return;
    };
    for entry in entries {
        let name = &entry.key.text;
        let is_plain = name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
        if is_plain {
            let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            leaves(&entry.value, path, depth + 1, all);
        }
    }
}

/// States; behind a comma another one.
fn states(typed: &str) -> Vec<Offer> {
    let before = typed.rfind(',').map_or("", |at| &typed[..=at]);
    let all =
        RunState::ALL.iter().filter(|state| !before.split(',').any(|one| one == state.as_str()));
    all.map(|state| Offer::plain(format!("{before}{state}"))).collect()
}

/// Kinds, and the fields of what is typed so far.
fn fields(typed: &str) -> Vec<Offer> {
    let Some((parent, _)) = typed.rsplit_once('.') else {
        return kind_names().into_iter().map(|kind| Offer::plain(kind.to_owned())).collect();
    };
    let Ok(explained) = explain(parent) else { return Vec::new() };
    let named = explained.fields.into_iter().filter(|field| !field.name.starts_with('<'));
    named
        .map(|field| Offer {
            value: format!("{parent}.{}", field.name),
            about: field.kind,
            is_name: false,
        })
        .collect()
}

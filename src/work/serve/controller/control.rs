//! The loop of an endpoint's controller: it looks at the replicas and at the router's counters, decides, and
//! carries out what was decided. Every decision is in the journal before anything is done by it, so that a
//! controller that is killed at any step has a successor that goes on as it would have.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use mlctl_router::{Assignment, Router, RouterConfig, Snapshot};

use super::facts::{Concurrency, add_requests, routes_by, together};
use super::history::History;
use super::journal::{EndpointJournal, append};
use super::live::{LiveDocument, Look};
use super::recent::Recent;
use super::replicas::Replicas;
use super::routing::Routing;
use crate::gang::RunId;
use crate::runtime::Notes;
use crate::store::{EndpointPaths, FileLock, now};
use crate::work::serve::endpoint::{Definition, EndpointDocument, KeptRequests, ServeError};
use crate::work::serve::rollout::{
    Action, CONTROLLER, EndpointState, Entry, Facts, Line, Measured, RevisionId, Weights, actions,
    decide,
};

/// Between two looks.
const PACE: Duration = Duration::from_millis(25);
/// Between two readings of the router's counters, by which is decided.
const READ_PACE: Duration = Duration::from_secs(1);
/// Between two looks while the state folder can't be read or written.
const TROUBLE_PACE: Duration = Duration::from_secs(1);
/// A predecessor that was killed has let the endpoint go within this time.
const PREDECESSOR_LIMIT: Duration = Duration::from_secs(30);
/// Entries that are decided at one look: more would be a circle.
const MOST_ENTRIES: usize = 100;

/// What a controller needs from its surroundings.
pub struct Surroundings<'a> {
    /// The endpoint's replicas.
    pub replicas: &'a mut dyn Replicas,
    /// Where the journal is.
    pub notes: &'a dyn Notes,
    /// The run whose command the controller is.
    pub session: RunId,
    /// What callers' requests go through; it listens already.
    pub router: Router,
    /// Where callers reach it.
    pub url: String,
    /// The certificate that they see, in PEM, where it is one of this machine.
    pub certificate: &'a dyn Fn() -> Option<String>,
    /// Brings what was applied last into the endpoint's folder, where that is not done by whoever applies it.
    pub fetch: &'a dyn Fn() -> Result<(), ServeError>,
    /// Whether it is this controller that decides. One that does not routes by what another one has decided.
    pub leads: &'a dyn Fn() -> bool,
    /// What the endpoint's other routers have counted, by their names.
    pub peers: &'a dyn Fn() -> Vec<(String, Snapshot)>,
    /// Told which requests are to be kept, whenever that may have changed.
    pub keep: &'a dyn Fn(Option<&KeptRequests>),
    /// Told how the endpoint is, about once a second.
    pub show: &'a dyn Fn(&LiveDocument) -> Result<(), ServeError>,
    /// What the controller's own signals ask for.
    pub asked: &'a dyn Fn() -> Asked,
    /// Lets callers in.
    pub open: &'a dyn Fn(),
    /// Lets no more callers in, and comes back when those that are in have their answers or their time is
    /// over.
    pub close: &'a dyn Fn(),
    /// Told of everything that is written down, and of what a person should know.
    pub tell: &'a mut dyn FnMut(Told<'_>),
}

/// What a controller is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// Nothing: it goes on.
    Nothing,
    /// The endpoint is to end, and its replicas with it.
    End,
    /// The controller is to end, and the endpoint to go on with a later one.
    Leave,
}

/// What a controller tells.
#[derive(Debug)]
pub enum Told<'a> {
    /// A line was added to the journal, by whomever.
    Line(&'a Line),
    /// Something that a person should know.
    Note(&'a str),
    /// The endpoint has begun, or no longer is, able to answer.
    Serving(bool),
}

/// What a controller knows.
struct Control<'a> {
    paths: &'a EndpointPaths,
    document: EndpointDocument,
    around: Surroundings<'a>,
    state: EndpointState,
    journal: EndpointJournal,
    measured: Measured,
    definitions: BTreeMap<String, Definition>,
    /// The weights that the router is to have, and what it was told last.
    weights: Weights,
    routed: Option<Weights>,
    config: Option<RouterConfig>,
    /// Which callers have which revision by the weights that the router is to have.
    assignment: Assignment,
    drained: BTreeSet<RevisionId>,
    concurrency: Concurrency,
    recent: Recent,
    history: History,
    read_at: Option<Instant>,
    was_held: bool,
    serves: bool,
    noted: BTreeSet<String>,
    /// A spec was applied whose documents have not been read yet.
    is_stale: bool,
    /// It has decided at the last look.
    led: bool,
}

/// Decides over an endpoint until it is asked to end or to leave.
pub fn control<'a>(
    paths: &'a EndpointPaths,
    document: EndpointDocument,
    around: Surroundings<'a>,
) -> Result<Asked, ServeError> {
    let _lock = FileLock::acquire(&paths.controller_lock(), PREDECESSOR_LIMIT)
        .map_err(|_| ServeError::Busy(paths.endpoint.clone()))?;
    let mut control = Control {
        paths,
        document,
        around,
        state: EndpointState::default(),
        journal: EndpointJournal::default(),
        measured: Measured::new(now()),
        definitions: BTreeMap::new(),
        weights: Weights::default(),
        routed: None,
        config: None,
        assignment: Assignment::default(),
        drained: BTreeSet::new(),
        concurrency: Concurrency::default(),
        recent: Recent::default(),
        history: History::default(),
        read_at: None,
        was_held: false,
        serves: false,
        noted: BTreeSet::new(),
        is_stale: false,
        led: false,
    };
    control.read_journal()?;
    control.led = (control.around.leads)();
    // Callers have their revisions back before anything is decided.
    control.take_weights(control.state.weights.clone());
    control.around.replicas.find(&control.state)?;
    control.look()?;
    control.configure()?;
    (control.around.open)();
    loop {
        match (control.around.asked)() {
            Asked::Nothing => {}
            Asked::Leave => return Ok(Asked::Leave),
            Asked::End => {
                control.end()?;
                return Ok(Asked::End);
            }
        }
        match control.turn() {
            Ok(()) => std::thread::sleep(PACE),
            // A full disk passes, and whoever asks is answered meanwhile as before. Nothing is done that
            // is not written down, so the next turn does all of it again.
            Err(error) => {
                control.note(&error.to_string());
                std::thread::sleep(TROUBLE_PACE);
            }
        }
    }
}

impl Control<'_> {
    /// One look at everything, and what follows from it.
    fn turn(&mut self) -> Result<(), ServeError> {
        let leads = (self.around.leads)();
        let has_news = self.read_journal()?;
        if leads && !self.led {
            // What another one has measured, and how many replicas it has asked for, is not known here.
            self.measured = Measured::new(now());
            self.around.replicas.find(&self.state)?;
        }
        self.led = leads;
        self.look()?;
        self.configure()?;
        let snapshot = self.around.router.snapshot();
        let peers = if leads { (self.around.peers)() } else { Vec::new() };
        let facts = self.facts(&snapshot, &peers);
        self.concurrency.look(&snapshot);
        let is_held = facts.revisions.values().any(|fact| fact.held > 0);
        let is_due = self.read_at.is_none_or(|at| at.elapsed() >= READ_PACE);
        if is_due || is_held && !self.was_held {
            self.read_at = Some(Instant::now());
            let mut readings = vec![self.concurrency.read(&snapshot)];
            readings.extend(peers.iter().map(|(name, peer)| Concurrency::at_once(name, peer)));
            self.measured.look(&self.state, &facts, &readings);
            self.history.look(Instant::now(), &readings);
            self.recent.add(together(snapshot, &peers));
        }
        self.was_held = is_held;
        let mut count = 0;
        while leads && count < MOST_ENTRIES {
            let entries = decide(&self.state, &mut self.measured, &facts);
            if entries.is_empty() {
                break;
            }
            count += entries.len();
            append(self.around.notes, self.paths, facts.now, CONTROLLER, entries)?;
            self.read_journal()?;
        }
        if leads {
            let notes = self.around.replicas.top_up(&self.state);
            self.note_all(notes);
        }
        if count < MOST_ENTRIES {
            for action in actions(&self.state, &facts) {
                // All of them route, one of them says how many replicas there are.
                if leads || matches!(action, Action::SetWeights(_) | Action::Drain { .. }) {
                    self.carry_out(action)?;
                }
            }
        }
        self.configure()?;
        if leads && (is_due || has_news || count > 0) {
            self.show()?;
        }
        Ok(())
    }

    /// From the next configuration on, the router has these weights, which are the journal's newest.
    fn take_weights(&mut self, weights: Weights) {
        self.weights = weights;
        self.assignment.clone_from(&self.state.assignment);
    }

    fn carry_out(&mut self, action: Action) -> Result<(), ServeError> {
        let notes = match action {
            Action::SetWeights(weights) => {
                self.take_weights(weights);
                Vec::new()
            }
            Action::Drain { revision } => {
                self.drained.insert(revision);
                Vec::new()
            }
            Action::Scale { revision, replicas } => {
                self.around.replicas.scale(&self.state, &revision, replicas)?
            }
            Action::Replace { revision, count } => {
                self.around.replicas.replace(&self.state, &revision, count)
            }
        };
        self.note_all(notes);
        // Callers are no longer sent to what ends before it does.
        self.configure()
    }

    /// Ends the endpoint: callers get their answers first, then the replicas go.
    fn end(&mut self) -> Result<(), ServeError> {
        (self.around.close)();
        self.around.replicas.end();
        while !self.around.replicas.is_empty() {
            self.look()?;
            std::thread::sleep(PACE);
        }
        self.show()
    }

    /// Looks at every replica.
    fn look(&mut self) -> Result<(), ServeError> {
        let snapshot = self.around.router.snapshot();
        let drain = self.state.rules.as_ref().map_or(Duration::ZERO, |rules| rules.drain);
        let notes = self.around.replicas.look(&self.state, &snapshot, drain)?;
        self.note_all(notes);
        Ok(())
    }

    /// Takes in what has come since the last look, by whomever; says whether there was anything.
    fn read_journal(&mut self) -> Result<bool, ServeError> {
        let lines = self.journal.read(self.around.notes, self.paths)?;
        for line in &lines {
            self.state.fold(line);
            self.is_stale |= matches!(line.entry, Entry::Applied { .. });
            (self.around.tell)(Told::Line(line));
        }
        // Who applies a spec has written its documents before.
        if self.is_stale {
            (self.around.fetch)()?;
            self.document = EndpointDocument::read(self.paths)?;
            (self.around.keep)(self.document.log.as_ref());
            self.is_stale = false;
        }
        self.read_definitions()?;
        Ok(!lines.is_empty())
    }

    fn read_definitions(&mut self) -> Result<(), ServeError> {
        for revision in self.state.revisions.values() {
            let digest = &revision.rules.digest;
            if !self.definitions.contains_key(digest) {
                self.definitions.insert(digest.clone(), Definition::read(self.paths, digest)?);
            }
        }
        Ok(())
    }

    fn facts(&self, snapshot: &Snapshot, peers: &[(String, Snapshot)]) -> Facts {
        let mut revisions = self.around.replicas.facts();
        for snapshot in peers.iter().map(|(_, peer)| peer).chain([snapshot]) {
            add_requests(&mut revisions, snapshot);
        }
        let routed = self.routed.clone();
        let routed =
            routed.filter(|weights| peers.iter().all(|(_, peer)| routes_by(peer, weights)));
        Facts { now: now(), routed, revisions }
    }

    /// Tells the router what is so now, if that is something else than before.
    fn configure(&mut self) -> Result<(), ServeError> {
        let revisions = &self.state.revisions;
        self.drained.retain(|id| revisions.get(id).is_some_and(|one| one.replicas == 0));
        let routing = Routing {
            document: &self.document,
            state: &self.state,
            weights: &self.weights,
            definitions: &self.definitions,
            replicas: &*self.around.replicas,
            drained: &self.drained,
            assignment: &self.assignment,
        };
        let config = routing.config();
        let serves = config.revisions.iter().any(|one| one.weight > 0 && !one.replicas.is_empty());
        if serves != self.serves {
            self.serves = serves;
            (self.around.tell)(Told::Serving(serves));
        }
        if self.config.as_ref() == Some(&config) {
            self.routed = Some(self.weights.clone());
            return Ok(());
        }
        self.around
            .router
            .configure(config.clone())
            .map_err(|error| ServeError::Routing(error.to_string()))?;
        self.config = Some(config);
        self.routed = Some(self.weights.clone());
        Ok(())
    }

    fn note_all(&mut self, notes: Vec<String>) {
        for note in &notes {
            self.note(note);
        }
    }

    fn note(&mut self, text: &str) {
        if self.noted.insert(text.to_owned()) {
            (self.around.tell)(Told::Note(text));
        }
    }

    fn show(&mut self) -> Result<(), ServeError> {
        let look = Look {
            document: &self.document,
            controller: &self.around.session,
            url: &self.around.url,
            certificate: (self.around.certificate)(),
            state: &self.state,
            measured: &self.measured,
            replicas: &*self.around.replicas,
            recent: &self.recent,
            history: &self.history,
            definitions: &self.definitions,
            now: now(),
        };
        (self.around.show)(&look.live())
    }
}

//! What the record of a run and its agents' own lines say, and the exit code that follows from it.

use std::fmt;

use mlctl::event::{Event, EventKind};
use mlctl::gang::{Exit, FailureClass, Outcome, Verdict};
use mlctl::store::{JournalReader, RunRecord, Store};

use super::strike::{Blow, Victim};
use crate::support::Sandbox;

/// All that is known of a sandbox's only run, after its end.
pub struct Story {
    /// `None` when nothing was ever recorded.
    pub record: Option<RunRecord>,
    events: Vec<Event>,
    primary: String,
    /// The replicas whose agents never came up, and whether any did.
    missing: Vec<String>,
    any_up: bool,
    /// What mlctl writes just before it starts the first agent was written.
    launched: bool,
}

/// What a run must have come to.
#[derive(Debug)]
pub struct Right {
    pub code: i32,
    /// The replica that failed first, and the class of the failure.
    pub blame: Option<(String, FailureClass)>,
    /// Stands in the first line of `why`.
    pub headline: String,
    pub because: &'static str,
}

impl Right {
    fn well(because: &'static str) -> Self {
        Self { code: 0, blame: None, headline: String::new(), because }
    }

    fn could_not_start(headline: &str, because: &'static str) -> Self {
        Self { code: 14, blame: None, headline: headline.into(), because }
    }

    fn fault(code: i32, replica: &str, class: FailureClass, because: &'static str) -> Self {
        Self { code, blame: Some((replica.into(), class)), headline: replica.into(), because }
    }

    fn lost(replica: &str, because: &'static str) -> Self {
        Self::fault(11, replica, FailureClass::Infrastructure, because)
    }
}

impl Story {
    pub fn read(sandbox: &Sandbox, replicas: &[&str]) -> Self {
        let is_up = |replica: &str| {
            own_events(sandbox, replica)
                .iter()
                .any(|event| matches!(event.kind, EventKind::AgentStarted { .. }))
        };
        let (up, missing): (Vec<_>, Vec<_>) =
            replicas.iter().map(|replica| (*replica).to_owned()).partition(|id| is_up(id));
        let mut story = Self {
            record: None,
            events: Vec::new(),
            primary: replicas[0].into(),
            missing,
            any_up: !up.is_empty(),
            launched: false,
        };
        let Some(run) = run(sandbox) else { return story };
        let store = Store::open(sandbox.state()).expect("state");
        let run = run.parse().expect("the name of a run");
        let paths = store.paths(&run);
        let record = store.record(&run).expect("a record");
        let (events, damaged) =
            JournalReader::default().read(&paths.events(), &record).expect("a journal");
        assert_eq!(damaged, 0, "damaged lines of the journal");
        story.launched = paths.agents().join("launch.json").exists();
        story.events = events;
        story.record = Some(record);
        story
    }

    /// mlctl itself had found that the run could not be started.
    pub fn is_unsubmitted(&self) -> bool {
        self.record.as_ref().is_some_and(|record| record.unsubmitted)
    }

    /// Whom the verdict blames.
    pub fn blamed(&self) -> Option<(String, FailureClass)> {
        let failure = self.record.as_ref()?.verdict.as_ref()?.first_failure.as_ref()?;
        Some((failure.replica.to_string(), failure.class))
    }

    /// What must have come of the blow. The journal has the primary's lines in their order, but for
    /// the verdict, which is its end.
    pub fn right(&self, victim: Victim, blow: Option<&Blow>) -> Right {
        let Some(blow) = blow else { return Right::well("it had ended before") };
        match victim {
            Victim::Mlctl => self.without_mlctl(),
            Victim::Guard(replica) | Victim::Command(replica) => {
                self.without_command(replica, blow)
            }
            Victim::Agent(replica) | Victim::AgentAndGuard(replica) if replica == self.primary => {
                self.without_primary(blow)
            }
            Victim::Agent(replica) | Victim::AgentAndGuard(replica) => {
                self.without_member(replica, blow)
            }
        }
    }

    fn without_mlctl(&self) -> Right {
        let Some(first) = self.missing.first() else {
            return Right::well("all agents were up, and need no mlctl");
        };
        if self.record.is_none() {
            return Right { code: 4, ..Right::well("nothing had been recorded: there is no run") };
        }
        if !self.launched {
            return Right::could_not_start("could not start", "nothing had been started");
        }
        if !self.any_up {
            return Right::could_not_start("could not start", "no agent had begun");
        }
        Right::could_not_start(first, "some agents had not been started, and were waited for")
    }

    fn without_command(&self, replica: &str, blow: &Blow) -> Right {
        let exit = self.first(|event| match &event.kind {
            EventKind::Completed => Some(None),
            EventKind::CommandExited { exit } if is_of(event, replica) => Some(Some(exit)),
            _ => None,
        });
        let exit: Option<&Exit> = exit.unwrap_or_else(|| panic!("its end is not told\n{self}"));
        match exit.map(|exit| exit.class) {
            None => Right::well("the run was complete already"),
            Some(None) if blow.was_running => panic!("a killed command ended well\n{self}"),
            Some(None) => Right::well("the command had ended well already"),
            Some(Some(_)) if blow.was_set_up => {
                Right::fault(10, replica, FailureClass::TransientSignal, "a signal ended it")
            }
            // The command can't be started, and that is all that the gang knows.
            Some(Some(_)) => {
                Right::fault(10, replica, FailureClass::UserError, "its set-up was killed")
            }
        }
    }

    fn without_primary(&self, blow: &Blow) -> Right {
        if !is_up(blow) {
            return self.never_up(&self.primary);
        }
        // It decides alone: what it had not told by then nobody has decided.
        match blow.told.iter().find_map(verdict) {
            Some(Verdict { outcome: Outcome::Succeeded, .. }) => {
                Right::well("the primary had told of the success")
            }
            Some(verdict) => panic!("{verdict:?} before the kill\n{self}"),
            None => Right::lost(&self.primary, "the primary was lost before any verdict"),
        }
    }

    fn without_member(&self, replica: &str, blow: &Blow) -> Right {
        if !is_up(blow) {
            return self.never_up(replica);
        }
        let decisive = self.first(|event| match &event.kind {
            EventKind::Completed => Some(Right::well("the run was complete already")),
            EventKind::ReplicaLost { .. } if is_of(event, replica) => {
                Some(Right::lost(replica, "it was a member of the gang"))
            }
            _ => None,
        });
        decisive.unwrap_or_else(|| {
            let end = self.first(|event| verdict(event).map(|_| event.time));
            let end = end.unwrap_or_else(|| panic!("no end is told\n{self}"));
            let joined = self.first(|event| {
                matches!(event.kind, EventKind::Joined { .. } if is_of(event, replica))
                    .then_some(event.time)
            });
            assert!(joined.is_none_or(|at| at > end), "nobody noticed its loss\n{self}");
            let class = FailureClass::Infrastructure;
            Right::fault(14, replica, class, "its agent was up and had not joined")
        })
    }

    /// mlctl waits until all agents are up.
    fn never_up(&self, replica: &str) -> Right {
        let headline = format!("the agent of {replica} could not start");
        Right::could_not_start(&headline, "its agent was not up yet: it was not submitted")
    }

    fn first<'a, T>(&'a self, of: impl FnMut(&'a Event) -> Option<T>) -> Option<T> {
        self.events.iter().find_map(of)
    }
}

impl fmt::Display for Story {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "missing: {:?}, launched: {}", self.missing, self.launched)?;
        for event in &self.events {
            let replica = event.replica.as_ref().map(ToString::to_string).unwrap_or_default();
            writeln!(f, "{} {replica} {:?}", event.time, event.kind)?;
        }
        Ok(())
    }
}

/// The only run.
fn run(sandbox: &Sandbox) -> Option<String> {
    let entries = fs_err::read_dir(sandbox.state().join("runs")).into_iter().flatten().flatten();
    let runs: Vec<String> =
        entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    assert!(runs.len() <= 1, "{runs:?}");
    runs.into_iter().next()
}

/// What a replica's agent has told so far, of itself and of the gang.
pub fn own_events(sandbox: &Sandbox, replica: &str) -> Vec<Event> {
    let Some(run) = run(sandbox) else { return Vec::new() };
    let told =
        sandbox.state().join("runs").join(run).join("logs").join(format!("{replica}.events"));
    let text = fs_err::read_to_string(told).unwrap_or_default();
    let whole = text.split_inclusive('\n').filter_map(|line| line.strip_suffix('\n'));
    whole.map(|json| serde_json::from_str(json).expect("an event")).collect()
}

fn is_of(event: &Event, replica: &str) -> bool {
    event.replica.as_ref().is_some_and(|id| id.to_string() == replica)
}

fn is_up(blow: &Blow) -> bool {
    blow.told.iter().any(|event| matches!(event.kind, EventKind::AgentStarted { .. }))
}

fn verdict(event: &Event) -> Option<&Verdict> {
    match &event.kind {
        EventKind::Finished { verdict, .. } => Some(verdict),
        _ => None,
    }
}

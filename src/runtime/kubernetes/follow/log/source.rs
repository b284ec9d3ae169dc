//! The log of one pod, as far as it has been read.

use super::kept::{KeptLines, KeptName};
use super::position::{Line, Position};
use super::tail::Tail;
use crate::agent::stream::{Item, OutputLine, StreamReader};
use crate::gang::ReplicaId;
use crate::runtime::kubernetes::follow::watch::PodFacts;
use crate::runtime::kubernetes::session::Session;
use crate::runtime::{LogLine, LogQuery};
use crate::store::RunPaths;

/// The log of one pod.
pub(crate) struct Source {
    pub(crate) replica: ReplicaId,
    pub(crate) pod: String,
    /// How what is kept of it is named; `None` where it can't be.
    name: Option<KeptName>,
    reader: StreamReader,
    pub(crate) position: Position,
    /// Where the line stands that the reader holds.
    held_at: Position,
    pub(crate) tail: Option<Tail>,
    /// What a follower has kept of a pod that is gone, where that is still to be read.
    pub(crate) kept: Option<KeptLines>,
    pub(crate) done: bool,
    /// Its tail reads what is there, and no further.
    pub(crate) closed: bool,
}

impl Source {
    pub(crate) fn new(replica: &ReplicaId, pod: &PodFacts, nonce: &str) -> Self {
        Self {
            replica: replica.clone(),
            pod: pod.name.clone(),
            name: KeptName::of(pod),
            reader: StreamReader::new(nonce).of(replica),
            position: Position::default(),
            held_at: Position::default(),
            tail: None,
            kept: None,
            done: false,
            closed: false,
        }
    }

    /// Keeps what a follower reads for the run's saved logs: once the run has ended, its node may have less,
    /// and nothing where the pod was replaced.
    pub(crate) fn keep(&self, session: &Session, run: &RunPaths, query: &LogQuery, lines: &[Line]) {
        if let Some(name) = self.name.as_ref().filter(|_| query.follows) {
            session.spools.keep(&run.run, name, &run.kept_log(&self.replica), lines);
        }
    }

    /// Takes the agent's own lines apart from those of the command, of which it gives those that were
    /// asked for, and keeps the position.
    pub(crate) fn take(&mut self, lines: Vec<Line>, query: &LogQuery) -> Vec<LogLine> {
        let mut output = Vec::new();
        for line in lines {
            let is_own = self.reader.is_own(&line.bytes);
            let mut items = self.reader.push(&line.bytes);
            items.extend(self.reader.push(b"\n"));
            output.extend(items.into_iter().filter_map(|item| self.wanted(item, query)));
            self.position = line.position;
            if !is_own {
                self.held_at = line.position;
            }
        }
        output
    }

    /// The line that may go on behind an event.
    pub(crate) fn settle(&mut self, query: &LogQuery) -> Vec<LogLine> {
        let items = self.reader.settle();
        items.into_iter().filter_map(|item| self.wanted(item, query)).collect()
    }

    /// A line of an attempt and a time that were asked for.
    fn wanted(&self, item: Item, query: &LogQuery) -> Option<LogLine> {
        let Item::Line(OutputLine { standing, bytes }) = item else { return None };
        let (replica, time) = (self.replica.clone(), self.held_at.time());
        let line = LogLine {
            replica,
            attempt: standing.attempt,
            time,
            installer: standing.installer,
            line: bytes,
        };
        query.wants(&standing).then_some(line)
    }
}

//! The output of a run's commands, read from its living pods.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use super::kept::Kept;
use super::position::Position;
use super::source::Source;
use super::tail::Tail;
use crate::gang::ReplicaId;
use crate::runtime::kubernetes::follow::watch::{PodFacts, RunFacts};
use crate::runtime::kubernetes::session::Session;
use crate::runtime::kubernetes::submit::Submission;
use crate::runtime::{LogLine, LogQuery, LogReader, RuntimeError};
use crate::store::RunPaths;

/// How many logs are asked for at once.
const LOGS_AT_ONCE: usize = 16;

/// How many replicas a person can follow. Of a larger gang only the primary is followed, where the
/// query leaves that open.
const FOLLOWED_REPLICAS: usize = 8;

/// Reads the logs of the replicas that were asked for: at first what is there, one log after the other,
/// and later what has come since.
pub(crate) struct PodLogs {
    session: Arc<Session>,
    run: RunPaths,
    query: LogQuery,
    submission: Submission,
    replicas: Vec<ReplicaId>,
    /// The logs that have been begun, by the pod's uid.
    sources: HashMap<String, Source>,
    /// What followers have kept of pods that are there, by their uids.
    kept: HashMap<String, Kept>,
    /// The pods whose logs have not been read for the first time; `None` before it is known which these
    /// are.
    unread: Option<Unread>,
    /// A pod has ended, and its log has not been read to its end.
    is_behind: bool,
    /// Nobody prints any more.
    is_closing: bool,
    /// What could not be read, and why.
    failed: Vec<String>,
}

/// Pods in the order in which their logs are read, by their replicas.
type Unread = VecDeque<(ReplicaId, VecDeque<PodFacts>)>;

impl PodLogs {
    pub(crate) fn open(
        session: Arc<Session>,
        run: RunPaths,
        query: &LogQuery,
        submission: Submission,
    ) -> Self {
        let all = submission.layout.jobs.iter().flat_map(|job| &job.replicas);
        let mut replicas: Vec<ReplicaId> = all
            .filter(|replica| query.role.as_ref().is_none_or(|role| *role == replica.role))
            .filter(|replica| query.index.is_none_or(|index| index == replica.index))
            .cloned()
            .collect();
        if query.few && replicas.len() > FOLLOWED_REPLICAS {
            replicas.truncate(1);
        }
        let query = query.clone();
        Self {
            session,
            run,
            query,
            submission,
            replicas,
            sources: HashMap::new(),
            kept: HashMap::new(),
            unread: None,
            is_behind: false,
            is_closing: false,
            failed: Vec::new(),
        }
    }

    /// Takes in pods that have a log and were not known, replica by replica.
    fn meet(&mut self, facts: &RunFacts) -> Unread {
        let mut new = VecDeque::new();
        let is_first = self.unread.is_none();
        for replica in &self.replicas {
            let mut pods = VecDeque::new();
            let living = facts.pods_of(&self.submission.layout, replica);
            let kept = if is_first { Kept::all(&self.run, replica) } else { Vec::new() };
            // Those of which nothing but their log is left came before all others.
            for kept in kept {
                if living.iter().any(|pod| pod.uid == kept.name.uid && !pod.gone) {
                    self.kept.insert(kept.name.uid.clone(), kept);
                    continue;
                }
                let pod = kept.name.pod();
                let mut source = Source::new(replica, &pod, &self.submission.nonce);
                source.kept = Some(kept.lines());
                self.sources.insert(pod.uid.clone(), source);
                pods.push_back(pod);
            }
            for pod in living {
                if pod.has_log() && !self.sources.contains_key(&pod.uid) {
                    let source = Source::new(replica, pod, &self.submission.nonce);
                    self.sources.insert(pod.uid.clone(), source);
                    pods.push_back(pod.clone());
                }
            }
            new.push_back((replica.clone(), pods));
        }
        new
    }

    /// Lines of the log whose turn it is at first: all that the query has a tail for, or some; none when
    /// all that was there has been given.
    fn first_lines(&mut self, unread: &mut Unread) -> Result<Vec<LogLine>, RuntimeError> {
        let mut kept: VecDeque<LogLine> = VecDeque::new();
        loop {
            self.ask_ahead(unread)?;
            let Some((_, pods)) = unread.front_mut() else { return Ok(kept.into()) };
            let Some(pod) = pods.front() else {
                unread.pop_front();
                if kept.is_empty() {
                    continue;
                }
                return Ok(kept.into());
            };
            let Some(source) = self.sources.get_mut(&pod.uid) else {
                pods.pop_front();
                continue;
            };
            let read = match (&mut source.kept, &mut source.tail) {
                (Some(kept), _) => kept.next()?,
                (None, Some(tail)) => self.session.block_on(tail.next()),
                (None, None) => None,
            };
            if let Some(lines) = read {
                if source.kept.is_none() {
                    source.keep(&self.session, &self.run, &self.query, &lines);
                }
                kept.extend(source.take(lines, &self.query));
            } else if let Some(log) =
                self.kept.remove(&pod.uid).filter(|_| source.position == Position::default())
            {
                // Its node has nothing of it any more, or doesn't answer.
                source.kept = Some(log.lines());
                source.tail = None;
            } else {
                let unread = source.tail.as_ref().and_then(Tail::unread);
                let told = |error| format!("the log of {} is not shown: {error}", source.replica);
                self.failed.extend(unread.map(told));
                source.tail = None;
                source.done = has_ended(pod) || pod.gone;
                kept.extend(source.settle(&self.query));
                pods.pop_front();
            }
            match self.query.tail {
                Some(tail) => drop(kept.drain(..kept.len().saturating_sub(tail))),
                None if !kept.is_empty() => return Ok(kept.into()),
                None => {}
            }
        }
    }

    /// Asks for the logs whose turn comes next, while the first of them is read. One that is gone is not
    /// asked for, and has nothing.
    fn ask_ahead(&mut self, unread: &Unread) -> Result<(), RuntimeError> {
        let cluster = self.session.cluster()?;
        let handle = self.session.handle();
        let next = unread.iter().flat_map(|(_, pods)| pods).take(LOGS_AT_ONCE);
        for pod in next.filter(|pod| !pod.gone) {
            let Some(source) = self.sources.get_mut(&pod.uid) else { continue };
            source.tail.get_or_insert_with(|| {
                let (name, at) = (pod.name.clone(), source.position);
                Tail::once(&handle, cluster.clone(), name, at, has_ended(pod))
            });
        }
        Ok(())
    }

    /// Lines that have come since.
    fn next_lines(&mut self, facts: &RunFacts) -> Result<Vec<LogLine>, RuntimeError> {
        let cluster = self.session.cluster()?;
        let handle = self.session.handle();
        self.is_behind = false;
        let mut lines = Vec::new();
        for replica in &self.replicas {
            for pod in facts.pods_of(&self.submission.layout, replica) {
                let Some(source) = self.sources.get_mut(&pod.uid).filter(|s| !s.done) else {
                    continue;
                };
                let tail = source.tail.get_or_insert_with(|| {
                    Tail::start(&handle, cluster.clone(), source.pod.clone(), source.position)
                });
                if pod.ended.is_some() || !pod.lives() {
                    tail.end();
                }
                let fresh = tail.take();
                let done = tail.is_done();
                source.keep(&self.session, &self.run, &self.query, &fresh);
                lines.extend(source.take(fresh, &self.query));
                lines.extend(source.settle(&self.query));
                if self.is_closing && !std::mem::replace(&mut source.closed, true) {
                    // A log that is followed ends a moment after its pod, and a pod a moment after its
                    // command: what is there is asked for once more instead.
                    let (pod, at) = (source.pod.clone(), source.position);
                    source.tail = Some(Tail::once(&handle, cluster.clone(), pod, at, true));
                    self.is_behind = true;
                    break;
                }
                if done {
                    source.done = true;
                    source.tail = None;
                } else if has_ended(pod) || pod.gone || self.is_closing {
                    self.is_behind = true;
                    // What its successor prints comes behind all that it has printed.
                    break;
                }
            }
        }
        Ok(lines)
    }
}

fn has_ended(pod: &PodFacts) -> bool {
    pod.over || pod.ended.is_some()
}

impl LogReader for PodLogs {
    fn read(&mut self) -> Result<Vec<LogLine>, RuntimeError> {
        let is_begun = self.unread.is_some();
        if let Some(mut unread) = self.unread.take_if(|unread| !unread.is_empty()) {
            let lines = self.first_lines(&mut unread);
            self.unread = Some(unread);
            return lines;
        }
        let Some(facts) = self.session.facts(&self.run, is_begun)? else {
            self.unread.get_or_insert_default();
            return Ok(Vec::new());
        };
        let new = self.meet(&facts);
        if !is_begun {
            self.unread = Some(new);
            return self.read();
        }
        self.next_lines(&facts)
    }

    fn is_caught_up(&self) -> bool {
        self.unread.as_ref().is_some_and(VecDeque::is_empty)
    }

    fn is_behind(&self) -> bool {
        self.is_behind
    }

    fn close(&mut self) {
        self.is_closing = true;
    }

    fn unread(&self) -> Vec<String> {
        self.failed.clone()
    }

    fn finish(&mut self, of: Option<&ReplicaId>) -> Vec<LogLine> {
        let is_meant = |source: &&mut Source| of.is_none_or(|of| *of == source.replica);
        let sources = self.sources.values_mut().filter(is_meant);
        sources.flat_map(|source| source.settle(&self.query)).collect()
    }
}

//! The output of a run's commands, read from its living pods.

use std::collections::HashMap;
use std::sync::Arc;

use futures::StreamExt;

use super::position::{Line, Position};
use super::tail::{Tail, fetch};
use crate::agent::stream::{Item, OutputLine, StreamReader};
use crate::gang::ReplicaId;
use crate::runtime::kubernetes::follow::watch::PodFacts;
use crate::runtime::kubernetes::session::Session;
use crate::runtime::kubernetes::submit::Submission;
use crate::runtime::{LogLine, LogQuery, LogReader, RuntimeError};
use crate::store::RunPaths;

/// How many logs are asked for at once.
const LOGS_AT_ONCE: usize = 16;

/// How many replicas a person can follow. Of a larger gang only the primary is followed, where the
/// query leaves that open.
const FOLLOWED_REPLICAS: usize = 8;

/// Reads the logs of the replicas that were asked for: on the first call what is there, and on
/// later calls what has come since.
pub(crate) struct PodLogs {
    session: Arc<Session>,
    run: RunPaths,
    query: LogQuery,
    submission: Submission,
    replicas: Vec<ReplicaId>,
    /// The logs that have been begun, by the pod's uid.
    sources: HashMap<String, Source>,
    /// Nothing has been read yet.
    first: bool,
}

/// The log of one pod.
struct Source {
    replica: ReplicaId,
    pod: String,
    reader: StreamReader,
    position: Position,
    tail: Option<Tail>,
    done: bool,
}

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
        Self { session, run, query, submission, replicas, sources: HashMap::new(), first: true }
    }

    /// The line is of an attempt and a time that were asked for.
    fn wanted(&self, line: &OutputLine) -> bool {
        self.query.attempt.is_none_or(|attempt| attempt == line.attempt)
            && self.query.since.is_none_or(|since| line.time.is_some_and(|time| time >= since))
    }

    /// The lines of the command that were asked for.
    fn output(&self, replica: &ReplicaId, items: Vec<(Position, Item)>) -> Vec<LogLine> {
        let lines = items.into_iter().filter_map(|(at, item)| match item {
            Item::Line(line) if self.wanted(&line) => Some(LogLine {
                replica: replica.clone(),
                attempt: line.attempt,
                time: at.time(),
                installer: line.installer,
                line: line.bytes,
            }),
            _ => None,
        });
        lines.collect()
    }

    /// The lines that are there now, by the pod's uid.
    fn first_lines(
        &mut self,
        pods: &[PodFacts],
    ) -> Result<HashMap<String, Vec<LogLine>>, RuntimeError> {
        let cluster = self.session.cluster()?;
        let requests = pods.iter().filter(|pod| !pod.gone).map(|pod| {
            let cluster = cluster.clone();
            let (uid, name) = (pod.uid.clone(), pod.name.clone());
            let ended = pod.over || pod.ended.is_some();
            async move { (uid, ended, fetch(&cluster, &name, Position::default(), ended).await) }
        });
        let requests: Vec<_> = requests.collect();
        let read: Vec<_> = self
            .session
            .block_on(futures::stream::iter(requests).buffer_unordered(LOGS_AT_ONCE).collect());
        let mut output = HashMap::new();
        for (uid, ended, lines) in read {
            let lines = lines?;
            let Some(source) = self.sources.get_mut(&uid) else { continue };
            source.done = ended;
            let items = source.take(lines);
            let replica = source.replica.clone();
            output.insert(uid, self.output(&replica, items));
        }
        Ok(output)
    }
}

impl Source {
    /// Takes the agent's own lines apart from those of the command, and keeps the position.
    fn take(&mut self, lines: Vec<Line>) -> Vec<(Position, Item)> {
        let mut items = Vec::new();
        for line in lines {
            self.position = line.position;
            let mut read = self.reader.push(&line.bytes);
            read.extend(self.reader.push(b"\n"));
            items.extend(read.into_iter().map(|item| (line.position, item)));
        }
        items
    }
}

impl LogReader for PodLogs {
    fn read(&mut self) -> Result<Vec<LogLine>, RuntimeError> {
        let first = std::mem::take(&mut self.first);
        let Some(facts) = self.session.facts(&self.run, !first)? else { return Ok(Vec::new()) };
        let mut lines = Vec::new();
        let mut new_pods = Vec::new();
        for replica in &self.replicas {
            for pod in facts.pods_of(&self.submission.layout, replica) {
                if pod.has_log() && !self.sources.contains_key(&pod.uid) {
                    let source = Source {
                        replica: replica.clone(),
                        pod: pod.name.clone(),
                        reader: StreamReader::new(&self.submission.nonce),
                        position: Position::default(),
                        tail: None,
                        done: false,
                    };
                    self.sources.insert(pod.uid.clone(), source);
                    new_pods.push(pod.clone());
                }
            }
        }
        if first {
            let read = self.first_lines(&new_pods)?;
            for replica in &self.replicas {
                let mut mine = Vec::new();
                for pod in facts.pods_of(&self.submission.layout, replica) {
                    mine.extend(read.get(&pod.uid).cloned().unwrap_or_default());
                }
                if let Some(tail) = self.query.tail {
                    mine.drain(..mine.len().saturating_sub(tail));
                }
                lines.extend(mine);
            }
            return Ok(lines);
        }
        let cluster = self.session.cluster()?;
        let handle = self.session.handle();
        let mut fresh_items = Vec::new();
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
                let items = source.take(fresh);
                if done {
                    source.done = true;
                    source.tail = None;
                }
                fresh_items.push((source.replica.clone(), items));
            }
        }
        for (replica, items) in fresh_items {
            lines.extend(self.output(&replica, items));
        }
        Ok(lines)
    }
}

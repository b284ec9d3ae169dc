//! The output of a run's commands, read from the replicas' logs in the run's folder.

use std::collections::VecDeque;

use super::source::Source;
use crate::agent::stream::OutputLine;
use crate::gang::ReplicaId;
use crate::runtime::{LogLine, LogQuery, LogReader, RuntimeError};
use crate::store::RunPaths;

/// Reads and follows the logs of the replicas that were asked for: at first one after the other, each up to
/// its end, and then what comes in any of them.
pub(crate) struct FileLogs {
    query: LogQuery,
    nonce: String,
    sources: Vec<Source>,
    /// The first of the logs that have not been read to their end for the first time.
    next: usize,
}

impl FileLogs {
    pub(crate) fn open(
        run: &RunPaths,
        query: &LogQuery,
        nonce: &str,
        replicas: Vec<ReplicaId>,
    ) -> Self {
        let sources = replicas
            .into_iter()
            .filter(|replica| query.role.as_ref().is_none_or(|role| *role == replica.role))
            .filter(|replica| query.index.is_none_or(|index| index == replica.index))
            .map(|replica| {
                let (log, events) = (run.log(&replica), run.own_events(&replica));
                Source::new(replica, log, events)
            })
            .collect();
        Self { query: query.clone(), nonce: nonce.into(), sources, next: 0 }
    }

    /// The lines of the log whose turn it is at first: all that the query has a tail for, or some.
    fn first(&mut self) -> Result<Vec<LogLine>, RuntimeError> {
        while let Some(source) = self.sources.get_mut(self.next) {
            let mut kept: VecDeque<LogLine> = VecDeque::new();
            loop {
                // A command may print faster than this is read.
                let is_last = source.is_caught_up();
                let read = source.read(&self.query, &self.nonce)?;
                let is_over = read.is_none() || is_last;
                let mut lines = read.unwrap_or_default();
                if is_over && !self.query.follows {
                    lines.extend(source.finish());
                }
                let lines = lines.into_iter();
                kept.extend(lines.filter_map(|line| wanted(&self.query, &source.replica, line)));
                if let Some(tail) = self.query.tail {
                    kept.drain(..kept.len().saturating_sub(tail));
                }
                if is_over {
                    self.next += 1;
                    break;
                }
                if self.query.tail.is_none() && !kept.is_empty() {
                    break;
                }
            }
            if !kept.is_empty() {
                return Ok(kept.into());
            }
        }
        Ok(Vec::new())
    }
}

impl LogReader for FileLogs {
    fn read(&mut self) -> Result<Vec<LogLine>, RuntimeError> {
        if self.next < self.sources.len() {
            let lines = self.first()?;
            if !lines.is_empty() {
                return Ok(lines);
            }
        }
        let mut lines = Vec::new();
        // A part of a log may have no line that was asked for, and that nothing is given says that all has
        // been read.
        let mut is_more = true;
        while lines.is_empty() && is_more {
            is_more = false;
            for source in &mut self.sources {
                let Some(read) = source.read(&self.query, &self.nonce)? else { continue };
                is_more = true;
                let read = read.into_iter();
                lines.extend(read.filter_map(|line| wanted(&self.query, &source.replica, line)));
            }
        }
        Ok(lines)
    }

    fn is_caught_up(&self) -> bool {
        self.next >= self.sources.len()
    }

    fn finish(&mut self, of: Option<&ReplicaId>) -> Vec<LogLine> {
        let mut lines = Vec::new();
        let is_meant = |source: &&mut Source| of.is_none_or(|of| *of == source.replica);
        for source in self.sources.iter_mut().filter(is_meant) {
            let rest = source.finish().into_iter();
            lines.extend(rest.filter_map(|line| wanted(&self.query, &source.replica, line)));
        }
        lines
    }
}

/// A line that was asked for.
fn wanted(query: &LogQuery, replica: &ReplicaId, line: OutputLine) -> Option<LogLine> {
    let OutputLine { standing, bytes } = line;
    query.wants(&standing).then(|| LogLine {
        replica: replica.clone(),
        attempt: standing.attempt,
        time: standing.time,
        installer: standing.installer,
        line: bytes,
    })
}

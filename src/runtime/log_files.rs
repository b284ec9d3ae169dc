//! The output of a run's commands, read from the replicas' logs in the run's folder.

use std::fs::OpenOptions;
use std::io::{Read, Seek, SeekFrom};

use super::{LogLine, LogQuery, LogReader, RuntimeError};
use crate::agent::stream::{Item, OutputLine, StreamReader};
use crate::gang::ReplicaId;
use crate::store::RunPaths;
use crate::sys;

/// Reads and follows the logs of the replicas that were asked for.
pub(crate) struct FileLogs {
    query: LogQuery,
    sources: Vec<Source>,
    first: bool,
}

struct Source {
    replica: ReplicaId,
    path: std::path::PathBuf,
    offset: u64,
    reader: StreamReader,
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
            .map(|replica| Source {
                path: run.log(&replica),
                reader: StreamReader::new(nonce),
                offset: 0,
                replica,
            })
            .collect();
        Self { query: query.clone(), sources, first: true }
    }

    fn wanted(&self, line: &OutputLine) -> bool {
        self.query.attempt.is_none_or(|attempt| attempt == line.attempt)
            && self.query.since.is_none_or(|since| line.time.is_some_and(|time| time >= since))
    }
}

impl LogReader for FileLogs {
    fn read(&mut self) -> Result<Vec<LogLine>, RuntimeError> {
        let mut lines = Vec::new();
        let mut sources = std::mem::take(&mut self.sources);
        for source in &mut sources {
            let items = source.read()?;
            let mut mine: Vec<LogLine> = items
                .into_iter()
                .filter_map(|item| match item {
                    Item::Line(line) if self.wanted(&line) => Some(LogLine {
                        replica: source.replica.clone(),
                        attempt: line.attempt,
                        time: line.time,
                        installer: line.installer,
                        line: line.bytes,
                    }),
                    _ => None,
                })
                .collect();
            if let (true, Some(tail)) = (self.first, self.query.tail) {
                mine.drain(..mine.len().saturating_sub(tail));
            }
            lines.append(&mut mine);
        }
        self.sources = sources;
        self.first = false;
        Ok(lines)
    }
}

impl Source {
    fn read(&mut self) -> Result<Vec<Item>, RuntimeError> {
        let mut file = match sys::open_own(&self.path, OpenOptions::new().read(true)) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error.into()),
        };
        file.seek(SeekFrom::Start(self.offset))?;
        let mut bytes = Vec::new();
        self.offset += file.read_to_end(&mut bytes)? as u64;
        Ok(self.reader.push(&bytes))
    }
}

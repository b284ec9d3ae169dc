//! The output of a run's commands, as every runtime gives it.

use jiff::Timestamp;

use super::RuntimeError;
use crate::agent::stream::Standing;
use crate::gang::{Attempt, ReplicaId, RoleName};
use crate::store::RunPaths;

/// Which lines of output are wanted.
#[derive(Clone, Debug, Default)]
pub struct LogQuery {
    /// Only lines of replicas of this role; absent: of every role.
    pub role: Option<RoleName>,
    /// Only lines of the replica with this index in its role; absent: of every index.
    pub index: Option<u32>,
    /// Only lines of this attempt; absent: of every attempt.
    pub attempt: Option<Attempt>,
    /// Only lines after this time.
    pub since: Option<Timestamp>,
    /// Only so many of the last lines of each replica, at the first read; absent: all lines.
    pub tail: Option<usize>,
    /// Where the gang is large, the primary's output alone is wanted.
    pub few: bool,
    /// What comes later is wanted too, so that a line without an end may still go on.
    pub follows: bool,
}

impl LogQuery {
    /// What stands there is of an attempt and a time that are wanted.
    pub(crate) fn wants(&self, standing: &Standing) -> bool {
        self.attempt.is_none_or(|wanted| wanted == standing.attempt)
            && self.since.is_none_or(|since| standing.time.is_some_and(|time| time >= since))
    }
}

/// One line of a command's output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// The replica whose command printed it.
    pub replica: ReplicaId,
    /// In which attempt; 0 is set-up before the first.
    pub attempt: Attempt,
    /// When, as exactly as the runtime knows.
    pub time: Option<Timestamp>,
    /// An installer of packages printed it, as a part of set-up.
    pub installer: bool,
    /// The bytes without the line end.
    pub line: Vec<u8>,
}

/// Reads the output of a run, following it on each call.
pub trait LogReader {
    /// Lines that have not been given yet: what is there at first in several calls, each with a part that
    /// fits into memory; later what has come since the last call, or nothing.
    fn read(&mut self) -> Result<Vec<LogLine>, RuntimeError>;

    /// What was there at the first call has been given.
    fn is_caught_up(&self) -> bool;

    /// Of what has ended more is on its way, though nothing may have come since the last call.
    fn is_behind(&self) -> bool {
        false
    }

    /// Every command has ended, so that nothing is to be waited for but what is there: it is given by the
    /// next calls of [`Self::read`].
    fn close(&mut self) {}

    /// What could not be read of what is there, and why, each in a sentence.
    fn unread(&self) -> Vec<String> {
        Vec::new()
    }

    /// What has come of lines that have no end, of one replica whose command has ended, or of all for
    /// whoever reads no further.
    fn finish(&mut self, of: Option<&ReplicaId>) -> Vec<LogLine>;
}

/// Reads what the commands of a run print.
pub trait Outputs {
    /// The output of the commands; the reader goes on following it.
    fn logs(&self, run: &RunPaths, query: &LogQuery) -> Result<Box<dyn LogReader>, RuntimeError>;
}

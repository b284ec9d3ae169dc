//! How far a pod's log has been read, by the kubelet's timestamps.

use jiff::Timestamp;

/// The last line read: its time, and how many lines of that time have been read. The API cuts times
/// to seconds, so what was read before is sent again and must be passed over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Position {
    /// Nanoseconds since 1970; 0 before the first line.
    pub(crate) nanos: u64,
    /// Lines with exactly this time.
    pub(crate) count: u64,
}

impl Position {
    /// When the line was written, by the clock of the pod's node. Before the first line it is 1970.
    pub(crate) fn time(self) -> Option<Timestamp> {
        Timestamp::from_nanosecond(self.nanos.into()).ok()
    }

    /// More has been read up to `other` than up to here.
    pub(crate) fn is_before(self, other: Self) -> bool {
        (self.nanos, self.count) < (other.nanos, other.count)
    }

    /// The value for the API's `sinceTime`, which takes whole seconds; `None` before the first
    /// line.
    pub(crate) fn since(self) -> Option<Timestamp> {
        let seconds = i64::try_from(self.nanos / 1_000_000_000).ok()?;
        if self.nanos == 0 { None } else { Timestamp::from_second(seconds).ok() }
    }

    /// Counts one more line, which was written at this time.
    fn advance(&mut self, nanos: u64) {
        if nanos == self.nanos {
            self.count += 1;
        } else {
            *self = Self { nanos, count: 1 };
        }
    }
}

/// A line of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    /// The position after this line: whoever reads on from there gets the next one.
    pub(crate) position: Position,
    /// What the container wrote, without the kubelet's timestamp and without the line end.
    pub(crate) bytes: Vec<u8>,
}

/// Turns the bytes of one connection into the lines that have not been read before.
#[derive(Debug)]
pub(crate) struct Splitter {
    position: Position,
    /// How far an earlier connection has read. Lines up to there are sent again by this one; `None`
    /// once they have all been passed over.
    known: Option<Position>,
    /// Lines with exactly the time of `known` that have been passed over.
    repeated: u64,
    /// The start of a line whose end has not come yet.
    pending: Vec<u8>,
}

impl Splitter {
    pub(crate) fn new(position: Position) -> Self {
        let known = (position.nanos > 0).then_some(position);
        Self { position, known, repeated: 0, pending: Vec::new() }
    }

    /// The position after the last complete line.
    pub(crate) fn position(&self) -> Position {
        self.position
    }

    /// Takes the next bytes of the connection and gives the lines that they complete.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> Vec<Line> {
        let mut lines = Vec::new();
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.pending.extend_from_slice(piece);
            if self.pending.last() == Some(&b'\n') {
                self.pending.pop();
                let line = std::mem::take(&mut self.pending);
                lines.extend(self.take(line));
            }
        }
        lines
    }

    /// Gives the last line of a log that has come to its end, if it had no line end. `None` where
    /// nothing is pending.
    pub(crate) fn finish(&mut self) -> Option<Line> {
        let line = std::mem::take(&mut self.pending);
        if line.is_empty() { None } else { self.take(line) }
    }

    fn take(&mut self, line: Vec<u8>) -> Option<Line> {
        let space = line.iter().position(|byte| *byte == b' ').unwrap_or(line.len());
        let time =
            std::str::from_utf8(&line[..space]).ok().and_then(|t| t.parse::<Timestamp>().ok());
        // A line without a time is the kubelet's own remark about the log, not the container's.
        let nanos = u64::try_from(time?.as_nanosecond()).ok()?;
        if let Some(known) = self.known {
            if nanos < known.nanos {
                return None;
            }
            if nanos == known.nanos && self.repeated < known.count {
                self.repeated += 1;
                return None;
            }
            self.known = None;
        }
        self.position.advance(nanos);
        let bytes = line.get(space + 1..).unwrap_or_default().to_vec();
        Some(Line { position: self.position, bytes })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A log with equal times in it, as a kubelet that cuts to seconds would send it again.
    fn log() -> Vec<(u64, String)> {
        (0..40u64)
            .map(|n| (1_700_000_000_000_000_000 + n / 3 * 400_000_000, n.to_string()))
            .collect()
    }

    fn bytes(lines: &[(u64, String)], since: Option<Timestamp>) -> Vec<u8> {
        let since = since.map_or(0, |since| since.as_nanosecond() as u64);
        let wanted = lines.iter().filter(|(nanos, _)| *nanos >= since);
        let text = wanted.map(|(nanos, line)| {
            let time = Timestamp::from_nanosecond((*nanos).into()).unwrap();
            format!("{time} {line}\n")
        });
        text.collect::<String>().into_bytes()
    }

    #[test]
    fn no_line_is_lost_or_doubled_wherever_the_stream_is_cut() {
        let log = log();
        let whole = bytes(&log, None).len();
        for first in 0..whole {
            let mut read = Vec::new();
            let mut position = Position::default();
            let mut cut = first;
            loop {
                let sent = bytes(&log, position.since());
                let mut splitter = Splitter::new(position);
                let end = cut.min(sent.len());
                read.extend(splitter.push(&sent[..end]));
                position = splitter.position();
                if end == sent.len() {
                    break;
                }
                cut += 37;
            }
            let read: Vec<String> =
                read.into_iter().map(|line| String::from_utf8(line.bytes).unwrap()).collect();
            let wanted: Vec<String> = log.iter().map(|(_, line)| line.clone()).collect();
            assert_eq!(read, wanted, "cut at {first}");
        }
    }

    #[test]
    fn the_kubelets_own_words_are_no_lines() {
        let mut splitter = Splitter::new(Position::default());
        assert!(splitter.push(b"failed to try resolving symlinks in path\n").is_empty());
        assert_eq!(splitter.push(b"2026-01-01T00:00:00.5Z \n")[0].bytes, b"");
    }
}

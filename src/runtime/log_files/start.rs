//! Where in a replica's log to begin with what is asked for.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use super::backward::Backward;
use crate::agent::stream::{Item, PlacedEvent, Standing, StreamReader, ends_output, installs};
use crate::event::{Event, EventKind};
use crate::gang::ReplicaId;
use crate::runtime::LogQuery;

/// A place in a log, and what is known there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Start {
    /// Where in the log.
    pub(super) offset: u64,
    /// Nothing from here on is asked for.
    pub(super) end: Option<u64>,
    /// Where in the file of events what follows that place is told.
    pub(super) events: u64,
    /// What is known there.
    pub(super) standing: Standing,
    /// It stands in a line that is not asked for.
    pub(super) skips: bool,
}

/// The place in a log with its events beside it. At most one line more is found for each attempt than the
/// query's tail.
pub(super) fn beside(
    log: &File,
    events: &File,
    replica: &ReplicaId,
    query: &LogQuery,
) -> io::Result<Start> {
    let mut start = bounds(log, events, replica, query)?;
    let Some(tail) = query.tail else { return Ok(start) };
    let end = start.end.unwrap_or(log.metadata()?.len());
    let mut lines = Backward::before(log, end);
    let mut begin = end;
    for _ in 0..tail {
        match lines.next()? {
            Some((at, _)) if at > start.offset => begin = at,
            Some(_) => begin = start.offset,
            None => break,
        }
        if begin == start.offset {
            break;
        }
    }
    if begin > start.offset {
        start = Start { end: start.end, ..known(events, replica, begin)? };
    }
    Ok(start)
}

/// The part of a log that an attempt, or a time on, has.
fn bounds(log: &File, events: &File, replica: &ReplicaId, query: &LogQuery) -> io::Result<Start> {
    let (mut attempt, mut since) = (query.attempt, query.since);
    let (mut begin, mut recent, mut end) = (None, None, None);
    let mut lines = Backward::before(events, events.metadata()?.len());
    while attempt.is_some() || since.is_some() {
        let Some((_, line)) = lines.next()? else { break };
        let Ok(PlacedEvent { at, event }) = serde_json::from_slice(&line) else { continue };
        if since.is_some_and(|since| event.time < since) {
            since = None;
        } else if since.is_some() {
            recent = Some((at, ends_output(&event.kind)));
        }
        match attempt.filter(|_| begins(&event, replica)) {
            Some(wanted) if event.attempt > wanted => end = Some(at),
            Some(wanted) => {
                begin = (event.attempt == wanted).then_some(at);
                attempt = None;
            }
            None => {}
        }
    }
    // Set-up is before the first command.
    let begin = if query.attempt.unwrap_or_default() == 0 { Some(0) } else { begin };
    let recent = if query.since.is_none() { Some((0, true)) } else { recent };
    let (offset, is_line) = match (begin, recent) {
        (Some(begin), Some((at, is_line))) if at > begin => (at, is_line),
        (Some(begin), Some(_)) => (begin, true),
        _ => (log.metadata()?.len(), true),
    };
    let start = if offset == 0 { Start::default() } else { known(events, replica, offset)? };
    let skips = !is_line && !follows_line_end(log, offset)?;
    Ok(Start { end: end.map(|end| end.max(offset)), skips, ..start })
}

fn follows_line_end(log: &File, offset: u64) -> io::Result<bool> {
    let mut byte = [b'\n'];
    if let Some(before) = offset.checked_sub(1) {
        log.read_exact_at(&mut byte, before)?;
    }
    Ok(byte == *b"\n")
}

fn begins(event: &Event, replica: &ReplicaId) -> bool {
    event.kind == EventKind::CommandStarting && event.replica.as_ref() == Some(replica)
}

/// What is known at a place of the log.
fn known(events: &File, replica: &ReplicaId, offset: u64) -> io::Result<Start> {
    let mut start = Start { offset, events: events.metadata()?.len(), ..Start::default() };
    let mut installer = None;
    let mut lines = Backward::before(events, start.events);
    while let Some((begin, line)) = lines.next()? {
        match serde_json::from_slice::<PlacedEvent>(&line) {
            Ok(PlacedEvent { at, .. }) if at > offset => start.events = begin,
            Ok(PlacedEvent { event, .. }) => {
                let standing = &mut start.standing;
                standing.time = standing.time.or(Some(event.time));
                installer = installer.or(installs(&event.kind));
                standing.installer = installer.unwrap_or_default();
                if event.replica.as_ref() == Some(replica) && is_of_command(&event.kind) {
                    (standing.attempt, standing.has_started) = (event.attempt, true);
                    break;
                }
            }
            Err(_) => {}
        }
    }
    Ok(start)
}

/// Events that an agent tells of its own command alone, so that their attempt is the command's.
fn is_of_command(kind: &EventKind) -> bool {
    matches!(
        kind,
        EventKind::CommandStarting
            | EventKind::CommandStarted { .. }
            | EventKind::Usage { .. }
            | EventKind::Metrics { .. }
            | EventKind::Diverged { .. }
    )
}

/// The place in a log with the agent's lines in it, of the last lines of all. A log is read as a whole
/// where an attempt or a time is asked for.
pub(super) fn within(log: &File, nonce: &str, query: &LogQuery) -> io::Result<Start> {
    let Some(tail) = query.tail.filter(|_| query.attempt.is_none() && query.since.is_none()) else {
        return Ok(Start::default());
    };
    let reader = StreamReader::new(nonce);
    let mut lines = Backward::before(log, log.metadata()?.len());
    let mut start = Start { offset: log.metadata()?.len(), ..Start::default() };
    let mut count = 0_usize;
    let mut installer = None;
    while let Some((at, line)) = lines.next()? {
        if reader.is_own(&line) {
            // It may stand in a line, of which one part was counted too many.
            count = count.saturating_sub(usize::from(reader.joins(&line)));
            if count >= tail {
                let mut one = StreamReader::new(nonce);
                let mut items = one.push(&line);
                items.extend(one.push(b"\n"));
                for item in items {
                    let Item::Event(event) = item else { continue };
                    let standing = &mut start.standing;
                    standing.time = standing.time.or(Some(event.time));
                    installer = installer.or(installs(&event.kind));
                    standing.installer = installer.unwrap_or_default();
                    if event.kind == EventKind::CommandStarting {
                        (standing.attempt, standing.has_started) = (event.attempt, true);
                        return Ok(start);
                    }
                }
            }
        } else if count < tail {
            count += 1;
            start.offset = at;
        }
    }
    Ok(start)
}

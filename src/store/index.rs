//! The index: one line per fact that never changes, so that thousands of runs list at once.
//!
//! A line is a run's creation (all names filled in), its end (`id`, `outcome`, times), its removal
//! (`id`, `removed`) or, first in a compacted file, the header with the file's own size.
//!
//! A removal speaks of the lines before it only: a run that was taken out here may be found in its
//! cluster again.

use std::borrow::Cow;
use std::collections::HashMap;

use indexmap::IndexMap;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::gang::{Outcome, RunId};
use crate::plan::{ReplicaOf, TrialOf, group};

/// One run as the index knows it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IndexEntry {
    /// Id of the run, `<name>-<6 characters>`.
    pub id: RunId,
    /// The `name` that the spec gives.
    pub name: String,
    /// The kind of the spec, for example `TrainJob`.
    pub kind: String,
    /// Where it runs: `local`, or `<context>/<namespace>` of a cluster.
    pub runtime: String,
    /// The folder it was submitted from.
    pub cwd: String,
    /// Name of the user who submitted it, as its runtime knows them, else their machine.
    pub user: String,
    /// The labels that the spec gives; `list --label` looks for them.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub labels: IndexMap<String, String>,
    /// The trial that it is; absent for a run of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trial: Option<TrialOf>,
    /// The replica of an endpoint that it is; absent for a run of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub serves: Option<ReplicaOf>,
    /// When it was recorded.
    pub created: Timestamp,
    /// How it ended; absent while it lives, as far as the index knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// When its first attempt started; known once it has ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started: Option<Timestamp>,
    /// When it ended; absent while it lives, as far as the index knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<Timestamp>,
    /// mlctl could not submit it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unsubmitted: bool,
    /// It was taken in from its cluster, not submitted from here.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub adopted: bool,
}

/// A line about a run as it is read: text stays in the file's buffer, times stay text until somebody
/// asks.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IndexLine<'a> {
    /// The run.
    pub id: RunId,
    /// The spec's name; empty unless the line is a creation.
    #[serde(borrow, default)]
    pub name: Cow<'a, str>,
    /// The kind of the spec; empty unless the line is a creation.
    #[serde(borrow, default)]
    pub kind: Cow<'a, str>,
    /// Where it runs: `local`, or `<context>/<namespace>`; empty unless the line is a creation.
    #[serde(borrow, default)]
    pub runtime: Cow<'a, str>,
    /// The folder it was submitted from.
    #[serde(borrow, default)]
    pub cwd: Cow<'a, str>,
    /// Name of the user who submitted it; empty unless the line is a creation.
    #[serde(borrow, default)]
    pub user: Cow<'a, str>,
    /// The labels that the spec gives; absent where it gives none.
    #[serde(default)]
    pub labels: Option<IndexMap<String, String>>,
    /// The trial that it is; absent for a run of its own.
    #[serde(default)]
    pub trial: Option<TrialOf>,
    /// The replica of an endpoint that it is; absent for a run of its own.
    #[serde(default)]
    pub serves: Option<ReplicaOf>,
    /// When it was recorded, in RFC 3339; see [`IndexLine::created`].
    #[serde(borrow, default)]
    pub created: Cow<'a, str>,
    /// How it ended; absent while it lives, as far as the index knows.
    #[serde(default)]
    pub outcome: Option<Outcome>,
    /// When its first attempt started, in RFC 3339; empty where it is not known.
    #[serde(borrow, default)]
    pub started: Cow<'a, str>,
    /// When it ended, in RFC 3339; empty while it lives.
    #[serde(borrow, default)]
    pub ended: Cow<'a, str>,
    /// mlctl could not submit it.
    #[serde(default)]
    pub unsubmitted: bool,
    /// It was taken in from its cluster, not submitted from here.
    #[serde(default)]
    pub adopted: bool,
    /// It has been removed.
    #[serde(default)]
    pub removed: bool,
}

/// The first line of a compacted index.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(super) struct IndexHeader {
    /// Bytes of the file when it was compacted.
    pub(super) compacted: u64,
}

impl IndexEntry {
    /// The study or the endpoint that it is a part of; `None` for a run of its own.
    pub fn group(&self) -> Option<&RunId> {
        group(self.trial.as_ref(), self.serves.as_ref())
    }
}

impl IndexLine<'_> {
    /// The study or the endpoint that it is a part of; `None` for a run of its own.
    pub fn group(&self) -> Option<&RunId> {
        group(self.trial.as_ref(), self.serves.as_ref())
    }

    /// When it was recorded.
    pub fn created(&self) -> Timestamp {
        self.created.parse().unwrap_or(Timestamp::UNIX_EPOCH)
    }

    /// A copy that stands alone.
    pub fn to_entry(&self) -> IndexEntry {
        IndexEntry {
            id: self.id.clone(),
            name: self.name.to_string(),
            kind: self.kind.to_string(),
            runtime: self.runtime.to_string(),
            cwd: self.cwd.to_string(),
            user: self.user.to_string(),
            labels: self.labels.clone().unwrap_or_default(),
            trial: self.trial.clone(),
            serves: self.serves.clone(),
            created: self.created(),
            outcome: self.outcome,
            started: self.started.parse().ok(),
            ended: self.ended.parse().ok(),
            unsubmitted: self.unsubmitted,
            adopted: self.adopted,
        }
    }
}

/// An index that has been read.
#[derive(Debug, Default)]
pub struct IndexView<'a> {
    /// The runs in the order of their creation.
    pub runs: Vec<IndexLine<'a>>,
    /// Lines that can't be understood, not counting a torn last one.
    pub damaged: usize,
    /// The last line has no end: its writer was interrupted, or is writing it now.
    pub torn: bool,
    /// Size of the file when it was last compacted.
    pub compacted: u64,
}

/// Reads the text of an index.
pub fn parse_index(text: &str) -> IndexView<'_> {
    let whole = text.rfind('\n').map_or(0, |end| end + 1);
    let mut view = IndexView { torn: whole < text.len(), ..IndexView::default() };
    let mut ends: HashMap<RunId, IndexLine<'_>> = HashMap::new();
    let mut removed: HashMap<RunId, usize> = HashMap::new();
    for line in text[..whole].lines() {
        let Ok(line) = serde_json::from_str::<IndexLine<'_>>(line) else {
            match serde_json::from_str::<IndexHeader>(line) {
                Ok(header) => view.compacted = header.compacted,
                Err(_) => view.damaged += 1,
            }
            continue;
        };
        if !line.name.is_empty() {
            if removed.contains_key(&line.id) {
                ends.remove(&line.id);
            }
            view.runs.push(line);
        } else if line.removed {
            removed.insert(line.id, view.runs.len());
        } else if line.outcome.is_some() {
            // The first end that was written counts.
            ends.entry(line.id.clone()).or_insert(line);
        } else {
            view.damaged += 1;
        }
    }
    let mut at = 0;
    view.runs.retain_mut(|run| {
        at += 1;
        if removed.get(&run.id).is_some_and(|before| at <= *before) {
            return false;
        }
        if let Some(line) = ends.get(&run.id) {
            run.outcome = run.outcome.or(line.outcome);
            run.started.clone_from(&line.started);
            run.ended.clone_from(&line.ended);
            run.unsubmitted |= line.unsubmitted;
        }
        true
    });
    view
}

/// The line of a creation, or of a creation and its end together.
pub(super) fn entry_line(entry: &IndexEntry) -> Result<String, serde_json::Error> {
    Ok(serde_json::to_string(entry)? + "\n")
}

/// The line of an end.
pub(super) fn final_line(entry: &IndexEntry) -> Result<String, serde_json::Error> {
    #[derive(Serialize)]
    struct Final<'a> {
        id: &'a str,
        outcome: Option<Outcome>,
        #[serde(skip_serializing_if = "Option::is_none")]
        started: Option<Timestamp>,
        #[serde(skip_serializing_if = "Option::is_none")]
        ended: Option<Timestamp>,
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        unsubmitted: bool,
    }
    let line = Final {
        id: &entry.id,
        outcome: entry.outcome,
        started: entry.started,
        ended: entry.ended,
        unsubmitted: entry.unsubmitted,
    };
    Ok(serde_json::to_string(&line)? + "\n")
}

/// The line of a removal.
pub(super) fn removed_line(run: &RunId) -> Result<String, serde_json::Error> {
    #[derive(Serialize)]
    struct Removed<'a> {
        id: &'a str,
        removed: bool,
    }
    Ok(serde_json::to_string(&Removed { id: run, removed: true })? + "\n")
}

/// A whole index of these runs, with its header.
pub(super) fn compacted_text(entries: &[IndexEntry]) -> Result<String, serde_json::Error> {
    let mut body = String::new();
    for entry in entries {
        body += &entry_line(entry)?;
    }
    Ok(format!("{{\"index\":1,\"compacted\":{}}}\n{body}", body.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn entry(id: &str) -> IndexEntry {
        IndexEntry {
            id: id.into(),
            name: "digits".into(),
            kind: "TrainJob".into(),
            runtime: "local".into(),
            cwd: "/home/\"u\"".into(),
            user: "u".into(),
            labels: IndexMap::from([("team".into(), "vision".into())]),
            trial: None,
            serves: None,
            created: Timestamp::UNIX_EPOCH,
            outcome: None,
            started: None,
            ended: None,
            unsubmitted: false,
            adopted: false,
        }
    }

    #[test]
    fn a_creation_and_its_end_make_one_run() {
        let mut ended = entry("digits-b");
        ended.outcome = Some(Outcome::Failed);
        ended.ended = Some(Timestamp::UNIX_EPOCH);
        let text = entry_line(&entry("digits-a")).unwrap()
            + &entry_line(&entry("digits-b")).unwrap()
            + &final_line(&ended).unwrap();
        let view = parse_index(&text);
        assert_eq!((view.damaged, view.torn), (0, false));
        let runs: Vec<_> = view.runs.iter().map(IndexLine::to_entry).collect();
        assert_eq!(runs, [entry("digits-a"), ended.clone()]);
        let text = compacted_text(&runs).unwrap();
        let again: Vec<_> = parse_index(&text).runs.iter().map(IndexLine::to_entry).collect();
        assert_eq!(again, runs);
        assert!(parse_index(&text).compacted > 0);
    }

    #[test]
    fn torn_and_damaged_lines_are_counted_and_the_rest_is_read() {
        let text = entry_line(&entry("a-1")).unwrap()
            + "\0\0\0\n"
            + &entry_line(&entry("a-2")).unwrap()
            + "{\"id\":\"a-3\",\"na";
        let view = parse_index(&text);
        assert_eq!((view.runs.len(), view.damaged, view.torn), (2, 1, true));
    }

    #[test]
    fn a_removed_run_is_not_listed() {
        let text = entry_line(&entry("a-1")).unwrap() + "{\"id\":\"a-1\",\"removed\":true}\n";
        assert!(parse_index(&text).runs.is_empty());
        let again = text + &entry_line(&entry("a-1")).unwrap();
        assert_eq!(parse_index(&again).runs.len(), 1);
    }
}

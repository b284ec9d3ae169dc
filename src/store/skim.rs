//! A quick look at the index: only the lines that somebody wants are understood in full.
//!
//! mlctl writes `id` first and `name` second, and neither ever needs an escape, so most lines can
//! be told apart by their first bytes. Any other line is read as JSON.

use std::collections::HashMap;

use serde::Deserialize;

use super::index::IndexHeader;
use super::list::Members;
use super::{IndexLine, ListFilter};
use crate::gang::RunId;

/// A line has about so many bytes: a creation 190, an end 120.
const LINE: usize = 150;

/// A run of the index, not yet understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Skimmed<'a> {
    /// Id of the run, as its creation line has it.
    pub(super) id: &'a str,
    /// The name that the spec gives, as the creation line has it.
    pub(super) name: &'a str,
    created: &'a str,
    ended: Option<&'a str>,
}

/// An index whose lines have been told apart, without being understood in full.
#[derive(Debug, Default)]
pub(super) struct SkimmedIndex<'a> {
    /// The runs in the order of their creation.
    pub(super) runs: Vec<Skimmed<'a>>,
    /// How many lines are neither a fact about a run nor the header.
    pub(super) damaged: usize,
}

/// Looks an index over. A torn last line is left out.
pub(super) fn skim_index(text: &str) -> SkimmedIndex<'_> {
    let whole = text.rfind('\n').map_or(0, |end| end + 1);
    let mut index = SkimmedIndex::default();
    // Reserved at once: a vector that grows touches twice the memory, and touching memory for the
    // first time is most of the time that this takes.
    let lines = text.len() / LINE;
    index.runs.reserve(lines / 2);
    let mut ends: HashMap<&str, &str> = HashMap::with_capacity(lines / 2);
    let mut removed: HashMap<&str, usize> = HashMap::new();
    for line in text[..whole].lines() {
        match line_kind(line) {
            Some(Kind::Created { id, name }) => {
                // A run that was removed here has been found again in its cluster: the end that was
                // read so far belongs to what was removed.
                if removed.contains_key(id) {
                    ends.remove(id);
                }
                index.runs.push(Skimmed { id, name, created: line, ended: None });
            }
            Some(Kind::Ended { id }) => {
                ends.entry(id).or_insert(line);
            }
            Some(Kind::Removed { id }) => {
                removed.insert(id, index.runs.len());
            }
            Some(Kind::Header) => {}
            None => index.damaged += 1,
        }
    }
    if !ends.is_empty() || !removed.is_empty() {
        let mut at = 0;
        index.runs.retain_mut(|run| {
            at += 1;
            run.ended = ends.get(run.id).copied();
            removed.get(run.id).is_none_or(|before| at > *before)
        });
    }
    index
}

impl SkimmedIndex<'_> {
    /// Runs that a filter may want and that are not known to have ended, each with its runtime.
    pub(super) fn living(&self, filter: &ListFilter) -> Vec<(RunId, String)> {
        let wanted = self.runs.iter().filter(|run| run.may_live() && run.may_pass(filter));
        wanted
            .filter_map(Skimmed::read)
            .filter(|line| line.outcome.is_none() && filter.place.has(&line.runtime))
            .map(|line| (line.id, line.runtime.into_owned()))
            .collect()
    }
}

impl<'a> Skimmed<'a> {
    /// Id of the run, for whoever looks at its folder.
    pub(super) fn run(&self) -> Option<RunId> {
        self.id.parse().ok()
    }

    /// Everything the index knows of the run; `None` when its line is damaged after all.
    pub(super) fn read(&self) -> Option<IndexLine<'a>> {
        let mut line: IndexLine<'a> = serde_json::from_str(self.created).ok()?;
        if let Some(ended) = self.ended {
            let ended: IndexLine<'a> = serde_json::from_str(ended).ok()?;
            line.outcome = line.outcome.or(ended.outcome);
            line.started = ended.started;
            line.ended = ended.ended;
            line.unsubmitted |= ended.unsubmitted;
        }
        Some(line)
    }

    /// True of every run that was submitted from this folder, and of a few others: a cheap test of
    /// the raw line, before it is read as JSON.
    pub(super) fn may_be_from(&self, cwd: &str) -> bool {
        // A path that JSON has to escape does not stand in the line as it is: any run may be it.
        cwd.contains(['"', '\\']) || cwd.chars().any(char::is_control) || self.created.contains(cwd)
    }

    /// The run is a trial of a study or a replica of an endpoint. No text of a line can look like this,
    /// since quotes in texts are escaped.
    pub(super) fn is_member(&self) -> bool {
        self.created.contains(r#""trial":{""#) || self.created.contains(r#""serves":{""#)
    }

    /// True where the raw line has no outcome: a cheap test, which misses only a living run that
    /// has a label called `outcome`.
    fn may_live(&self) -> bool {
        self.ended.is_none() && !self.created.contains("\"outcome\":\"")
    }

    /// True of every run that passes the filter, and of some others: a cheap test of the raw line,
    /// before it is read as JSON.
    pub(super) fn may_pass(&self, filter: &ListFilter) -> bool {
        let members = match &filter.members {
            Members::Hidden => !self.is_member(),
            Members::Shown => true,
            Members::Of(_) => self.is_member(),
        };
        members
            && filter.name.as_ref().is_none_or(|name| self.name == name)
            && filter.labels.values().all(|value| {
                // A value that JSON has to escape does not stand in the line as it is: any run may
                // have it.
                value.contains(['"', '\\'])
                    || value.chars().any(char::is_control)
                    || self.created.contains(value.as_str())
            })
    }
}

enum Kind<'a> {
    Created { id: &'a str, name: &'a str },
    Ended { id: &'a str },
    Removed { id: &'a str },
    Header,
}

/// The id as it stands in the line: a run's name has nothing that JSON would have to escape.
#[derive(Deserialize)]
struct Id<'a> {
    id: &'a str,
}

fn line_kind(line: &str) -> Option<Kind<'_>> {
    kind_by_first_bytes(line).or_else(|| kind_by_json(line))
}

fn kind_by_first_bytes(line: &str) -> Option<Kind<'_>> {
    let (id, rest) = line.strip_prefix(r#"{"id":""#)?.split_once('"')?;
    if !rest.ends_with('}') || !RunId::accepts(id) {
        return None;
    }
    if let Some(rest) = rest.strip_prefix(r#","name":""#) {
        let (name, _) = rest.split_once('"')?;
        return Some(Kind::Created { id, name });
    }
    rest.starts_with(r#","outcome":""#).then_some(Kind::Ended { id })
}

fn kind_by_json(line: &str) -> Option<Kind<'_>> {
    use std::borrow::Cow::Borrowed;
    let Ok(read) = serde_json::from_str::<IndexLine<'_>>(line) else {
        return serde_json::from_str::<IndexHeader>(line).ok().map(|_| Kind::Header);
    };
    let id = serde_json::from_str::<Id<'_>>(line).ok()?.id;
    match read.name {
        Borrowed(name) if !name.is_empty() => Some(Kind::Created { id, name }),
        _ if read.removed => Some(Kind::Removed { id }),
        _ if read.outcome.is_some() => Some(Kind::Ended { id }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::parse_index;

    #[test]
    fn it_sees_what_the_full_reader_sees() {
        let text = concat!(
            "{\"index\":1,\"compacted\":12}\n",
            r#"{"id":"a-1","name":"a","kind":"T","runtime":"local","cwd":"/","user":"u","created":"2026-01-01T00:00:00Z"}"#,
            "\n",
            r#"{"name":"a","id":"a-2","kind":"T","cwd":"/","created":"2026-01-01T00:00:00Z"}"#,
            "\n",
            r#"{"id":"a-3","name":"a","kind":"T","cwd":"/","created":"2026-01-01T00:00:00Z"}"#,
            "\n",
            r#"{"id":"a-1","outcome":"failed","ended":"2026-01-01T00:00:01Z"}"#,
            "\n",
            r#"{"id":"a-3","removed":true}"#,
            "\n",
            r#"{"id":"a-5","name":"a","kind":"T","cwd":"/","created":"2026-01-01T00:00:00Z"}"#,
            "\n",
            r#"{"id":"a-5","outcome":"failed","unsubmitted":true}"#,
            "\n",
            r#"{"id":"a-5","removed":true}"#,
            "\n",
            r#"{"id":"a-5","name":"a","kind":"T","cwd":"/","created":"2026-01-01T00:00:00Z"}"#,
            "\ngarbage\n{\"id\":\"a-4\",\"na\n{\"id\":\"torn",
        );
        let (full, quick) = (parse_index(text), skim_index(text));
        let read: Vec<_> = quick.runs.iter().filter_map(Skimmed::read).collect();
        assert_eq!(read, full.runs);
        assert_eq!((quick.damaged, full.damaged), (2, 2));
    }
}

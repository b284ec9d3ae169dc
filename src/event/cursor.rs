//! How far a run's events have been read from its runtime.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What a runtime must remember to go on where it stopped reading; kept in the run's record.
///
/// Each runtime fills in the fields that it needs and leaves the others empty. On the disk it is one
/// flat mapping of names to numbers (format 1 of `run.json`), which [`from`](From) takes apart.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Flat", into = "Flat")]
pub struct Cursor {
    /// The end has been told and nothing of the run is left: there is nothing more to read.
    pub is_finished: bool,
    /// The agents' verdict has been told, while they may still be ending their commands.
    pub has_verdict: bool,
    /// Bytes read of each replica's log, by the replica's name. Only the local runtime has them.
    pub logs: BTreeMap<String, u64>,
    /// What has been read of each pod, by its UID. Only clusters have them.
    pub pods: BTreeMap<String, PodCursor>,
    /// When each task ended whose end has been told, in milliseconds since 1970, by the replica's name.
    /// Only the local runtime has them.
    pub ends: BTreeMap<String, u64>,
    /// A hash of the last reason for waiting that was told, by whom it was about.
    pub reasons: BTreeMap<String, u64>,
}

/// How far a pod has been read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PodCursor {
    /// When the last line that was read had been written, in nanoseconds since 1970; 0 before the
    /// first line.
    pub nanos: u64,
    /// How many lines of exactly that time have been read.
    pub lines: u64,
    /// Its log has been read to its end.
    pub is_read: bool,
    /// It has been told that the pod runs or has run.
    pub is_placed: bool,
}

/// The form on the disk.
type Flat = BTreeMap<String, u64>;

const FINISHED: &str = "finished";
const VERDICT: &str = "verdict";

impl From<Flat> for Cursor {
    fn from(flat: Flat) -> Self {
        let mut cursor = Self::default();
        for (key, number) in flat {
            let Some((what, whose)) = key.split_once('/') else {
                match key.as_str() {
                    FINISHED => cursor.is_finished = true,
                    VERDICT => cursor.has_verdict = true,
                    _ => {
                        cursor.logs.insert(key, number);
                    }
                }
                continue;
            };
            if what == "wait" {
                cursor.reasons.insert(whose.to_owned(), number);
                continue;
            }
            if what == "end" {
                cursor.ends.insert(whose.to_owned(), number);
                continue;
            }
            let pod = cursor.pods.entry(whose.to_owned()).or_default();
            match what {
                "at" => pod.nanos = number,
                "lines" => pod.lines = number,
                "done" => pod.is_read = true,
                "node" => pod.is_placed = true,
                // No version of mlctl has written any other key. Ignoring one costs reading a log
                // again.
                _ => {}
            }
        }
        cursor
    }
}

impl From<Cursor> for Flat {
    fn from(cursor: Cursor) -> Self {
        let Cursor { is_finished, has_verdict, logs, pods, ends, reasons } = cursor;
        let mut flat = logs;
        let marks = [(FINISHED, is_finished), (VERDICT, has_verdict)];
        flat.extend(marks.into_iter().filter(|(_, set)| *set).map(|(name, _)| (name.into(), 1)));
        for (uid, PodCursor { nanos, lines, is_read, is_placed }) in pods {
            if nanos > 0 {
                flat.insert(format!("at/{uid}"), nanos);
                flat.insert(format!("lines/{uid}"), lines);
            }
            if is_read {
                flat.insert(format!("done/{uid}"), 1);
            }
            if is_placed {
                flat.insert(format!("node/{uid}"), 1);
            }
        }
        flat.extend(ends.into_iter().map(|(whose, at)| (format!("end/{whose}"), at)));
        flat.extend(reasons.into_iter().map(|(whom, hash)| (format!("wait/{whom}"), hash)));
        flat
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_on_the_disk_is_flat() {
        let text = concat!(
            r#"{"at/u1":5,"done/u1":1,"end/worker-1":9,"finished":1,"lines/u1":2,"node/u2":1,"#,
            r#""verdict":1,"#,
            r#""wait/job":7,"worker-0":12}"#
        );
        let cursor: Cursor = serde_json::from_str(text).unwrap();
        let pod = PodCursor { nanos: 5, lines: 2, is_read: true, is_placed: false };
        assert_eq!(cursor.pods["u1"], pod);
        assert!(cursor.pods["u2"].is_placed && cursor.is_finished && cursor.has_verdict);
        assert_eq!((cursor.logs["worker-0"], cursor.reasons["job"]), (12, 7));
        assert_eq!((cursor.ends["worker-1"], cursor.pods.len()), (9, 2));
        assert_eq!(serde_json::to_string(&cursor).unwrap(), text);
    }
}

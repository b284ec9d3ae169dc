//! When files that a command writes are whole. Nothing here looks at a disk or a clock.
//!
//! Files that belong together are a *unit* and are taken together: all of `model/`; each folder
//! directly in `checkpoints/` with all that is in it, and the files directly there; each file of
//! `logs/` by itself, since those only grow. A unit is whole when nothing of it has changed for a
//! moment, and a name that frameworks give to what they have not finished is none of it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, SystemTime};

/// A unit has been left alone for this long before it is taken.
const QUIET: Duration = Duration::from_secs(2);
/// A log that grows is taken once in this time.
const LOG_PACE: Duration = Duration::from_secs(20);

/// By what a file is seen to have changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Print {
    pub(super) size: u64,
    pub(super) modified: SystemTime,
    pub(super) inode: u64,
}

/// The files of a folder, by their paths in it.
pub(super) type Scan = BTreeMap<String, Print>;

/// What has been seen of units that were not taken yet.
#[derive(Debug, Default)]
pub(super) struct Settling {
    seen: BTreeMap<String, (Scan, Duration)>,
    logs: BTreeMap<String, Duration>,
}

impl Settling {
    /// The units that differ from what is known and are whole at this time.
    pub(super) fn whole(&mut self, scan: &Scan, known: &Scan, now: Duration) -> Vec<String> {
        let changed = changed(scan, known);
        self.seen.retain(|unit, _| changed.contains(unit));
        changed.into_iter().filter(|unit| self.is_whole(unit, scan, now)).collect()
    }

    fn is_whole(&mut self, unit: &str, scan: &Scan, now: Duration) -> bool {
        if grows(unit) {
            let last = self.logs.get(unit);
            let due = last.is_none_or(|last| now.saturating_sub(*last) >= LOG_PACE);
            if due {
                self.logs.insert(unit.to_owned(), now);
            }
            return due;
        }
        let files = of_unit(scan, unit);
        match self.seen.get(unit) {
            Some((before, since)) if *before == files => now.saturating_sub(*since) >= QUIET,
            _ => {
                self.seen.insert(unit.to_owned(), (files, now));
                false
            }
        }
    }
}

/// The units in which a file is new, changed or gone.
pub(super) fn changed(scan: &Scan, known: &Scan) -> BTreeSet<String> {
    let new = scan.iter().filter(|(path, print)| known.get(*path) != Some(print));
    let gone = known.keys().filter(|path| !scan.contains_key(*path));
    new.map(|(path, _)| path).chain(gone).map(|path| unit(path)).collect()
}

/// The files of a unit.
pub(super) fn of_unit(scan: &Scan, wanted: &str) -> Scan {
    let files = scan.iter().filter(|(path, _)| unit(path) == wanted);
    files.map(|(path, print)| (path.clone(), *print)).collect()
}

/// A log, which is taken as far as it is written.
pub(super) fn grows(unit: &str) -> bool {
    unit.starts_with("logs/")
}

/// The unit of a file.
pub(super) fn unit(path: &str) -> String {
    let mut parts = path.split('/');
    match (parts.next(), parts.next(), parts.next()) {
        (Some("logs"), ..) => path.to_owned(),
        (Some("checkpoints"), Some(folder), Some(_)) => format!("checkpoints/{folder}/"),
        (Some(part), ..) => format!("{part}/"),
        (None, ..) => String::new(),
    }
}

/// A name of something unfinished: TensorFlow writes shards into `x_temp` and other workers' copies
/// into `workertemp_1`, Orbax into `x.orbax-checkpoint-tmp-1`, Transformers into `tmp-checkpoint-1`;
/// others rename `x.tmp`.
pub(super) fn is_unfinished(name: &str) -> bool {
    let ends = [".tmp", ".temp", ".part", ".partial", ".incomplete", "_temp", ".mlctl-part", "~"];
    let starts = ["tmp-", ".tmp", "workertemp_"];
    ends.iter().any(|end| name.ends_with(end))
        || starts.iter().any(|start| name.starts_with(start))
        || [".orbax-checkpoint-tmp", ".tempstate", "_temp_"].iter().any(|part| name.contains(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scan(files: &[(&str, u64)]) -> Scan {
        let print = |size| Print { size, modified: SystemTime::UNIX_EPOCH, inode: 1 };
        files.iter().map(|(path, size)| ((*path).to_owned(), print(*size))).collect()
    }

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn a_unit_is_taken_when_nothing_of_it_changes() {
        let mut settling = Settling::default();
        let none = Scan::new();
        let half = scan(&[("checkpoints/c1/a", 1)]);
        let whole = scan(&[("checkpoints/c1/a", 1), ("checkpoints/c1/b", 1)]);
        assert!(settling.whole(&half, &none, at(0)).is_empty());
        assert!(settling.whole(&whole, &none, at(2)).is_empty(), "it has grown");
        assert!(settling.whole(&whole, &none, at(3)).is_empty(), "a moment is not over");
        assert_eq!(settling.whole(&whole, &none, at(4)), ["checkpoints/c1/"]);
        assert!(settling.whole(&whole, &whole, at(9)).is_empty(), "it is known");
        assert!(settling.whole(&half, &whole, at(10)).is_empty());
        assert_eq!(settling.whole(&half, &whole, at(12)), ["checkpoints/c1/"], "a file is gone");
    }

    #[test]
    fn what_belongs_together_is_one_unit() {
        assert_eq!(unit("model/variables/x"), "model/");
        assert_eq!(unit("model/saved_model.pb"), "model/");
        assert_eq!(unit("checkpoints/checkpoint"), "checkpoints/");
        assert_eq!(unit("checkpoints/step-1/x/y"), "checkpoints/step-1/");
        assert_eq!(unit("logs/train/events"), "logs/train/events");
    }

    #[test]
    fn one_busy_unit_holds_up_no_other_and_logs_are_paced() {
        let mut settling = Settling::default();
        let none = Scan::new();
        let first = scan(&[("checkpoints/a/x", 1), ("checkpoints/b/x", 1), ("logs/e", 1)]);
        let second = scan(&[("checkpoints/a/x", 1), ("checkpoints/b/x", 2), ("logs/e", 2)]);
        assert_eq!(settling.whole(&first, &none, at(0)), ["logs/e"]);
        assert_eq!(settling.whole(&second, &first, at(3)), Vec::<String>::new());
        let whole = settling.whole(&second, &none, at(21));
        assert_eq!(whole, ["checkpoints/b/", "logs/e"]);
    }

    #[test]
    fn names_of_unfinished_things() {
        for name in
            ["x.tmp", "ckpt-1_temp", "9.orbax-checkpoint-tmp-3", "tmp-checkpoint-5", ".tmpX"]
        {
            assert!(is_unfinished(name), "{name}");
        }
        for name in [".metadata", "ckpt-1.index", "template", "checkpoint-1", "temp"] {
            assert!(!is_unfinished(name), "{name}");
        }
    }
}

//! Where a clean-up looks, and the survey of all of it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::path::Path;
use std::rc::Rc;

use jiff::Timestamp;

use super::gather::caches;
use super::survey::Survey;
use crate::gang::RunId;
use crate::runtime::{Notice, Runtime, RuntimeError};
use crate::store::RunSummary;

/// What the caller has chosen.
pub struct Places<'a> {
    /// The name of this machine's runtime: its caches are looked at too.
    pub local: &'a str,
    /// The runtime that the command line or the settings choose.
    pub chosen: &'a str,
    /// The command line itself names that runtime: nothing else is looked at, and that it can't be
    /// asked is an error.
    pub is_named: bool,
    /// Ids of runs: where there are any, only their runtimes are looked at.
    pub runs: &'a [RunId],
    /// Runs of other users count too.
    pub all_users: bool,
    /// The folder of caches.
    pub cache: &'a Path,
}

/// Gives the runtime of a name.
type Connect<'a, E> = dyn Fn(&str) -> Result<Rc<dyn Runtime>, E> + 'a;

/// A survey, and the runtimes that it was made with: what it found is removed through them.
pub struct Surveyed {
    /// Runs, what they hold, and caches.
    pub survey: Survey,
    /// The runtimes that could be asked, by name.
    pub runtimes: BTreeMap<String, Rc<dyn Runtime>>,
}

impl Places<'_> {
    /// Looks at the state folder, and at every runtime that it or the caller names; where runs are
    /// named, at theirs alone. One that can't be asked is told, and what is remembered of its runs
    /// stays. `connect` gives the runtime of a name.
    pub fn survey<E>(
        &self,
        known: &[RunSummary],
        now: Timestamp,
        connect: &Connect<'_, E>,
        notify: &mut dyn FnMut(&str),
    ) -> Result<Surveyed, E>
    where
        E: Display + From<RuntimeError>,
    {
        let names = self.names(known);
        let caches = if names.contains(self.local) { caches(self.cache) } else { Vec::new() };
        let mut survey = Survey::of(known, caches, now);
        survey.runs.retain(|run| names.contains(&run.runtime));
        let mut runtimes = BTreeMap::new();
        let mut refused = None;
        for name in names {
            let asked = connect(&name).and_then(|runtime| {
                let unseen = survey.add_runtime(&*runtime, self.all_users)?;
                Ok((runtime, unseen))
            });
            match asked {
                Ok((runtime, unseen)) => {
                    for Notice(notice) in &unseen {
                        notify(notice);
                    }
                    runtimes.insert(name, runtime);
                }
                Err(error) if self.is_named && self.runs.is_empty() && name == self.chosen => {
                    refused = Some(error);
                }
                Err(error) => {
                    // Where runs are named, those that stay because of this give the reason
                    // themselves, and other runs are no concern of the user's.
                    if self.runs.is_empty() {
                        notify(&format!("{name}: {error}"));
                    }
                    survey.refused.insert(name, error.to_string());
                }
            }
        }
        match refused {
            Some(error) => Err(error),
            None => Ok(Surveyed { survey, runtimes }),
        }
    }

    fn names(&self, known: &[RunSummary]) -> BTreeSet<String> {
        let runtimes = |runs: &mut dyn Iterator<Item = &RunSummary>| -> BTreeSet<String> {
            runs.map(|run| run.entry.runtime.clone()).collect()
        };
        if !self.runs.is_empty() {
            return runtimes(&mut known.iter().filter(|run| self.runs.contains(&run.entry.id)));
        }
        let mut names = BTreeSet::from([self.chosen.to_owned()]);
        if !self.is_named {
            names.insert(self.local.into());
            names.extend(runtimes(&mut known.iter()));
        }
        names
    }
}

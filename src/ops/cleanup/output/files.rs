//! The files of one job in its output, and which of them go.

use std::collections::HashSet;

use serde::Serialize;

use crate::plan::BatchPlan;
use crate::plan::batch::OutputFile;
use crate::storage::{Object, Place};

/// What lies in an output and is the job's own.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct JobFiles {
    /// The files with what they are. Published files are among them only where something depends on
    /// them.
    pub files: Vec<(OutputFile, Object)>,
    /// Places of the parts that a marker names. Rows of a committed shard may be nowhere else yet: its
    /// files are published after its marker.
    pub committed: HashSet<String>,
}

impl JobFiles {
    /// The job's summary is there: all of its shards are published.
    pub(super) fn is_finished(&self) -> bool {
        self.files.iter().any(|(file, _)| *file == OutputFile::Summary)
    }

    /// A shard is committed.
    pub(super) fn has_committed(&self) -> bool {
        self.files.iter().any(|(file, _)| matches!(file, OutputFile::Marker(_)))
    }

    fn has_published(&self) -> bool {
        let is_published =
            |file: &OutputFile| matches!(file, OutputFile::Results(_) | OutputFile::Errors(_));
        self.files.iter().any(|(file, _)| is_published(file))
    }
}

/// Files of a job in its output that go with its run.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Stored {
    /// The output.
    pub output: Place,
    /// Identity of the job.
    pub job: String,
    /// What goes, in the order in which it does.
    pub objects: Vec<Object>,
    /// Bytes of all of it.
    pub bytes: u64,
    /// By which it is looked at again before anything is removed.
    #[serde(skip)]
    pub rule: Rule,
}

/// Which files of a job go, and where they are.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// What the job's run was told.
    pub plan: BatchPlan,
    /// No run of the job has succeeded or is left.
    pub abandoned: bool,
    /// All of the job goes.
    pub everything: bool,
    /// The run was taken in from its cluster.
    pub adopted: bool,
}

impl Rule {
    /// The files that go, in an order that can be broken off anywhere: what says that others are there
    /// goes before them, and the job's document, by which the rest is found again, is the last.
    pub fn goes(&self, found: &JobFiles) -> Vec<(OutputFile, Object)> {
        let abandoned = self.abandoned && !found.is_finished();
        // Where results were published the job's document stays with them: a job of another identity
        // must not write among them.
        let published = found.has_committed() || found.has_published();
        let goes = |file: OutputFile, object: &Object| match file {
            OutputFile::Part(_) => abandoned || !found.committed.contains(object.place.as_str()),
            OutputFile::Marker(_) => abandoned,
            OutputFile::Job => abandoned && !published,
            // Nobody starts a server of it any more.
            OutputFile::Code => abandoned || found.is_finished(),
            OutputFile::Summary | OutputFile::Results(_) | OutputFile::Errors(_) => false,
        };
        let mut going: Vec<_> = found
            .files
            .iter()
            .filter(|(file, object)| self.everything || goes(*file, object))
            .collect();
        going.sort_by(|(a, x), (b, y)| (a, x.place.as_str()).cmp(&(b, y.place.as_str())));
        going.into_iter().cloned().collect()
    }

    /// What goes of these files; `None` when nothing does.
    pub(super) fn stored(self, found: &JobFiles) -> Option<Stored> {
        let objects: Vec<Object> = self.goes(found).into_iter().map(|(_, object)| object).collect();
        (!objects.is_empty()).then(|| Stored {
            output: self.plan.output.clone(),
            job: self.plan.job.clone(),
            bytes: objects.iter().map(|object| object.size).sum(),
            objects,
            rule: self,
        })
    }
}

//! Looking at outputs, and removing from them.

use std::collections::HashSet;

use futures::{StreamExt, TryStreamExt, stream};
use tokio::runtime::Handle;

use super::files::{JobFiles, Rule, Stored};
use super::halves::{halves, remove_empty_folders, remove_half};
use crate::plan::batch::{
    JOB_VERSION, JobDocument, MARKER_VERSION, Marker, OutputFile, OutputLayout,
};
use crate::storage::{Object, Place, StorageErrorKind, Stores};
use crate::text::{FormatError, read_document};

/// The largest document of a job that is read; one with a million shards is smaller.
const JOB_LIMIT: u64 = 256 << 20;
/// The largest marker that is read.
const MARKER_LIMIT: u64 = 1 << 20;
/// Requests to a store at once.
const AT_ONCE: usize = 16;

/// The stores that outputs lie in, and the threads on which they are asked.
pub struct Outputs {
    stores: Stores,
    handle: Handle,
}

impl Outputs {
    /// Nothing is asked yet.
    pub fn new(stores: Stores, handle: Handle) -> Self {
        Self { stores, handle }
    }

    /// What a job has in its output; `None` where that is not, or no longer, the job's. An error says
    /// for people why it can't be known.
    pub fn look(&self, rule: &Rule) -> Result<Option<JobFiles>, String> {
        self.handle.block_on(look(&self.stores_of(rule), rule))
    }

    /// Removes what was shown, unless it has changed since. Where the run was alive until now, whatever
    /// it has left at its end goes by the same rule.
    pub fn remove(&self, stored: &Stored, was_alive: bool) -> Result<(), String> {
        let rule = &stored.rule;
        let stores = self.stores_of(rule);
        self.handle.block_on(async {
            let Some(found) = look(&stores, rule).await? else {
                return Err("the output belongs to another job now".into());
            };
            let now = rule.goes(&found);
            if !was_alive && !now.iter().map(|(_, object)| object).eq(&stored.objects) {
                return Err("it has changed since it was shown: somebody works with it".into());
            }
            // All of one kind is gone before the next is touched.
            for kind in now.chunk_by(|(a, _), (b, _)| rank(*a) == rank(*b)) {
                let removals: Vec<_> = kind.iter().map(|(_, file)| remove(&stores, file)).collect();
                stream::iter(removals).buffer_unordered(AT_ONCE).try_collect::<()>().await?;
            }
            remove_empty_folders(&stored.output);
            Ok(())
        })
    }

    /// The plan's settings of buckets, unless the run was taken in from a cluster: they would send this
    /// user's credentials wherever they say.
    pub(super) fn stores_of(&self, rule: &Rule) -> Stores {
        if rule.adopted || rule.plan.storage.is_empty() {
            return self.stores.clone();
        }
        self.stores.with(&rule.plan.storage)
    }
}

/// The kinds of files in the order in which they go.
fn rank(file: OutputFile) -> u8 {
    match file {
        OutputFile::Summary => 0,
        OutputFile::Marker(_) => 1,
        OutputFile::Part(_) | OutputFile::Code => 2,
        OutputFile::Results(_) | OutputFile::Errors(_) => 3,
        OutputFile::Job => 4,
    }
}

async fn remove(stores: &Stores, object: &Object) -> Result<(), String> {
    match remove_half(&object.place) {
        Some(result) => result.map_err(|error| error.to_string()),
        None => stores.delete(&object.place).await.map_err(|error| error.to_string()),
    }
}

async fn look(stores: &Stores, rule: &Rule) -> Result<Option<JobFiles>, String> {
    let output = &rule.plan.output;
    let document = match stores.read(&OutputLayout::job(output), JOB_LIMIT).await {
        Ok((_, bytes)) => read_document::<JobDocument>(&bytes, JOB_VERSION),
        Err(error) if error.kind == StorageErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.to_string()),
    };
    let job = match document {
        Ok(job) => job,
        Err(error @ FormatError::Newer { .. }) => return Err(error.to_string()),
        // It is nothing that mlctl has written.
        Err(FormatError::Damaged(_)) => return Ok(None),
    };
    if job.id != rule.plan.job {
        return Ok(None);
    }
    let layout = OutputLayout::new(output, job.shards.len());
    let below = |name: &str| {
        let place: Place = format!("{}/{name}", output.as_str().trim_end_matches('/')).into();
        async move { stores.list(&place).await.map_err(|error| error.to_string()) }
    };
    let known = |object: Object| Some((layout.file_at(&object.place)?, object));
    let documents = below("_mlctl/").await?;
    let mut found = JobFiles {
        files: documents.into_iter().filter_map(known).collect(),
        ..JobFiles::default()
    };
    found.files.extend(halves(output, &layout));
    // Most outputs need not be asked for their results: these can be many, and other files more.
    if rule.everything || !(found.is_finished() || found.has_committed()) {
        found.files.extend(below("prediction.*").await?.into_iter().filter_map(known));
    }
    found.committed = committed(stores, &layout, &found.files).await?;
    Ok(Some(found))
}

/// The parts that markers name, read only for shards of which there is a part.
async fn committed(
    stores: &Stores,
    layout: &OutputLayout,
    files: &[(OutputFile, Object)],
) -> Result<HashSet<String>, String> {
    let with_parts: HashSet<usize> = files
        .iter()
        .filter_map(
            |(file, _)| if let OutputFile::Part(shard) = file { Some(*shard) } else { None },
        )
        .collect();
    let markers = files.iter().filter_map(|(file, object)| match file {
        OutputFile::Marker(shard) if with_parts.contains(shard) => Some(object),
        _ => None,
    });
    let read = |object: &Object| {
        let place = object.place.clone();
        async move {
            let (_, bytes) = match stores.read(&place, MARKER_LIMIT).await {
                Ok(read) => read,
                Err(error) => return Err(error.to_string()),
            };
            read_document::<Marker>(&bytes, MARKER_VERSION)
                .map_err(|error| format!("reading {place}: {error}"))
        }
    };
    let reads: Vec<_> = markers.map(read).collect();
    let markers: Vec<Marker> = stream::iter(reads).buffer_unordered(AT_ONCE).try_collect().await?;
    let names = markers.iter().flat_map(|marker| [&marker.results.name, &marker.errors.name]);
    Ok(names.map(|name| layout.part(name).as_str().to_owned()).collect())
}

//! Which shards are committed, and by which markers.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures::{FutureExt, StreamExt, stream};
use jiff::Timestamp;

use crate::storage::{Place, Put, Stores};
use crate::text::read_document;
use crate::work::batch::{BatchError, MARKER_VERSION, Marker, OutputLayout};

/// A marker has some KiB; what is larger is none.
const LARGEST: u64 = 1 << 20;
/// Markers that are read at once.
const AT_ONCE: usize = 16;

/// The markers of one output, as they were when they were looked at last. Of a shard's markers the one
/// with the highest generation counts.
pub(crate) struct Ledger {
    stores: Stores,
    layout: OutputLayout,
    output: Place,
    job: String,
    shards: u32,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    /// The highest generation of each committed shard, and when its marker was written.
    highest: BTreeMap<u32, (u32, Option<Timestamp>)>,
    /// Markers that have been read, by shard and generation.
    read: HashMap<(u32, u32), Arc<Marker>>,
}

impl Ledger {
    /// Nothing is looked at yet.
    pub(crate) fn new(stores: &Stores, output: &Place, job: &str, shards: u32) -> Self {
        Self {
            stores: stores.clone(),
            layout: OutputLayout::new(output, shards as usize),
            output: output.clone(),
            job: job.to_owned(),
            shards,
            known: Mutex::default(),
        }
    }

    /// Where things are in the output.
    pub(crate) fn layout(&self) -> &OutputLayout {
        &self.layout
    }

    /// Looks which markers there are.
    pub(crate) async fn refresh(&self) -> Result<(), BatchError> {
        let folder = self.layout.markers();
        let found = self.stores.list(&folder).await?;
        let mut known = self.known();
        for object in found {
            let name = object.place.as_str().rsplit('/').next().unwrap_or_default();
            let Some((shard, generation)) = numbers(name) else { continue };
            if shard < self.shards {
                known.note(shard, generation, object.modified);
            }
        }
        Ok(())
    }

    /// The highest generation of a shard's markers that have been seen; `None` when it has none.
    pub(crate) fn generation(&self, shard: u32) -> Option<u32> {
        self.known().highest.get(&shard).map(|(generation, _)| *generation)
    }

    /// Failed rows of a shard by its marker; `None` when that has not been read.
    pub(crate) fn failed(&self, shard: u32) -> Option<u64> {
        let known = self.known();
        let (generation, _) = *known.highest.get(&shard)?;
        known.read.get(&(shard, generation)).map(|marker| marker.failed)
    }

    /// How many shards have a marker.
    pub(crate) fn committed(&self) -> u32 {
        self.known().highest.len() as u32
    }

    /// When the marker of a shard that counts was written, by the store's clock.
    pub(crate) fn written(&self, shard: u32) -> Option<Timestamp> {
        self.known().highest.get(&shard).and_then(|(_, at)| *at)
    }

    /// The marker of a shard that counts; `None` when it has none.
    pub(crate) async fn marker(&self, shard: u32) -> Result<Option<Arc<Marker>>, BatchError> {
        let Some(generation) = self.generation(shard) else { return Ok(None) };
        if let Some(marker) = self.known().read.get(&(shard, generation)) {
            return Ok(Some(Arc::clone(marker)));
        }
        let place = self.layout.marker(shard as usize, generation);
        let (_, bytes) = self.stores.read(&place, LARGEST).await?;
        let marker: Marker = read_document(&bytes, MARKER_VERSION)
            .map_err(|error| BatchError::damaged(&place, error.to_string()))?;
        if marker.job != self.job {
            return Err(BatchError::OtherJob {
                place: self.output.clone(),
                found: marker.job,
                expected: self.job.clone(),
            });
        }
        if (marker.shard, marker.generation) != (shard, generation) {
            return Err(BatchError::damaged(&place, "it is the marker of another shard"));
        }
        for part in [&marker.results, &marker.errors] {
            if part.name.is_empty() || part.name.contains(['/', '\\']) || part.name.starts_with('.')
            {
                return Err(BatchError::damaged(&place, "it names a part that can't be one"));
            }
        }
        let marker = Arc::new(marker);
        self.known().read.insert((shard, generation), Arc::clone(&marker));
        Ok(Some(marker))
    }

    /// The markers that count, in the order of shards; `None` for a shard without one.
    pub(crate) async fn markers(&self) -> Result<Vec<Option<Arc<Marker>>>, BatchError> {
        let all: Vec<_> = (0..self.shards).map(|shard| self.marker(shard).boxed()).collect();
        let mut all = stream::iter(all).buffered(AT_ONCE);
        let mut markers = Vec::with_capacity(self.shards as usize);
        while let Some(marker) = all.next().await {
            markers.push(marker?);
        }
        Ok(markers)
    }

    /// Commits a shard; `false` when another worker's marker was first.
    pub(crate) async fn commit(&self, marker: Marker) -> Result<bool, BatchError> {
        let (shard, generation) = (marker.shard, marker.generation);
        let place = self.layout.marker(shard as usize, generation);
        let text = serde_json::to_vec(&marker)
            .map_err(|error| BatchError::damaged(&place, error.to_string()))?;
        let put = self.stores.put_if_absent(&place, text).await?;
        let mut known = self.known();
        known.note(shard, generation, None);
        if put == Put::Created {
            known.read.insert((shard, generation), Arc::new(marker));
        }
        Ok(put == Put::Created)
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn note(&mut self, shard: u32, generation: u32, written: Option<Timestamp>) {
        let highest = self.highest.entry(shard).or_insert((generation, written));
        if (highest.0, highest.1) <= (generation, written) {
            *highest = (generation, written);
        }
    }
}

/// Shard and generation of a marker by its name.
fn numbers(name: &str) -> Option<(u32, u32)> {
    let (shard, generation) = name.strip_suffix(".json")?.split_once('.')?;
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if !digits(shard) || !digits(generation) || shard.len() < 5 {
        return None;
    }
    Some((shard.parse().ok()?, generation.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_markers_are_markers() {
        assert_eq!(numbers("00012.0.json"), Some((12, 0)));
        assert_eq!(numbers("123456.12.json"), Some((123_456, 12)));
        for name in ["12.0.json", "00012.json", "00012.0.json.tmp", "0001x.0.json", "00012.+1.json"]
        {
            assert_eq!(numbers(name), None, "{name}");
        }
    }
}

//! Rows of documents with rising numbers, each put if absent: the highest counts. So something can change
//! in a store that can't compare and exchange.

use serde::Serialize;

use super::error::RegistryError;
use super::layout::{Layout, number};
use super::read::Registry;
use crate::storage::{Place, Put};

/// How often a change is tried while others change the same.
const ATTEMPTS: u32 = 50;

impl Registry {
    /// Puts the next document of a row. The document must have a word in it that no other writer has.
    pub(super) async fn put_next<T: Serialize>(
        &self,
        folder: &Place,
        document: &T,
    ) -> Result<(), RegistryError> {
        let bytes = bytes_of(folder, document)?;
        let begin = format!("{folder}/");
        for _ in 0..ATTEMPTS {
            let objects = self.stores.below(folder).await?;
            let numbers = objects.iter().filter_map(|object| {
                number(object.place.as_str().strip_prefix(&begin)?.strip_suffix(".json")?)
            });
            let next = numbers.max().unwrap_or_default() + 1;
            let place = Layout::numbered(folder, next);
            match self.stores.put_if_absent(&place, bytes.clone()).await? {
                Put::Created => return Ok(()),
                Put::Exists => {}
            }
        }
        Err(RegistryError::Busy { what: folder.to_string() })
    }
}

/// A document as it is stored.
pub(super) fn bytes_of<T: Serialize>(
    place: &Place,
    document: &T,
) -> Result<Vec<u8>, RegistryError> {
    serde_json::to_vec_pretty(document)
        .map_err(|error| RegistryError::Damaged { place: place.clone(), why: error.to_string() })
}

/// A word that no other writer has.
pub(super) fn unique_word() -> String {
    format!("{:016x}{:08x}", fastrand::u64(..), std::process::id())
}

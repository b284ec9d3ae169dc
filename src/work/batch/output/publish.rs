//! From committed parts to the files that users read.
//!
//! A part stays until it has its file's name, or has been copied to it: a part that is there may not
//! have been published, one that is not has been. So whoever comes later, after any kill, knows
//! what is left to do, and does it again without harm.

use crate::storage::{Object, Place, StorageError, StorageErrorKind, Stores};
use crate::work::batch::{BatchError, Marker, OutputLayout, Part};

/// Where the bytes of a committed part are.
#[derive(Clone, Debug)]
pub(crate) enum Where {
    /// Still in the part.
    Part(Object),
    /// In the file that has been published.
    File(Object),
}

impl Where {
    /// The object that has the bytes.
    pub(crate) fn object(&self) -> &Object {
        match self {
            Self::Part(object) | Self::File(object) => object,
        }
    }
}

/// Moves the parts of a committed shard to their files, unless that has been done.
pub(crate) async fn publish(
    stores: &Stores,
    layout: &OutputLayout,
    marker: &Marker,
) -> Result<(), BatchError> {
    let shard = marker.shard as usize;
    let pairs = [(&marker.results, layout.results(shard)), (&marker.errors, layout.errors(shard))];
    for (part, file) in &pairs {
        if let Where::Part(object) = where_is(stores, layout, part, file).await? {
            match stores.relocate(&object, file).await {
                Ok(()) => {}
                // Another worker has published and removed it meanwhile.
                Err(error) if error.kind == StorageErrorKind::NotFound => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
    Ok(())
}

/// Where the bytes of a part are; an error when they are nowhere.
pub(crate) async fn where_is(
    stores: &Stores,
    layout: &OutputLayout,
    part: &Part,
    file: &Place,
) -> Result<Where, BatchError> {
    if let Some(object) = found(stores.head(&layout.part(&part.name)).await)? {
        if object.size != part.size {
            return Err(BatchError::damaged(&object.place, "its size is not what its marker says"));
        }
        return Ok(Where::Part(object));
    }
    match found(stores.head(file).await)? {
        Some(object) if object.size == part.size => Ok(Where::File(object)),
        Some(object) => Err(BatchError::damaged(
            &object.place,
            format!(
                "it has {} bytes, and its marker says {}: somebody has changed it",
                object.size, part.size
            ),
        )),
        None => Err(BatchError::damaged(file, "it is gone, though its shard was committed")),
    }
}

/// Removes parts by their names.
pub(crate) async fn remove_parts(
    stores: &Stores,
    layout: &OutputLayout,
    names: &[String],
) -> Result<(), StorageError> {
    for name in names {
        stores.delete(&layout.part(name)).await?;
    }
    Ok(())
}

fn found(head: Result<Object, StorageError>) -> Result<Option<Object>, StorageError> {
    match head {
        Ok(object) => Ok(Some(object)),
        Err(error) if error.kind == StorageErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

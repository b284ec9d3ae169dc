//! One part of a shard, written as it comes.

use crc_fast::{CrcAlgorithm, Digest};

use crate::storage::{Place, StorageError, Stores, Upload};
use crate::work::batch::Part;

/// So many bytes are gathered before they are given to the store.
const GATHER: usize = 256 << 10;

/// A part that is being written. It is in the store once [`finish`](Self::finish) returns; dropped
/// before, it never is.
pub(crate) struct PartWriter {
    stores: Stores,
    place: Place,
    name: String,
    buffer: Vec<u8>,
    upload: Option<Upload>,
    crc: Digest,
    size: u64,
}

impl PartWriter {
    /// Nothing is written yet.
    pub(crate) fn new(stores: &Stores, place: Place, name: String) -> Self {
        Self {
            stores: stores.clone(),
            place,
            name,
            buffer: Vec::new(),
            upload: None,
            crc: Digest::new(CrcAlgorithm::Crc32Iscsi),
            size: 0,
        }
    }

    /// Where lines are put behind those before.
    pub(crate) fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.buffer
    }

    /// Gives the store what has been gathered, when it is enough.
    pub(crate) async fn flush(&mut self) -> Result<(), StorageError> {
        if self.buffer.len() < GATHER {
            return Ok(());
        }
        let bytes = self.taken();
        let upload = match &mut self.upload {
            Some(upload) => upload,
            none => none.insert(self.stores.upload(&self.place).await?),
        };
        upload.write(bytes).await
    }

    /// Ends the part.
    pub(crate) async fn finish(mut self) -> Result<Part, StorageError> {
        let bytes = self.taken();
        match self.upload.take() {
            Some(mut upload) => {
                if !bytes.is_empty() {
                    upload.write(bytes).await?;
                }
                upload.finish().await?;
            }
            None => {
                self.stores.put(&self.place, bytes).await?;
            }
        }
        Ok(Part { name: self.name, size: self.size, crc32c: self.crc.finalize() as u32 })
    }

    fn taken(&mut self) -> Vec<u8> {
        let capacity = if self.upload.is_some() { GATHER + GATHER / 4 } else { 0 };
        let bytes = std::mem::replace(&mut self.buffer, Vec::with_capacity(capacity));
        self.crc.update(&bytes);
        self.size += bytes.len() as u64;
        bytes
    }
}

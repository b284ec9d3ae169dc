//! The rows of a shard, read from its store.

use bytes::Bytes;
use crc_fast::{CrcAlgorithm, Digest};

use super::gunzip::Gunzip;
use super::records::{LineFrame, Records};
use super::row::{Row, Split};
use super::tfrecord::TfRecords;
use super::{Chunks, CsvFrame, cells};
use crate::storage::{Object, Stores};
use crate::work::batch::{BatchError, InputFormat, Shard};

/// Reads the rows of a shard in their order.
pub(crate) struct Reader {
    chunks: Chunks,
    gunzip: Option<Gunzip>,
    split: Box<dyn Split>,
    header: Header,
    crc: Option<Digest>,
}

/// The names of a CSV file's columns.
enum Header {
    /// The format has none.
    None,
    /// The next row is it.
    Next,
    Known(Vec<String>),
}

impl Reader {
    /// The rows of at most `limit` bytes that begin in a shard of an input. A CSV file's header is read
    /// first, from the file's begin, wherever the shard is. A file whose name ends with `.gz` is
    /// unpacked; it must be one shard.
    pub(crate) async fn open(
        stores: &Stores,
        object: &Object,
        shard: Shard,
        format: InputFormat,
        limit: u64,
    ) -> Result<Self, BatchError> {
        let packed = is_packed(format, object);
        // What is unpacked is longer than the file.
        let end = if packed { u64::MAX } else { shard.end };
        let split: Box<dyn Split> = match format {
            InputFormat::Jsonl | InputFormat::FileList => {
                Box::new(Records::<LineFrame>::new(shard.begin, end, limit))
            }
            InputFormat::Csv => Box::new(Records::<CsvFrame>::new(shard.begin, end, limit)),
            InputFormat::TfRecord | InputFormat::TfRecordGzip => Box::new(TfRecords::new(limit)),
        };
        let first = Records::<LineFrame>::first_byte(shard.begin);
        let mut reader = Self {
            chunks: Chunks::new(stores, object, first, shard.end),
            gunzip: packed.then(Gunzip::new),
            split,
            header: Header::None,
            crc: None,
        };
        if format == InputFormat::Csv {
            reader.header = Header::Next;
            if shard.begin > 0 {
                let whole = Shard { begin: 0, end: 1, ..shard };
                let head = Box::pin(Self::open(stores, object, whole, format, limit));
                let mut head = head.await?;
                head.header = Header::None;
                if let Some(row) = head.next().await? {
                    reader.header = Header::Known(names(&row.text));
                }
            }
        }
        Ok(reader)
    }

    /// From now on a checksum is made of what is read.
    #[must_use]
    pub(crate) fn checked(self) -> Self {
        Self { crc: Some(Digest::new(CrcAlgorithm::Crc32Iscsi)), ..self }
    }

    /// The CRC-32C of the file, once its last row has been read; `None` where none was made.
    pub(crate) fn crc32c(&self) -> Option<u32> {
        self.crc.as_ref().map(|crc| crc.finalize() as u32)
    }

    /// The next row; `None` behind the last one.
    pub(crate) async fn next(&mut self) -> Result<Option<Row>, BatchError> {
        loop {
            if let Some(row) = self.ready() {
                return Ok(Some(row));
            }
            if !self.more().await? {
                return Ok(None);
            }
        }
    }

    /// The next row of what has been read; `None` where more must be.
    pub(crate) fn ready(&mut self) -> Option<Row> {
        let row = self.split.next()?;
        if matches!(self.header, Header::Next) {
            if row.fault.is_some() {
                // No later row is it: the rows of such a file are all errors.
                self.header = Header::Known(Vec::new());
                return Some(row);
            }
            self.header = Header::Known(names(&row.text));
            return self.split.next();
        }
        Some(row)
    }

    /// Reads on; `false` behind the last row.
    pub(crate) async fn more(&mut self) -> Result<bool, BatchError> {
        if self.split.is_done() {
            return Ok(false);
        }
        self.feed().await?;
        Ok(true)
    }

    /// The names of a CSV file's columns, once the first row has been read.
    pub(crate) fn header(&self) -> Option<&[String]> {
        match &self.header {
            Header::Known(names) => Some(names),
            Header::None | Header::Next => None,
        }
    }

    /// Lines that have ended in the shard so far; records of a TFRecord file.
    pub(crate) fn lines(&self) -> u64 {
        self.split.lines()
    }

    async fn feed(&mut self) -> Result<(), BatchError> {
        let Some(gunzip) = &mut self.gunzip else {
            match self.chunks.next().await? {
                Some(chunk) => {
                    if let Some(crc) = &mut self.crc {
                        crc.update(&chunk);
                    }
                    self.split.push(chunk);
                }
                None => self.split.finish(None),
            }
            return Ok(());
        };
        loop {
            match gunzip.next() {
                Ok(Some(bytes)) => {
                    self.split.push(bytes);
                    return Ok(());
                }
                Ok(None) => {}
                Err(reason) => {
                    self.split.finish(Some(reason));
                    return Ok(());
                }
            }
            if let Some(packed) = self.chunks.next().await? {
                gunzip.push(packed);
                continue;
            }
            match gunzip.finish() {
                Ok(bytes) if bytes.is_empty() => self.split.finish(None),
                Ok(bytes) => self.split.push(bytes),
                Err(reason) => self.split.finish(Some(reason)),
            }
            return Ok(());
        }
    }
}

/// Whether an input is unpacked while it is read: it has the format's or gzip's name.
pub(crate) fn is_packed(format: InputFormat, object: &Object) -> bool {
    let name = object.place.as_str();
    let end = name.len().saturating_sub(3);
    let gzip = name.get(end..).is_some_and(|end| end.eq_ignore_ascii_case(".gz"));
    gzip || format == InputFormat::TfRecordGzip
}

/// The names of a CSV file's columns.
pub(crate) fn names(header: &Bytes) -> Vec<String> {
    let cells = cells(header);
    cells.iter().map(|cell| String::from_utf8_lossy(&cell.text).into_owned()).collect()
}

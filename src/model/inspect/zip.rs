//! The list of a zip archive's files, and single ones of them
//! (<https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT>). Only the list at the end of the archive is
//! read and what is asked for, so that one of gigabytes in a bucket takes a few requests.

use std::io::Read;

use flate2::read::DeflateDecoder;

use super::InspectError;
use super::bytes::Window;

/// The record that ends an archive, without the remark behind it.
const END: u64 = 22;
/// No remark is longer.
const LONGEST_REMARK: u64 = 65_535;
/// Where a large archive says where the record of its true numbers is.
const LOCATOR: u64 = 20;
/// An entry of the list, without its name.
const LISTED: u64 = 46;
/// What stands before a file, without its name.
const LOCAL: u64 = 30;
/// No archive of a model has more files.
const MOST: u64 = 100_000;
/// A number that stands elsewhere, since it has more bits.
const ELSEWHERE: u64 = 0xffff_ffff;

/// A file in an archive, as the list says.
#[derive(Clone, Debug)]
pub(super) struct Packed {
    pub(super) name: String,
    /// Its size, unpacked.
    pub(super) size: u64,
    stored: u64,
    method: u64,
    local: u64,
}

/// A number in a piece of bytes; 0 where it ends before.
fn number(bytes: &[u8], at: usize, width: usize) -> u64 {
    let part = bytes.get(at..at + width).unwrap_or_default();
    part.iter().rev().fold(0, |all, byte| all << 8 | u64::from(*byte))
}

/// The files of an archive.
///
/// # Errors
/// It is no zip archive, damaged, or can't be read.
pub(super) fn files(file: &mut Window<'_>) -> Result<Vec<Packed>, InspectError> {
    let (count, mut at) = list_of(file)?;
    if count > MOST {
        return Err(InspectError::TooMany { what: "files", limit: MOST as usize });
    }
    let mut files = Vec::new();
    for _ in 0..count {
        let head = piece(file, at, LISTED)?;
        if !head.starts_with(b"PK\x01\x02") {
            return Err(InspectError::malformed(at, "its list of files is broken"));
        }
        let (name, extra) = (number(&head, 28, 2), number(&head, 30, 2));
        let mut packed = Packed {
            name: String::from_utf8_lossy(&piece(file, at + LISTED, name)?).into_owned(),
            method: number(&head, 10, 2),
            stored: number(&head, 20, 4),
            size: number(&head, 24, 4),
            local: number(&head, 42, 4),
        };
        wide(&mut packed, &piece(file, at + LISTED + name, extra)?);
        file.keep(name)?;
        files.push(packed);
        at += LISTED + name + extra + number(&head, 32, 2);
    }
    Ok(files)
}

/// What the file of this entry holds, unpacked; at most `limit` bytes, whatever the list says.
///
/// # Errors
/// It is larger, packed in a way that is not known, damaged, or can't be read.
pub(super) fn content(
    file: &mut Window<'_>,
    entry: &Packed,
    limit: u64,
) -> Result<Vec<u8>, InspectError> {
    let too_long = || InspectError::TooLong { at: entry.local, limit };
    if entry.stored > limit || entry.size > limit {
        return Err(too_long());
    }
    let head = piece(file, entry.local, LOCAL)?;
    if !head.starts_with(b"PK\x03\x04") {
        return Err(InspectError::malformed(entry.local, "a file isn't where the list says"));
    }
    let start = entry.local + LOCAL + number(&head, 26, 2) + number(&head, 28, 2);
    let packed = piece(file, start, entry.stored)?;
    let mut content = Vec::new();
    match entry.method {
        0 => content = packed,
        8 => {
            let unpacked = DeflateDecoder::new(packed.as_slice()).take(limit + 1);
            let read = { unpacked }.read_to_end(&mut content);
            read.map_err(|error| InspectError::malformed(start, error.to_string()))?;
        }
        other => {
            let what = format!("a file is packed in way {other}, which is not known");
            return Err(InspectError::malformed(entry.local, what));
        }
    }
    if content.len() as u64 > limit { Err(too_long()) } else { Ok(content) }
}

/// How many files there are, and where their list begins.
fn list_of(file: &mut Window<'_>) -> Result<(u64, u64), InspectError> {
    let from = file.size().saturating_sub(END + LONGEST_REMARK);
    let tail = piece(file, from, file.size() - from)?;
    let begin = tail.windows(4).rposition(|bytes| bytes == b"PK\x05\x06");
    let begin = begin.filter(|begin| tail.len() - begin >= END as usize);
    let Some(begin) = begin else {
        return Err(InspectError::malformed(0, "it is no zip archive, or its end is missing"));
    };
    let end = &tail[begin..];
    let (count, list) = (number(end, 10, 2), number(end, 16, 4));
    let at = from + begin as u64;
    if (count == 0xffff || list == ELSEWHERE) && at >= LOCATOR {
        let locator = piece(file, at - LOCATOR, LOCATOR)?;
        if locator.starts_with(b"PK\x06\x07") {
            let record = piece(file, number(&locator, 8, 8), 56)?;
            if record.starts_with(b"PK\x06\x06") {
                return Ok((number(&record, 32, 8), number(&record, 48, 8)));
            }
        }
    }
    Ok((count, list))
}

/// Takes what has more than 32 bits from an entry's further fields.
fn wide(packed: &mut Packed, mut extra: &[u8]) {
    while extra.len() >= 4 {
        let (kind, length) = (number(extra, 0, 2), number(extra, 2, 2) as usize);
        let body = extra.get(4..4 + length).unwrap_or_default();
        if kind == 1 {
            let mut at = 0;
            for place in [&mut packed.size, &mut packed.stored, &mut packed.local] {
                if *place == ELSEWHERE {
                    *place = number(body, at, 8);
                    at += 8;
                }
            }
        }
        extra = extra.get(4 + length..).unwrap_or_default();
    }
}

fn piece(file: &mut Window<'_>, at: u64, length: u64) -> Result<Vec<u8>, InspectError> {
    let end = at.checked_add(length).ok_or(InspectError::Truncated { at })?;
    Ok(file.get(at..end)?.to_vec())
}

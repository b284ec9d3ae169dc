//! Objects in packs: many in one file, some of them as differences from others.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;

use miniz_oxide::inflate::decompress_to_vec_zlib_with_limit;

use super::commit::OBJECT;
use crate::storage;
use crate::storage::checkout::Id;

/// More packs than any repository has that is looked after.
const PACKS: usize = 4096;
/// The longest row of differences that git makes.
const ROW: usize = 4095;
/// What a row of differences may come to.
const ROW_BYTES: usize = 32 << 20;

/// The content of a commit that lies in one of a folder's packs.
pub(super) fn find(objects: &Path, id: &Id) -> Option<Vec<u8>> {
    let entries = fs_err::read_dir(objects.join("pack")).ok()?;
    let paths = entries.take(PACKS).filter_map(|entry| Some(entry.ok()?.path()));
    let mut indexes = paths.filter(|path| path.extension().is_some_and(|end| end == "idx"));
    indexes.find_map(|path| {
        let index = Index { file: storage::open(&path).ok()?, hash: id.kind().size() as u64 };
        let offset = index.offset(id)?;
        let pack = storage::open(&path.with_extension("pack")).ok()?;
        content(&pack, &index, offset)
    })
}

/// The table of a pack: ids in their order, and where each object lies.
struct Index {
    file: File,
    hash: u64,
}

impl Index {
    fn offset(&self, id: &Id) -> Option<u64> {
        // The first bytes of the second version; nothing has written the first one for long.
        if self.number(0)? != 0xff74_4f63 || self.number(4)? != 2 {
            return None;
        }
        let first = u64::from(*id.bytes().first()?);
        let count = u64::from(self.number(8 + 255 * 4)?);
        let before = |at: u64| self.number(8 + at * 4).map(u64::from);
        let mut low = if first == 0 { 0 } else { before(first - 1)? };
        let mut high = before(first)?.min(count);
        let names = 8 + 256 * 4;
        let mut name = vec![0; self.hash as usize];
        while low < high {
            let middle = u64::midpoint(low, high);
            self.file.read_exact_at(&mut name, names + middle * self.hash).ok()?;
            match name.as_slice().cmp(id.bytes()) {
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
                std::cmp::Ordering::Equal => {
                    let short = names + count * (self.hash + 4);
                    let offset = self.number(short + middle * 4)?;
                    if offset & 1 << 31 == 0 {
                        return Some(offset.into());
                    }
                    let at = short + count * 4 + u64::from(offset & !(1 << 31)) * 8;
                    return Some(
                        u64::from(self.number(at)?) << 32 | u64::from(self.number(at + 4)?),
                    );
                }
            }
        }
        None
    }

    fn number(&self, at: u64) -> Option<u32> {
        let mut bytes = [0; 4];
        self.file.read_exact_at(&mut bytes, at).ok()?;
        Some(u32::from_be_bytes(bytes))
    }
}

/// A commit as it lies in a pack, put together from its base and the differences.
fn content(pack: &File, index: &Index, mut offset: u64) -> Option<Vec<u8>> {
    let mut differences = Vec::new();
    let mut total = 0;
    let base = loop {
        let (kind, size, mut at) = head(pack, offset)?;
        let base = match kind {
            1 => None,
            6 => {
                let (back, next) = distance(pack, at)?;
                at = next;
                Some(offset.checked_sub(back).filter(|_| back > 0)?)
            }
            7 => {
                let mut name = vec![0; index.hash as usize];
                pack.read_exact_at(&mut name, at).ok()?;
                at += index.hash;
                Some(index.offset(&Id::of(&name))?)
            }
            _ => return None,
        };
        let data = inflate(pack, at, size)?;
        total += data.len();
        let Some(base) = base else { break data };
        if differences.len() == ROW || total > ROW_BYTES {
            return None;
        }
        differences.push(data);
        offset = base;
    };
    differences.iter().rev().try_fold(base, |base, difference| apply(&base, difference))
}

/// Type and size of an object, and where its data begins.
fn head(pack: &File, offset: u64) -> Option<(u8, usize, u64)> {
    let mut byte = byte_at(pack, offset)?;
    let kind = byte >> 4 & 7;
    let mut size = u64::from(byte & 15);
    let (mut shift, mut at) = (4, offset + 1);
    while byte & 0x80 != 0 {
        byte = byte_at(pack, at)?;
        if shift > 32 {
            return None;
        }
        size |= u64::from(byte & 0x7f) << shift;
        (shift, at) = (shift + 7, at + 1);
    }
    Some((kind, usize::try_from(size).ok().filter(|size| *size <= OBJECT)?, at))
}

/// How far before an object its base lies.
fn distance(pack: &File, mut at: u64) -> Option<(u64, u64)> {
    let mut byte = byte_at(pack, at)?;
    let mut back = u64::from(byte & 0x7f);
    while byte & 0x80 != 0 {
        at += 1;
        byte = byte_at(pack, at)?;
        back = back.checked_add(1)?.checked_mul(128)? + u64::from(byte & 0x7f);
    }
    Some((back, at + 1))
}

fn byte_at(pack: &File, at: u64) -> Option<u8> {
    let mut byte = [0];
    pack.read_exact_at(&mut byte, at).ok()?;
    Some(byte[0])
}

fn inflate(pack: &File, at: u64, size: usize) -> Option<Vec<u8>> {
    // What can't be made smaller grows by less than this; what follows in the pack is not looked at.
    let mut packed = vec![0; size + size / 8 + 256];
    let mut have = 0;
    while have < packed.len() {
        match pack.read_at(&mut packed[have..], at + have as u64).ok()? {
            0 => break,
            read => have += read,
        }
    }
    let data = decompress_to_vec_zlib_with_limit(&packed[..have], size.max(1)).ok()?;
    (data.len() == size).then_some(data)
}

/// The object that a difference makes of its base.
fn apply(base: &[u8], difference: &[u8]) -> Option<Vec<u8>> {
    let mut rest = difference.iter().copied();
    let mut size = || {
        let (mut size, mut shift) = (0_u64, 0);
        loop {
            let byte = rest.next().filter(|_| shift < 56)?;
            size |= u64::from(byte & 0x7f) << shift;
            shift += 7;
            if byte & 0x80 == 0 {
                return usize::try_from(size).ok();
            }
        }
    };
    let (from, to) = (size()?, size()?);
    if from != base.len() || to > OBJECT {
        return None;
    }
    let mut made = Vec::new();
    while let Some(order) = rest.next() {
        if order & 0x80 == 0 {
            let before = made.len();
            made.extend(rest.by_ref().take(order.into()));
            if order == 0 || made.len() != before + usize::from(order) {
                return None;
            }
        } else {
            let mut number = |bits: std::ops::Range<u8>| {
                let first = bits.start;
                bits.filter(|bit| order & 1 << bit != 0).try_fold(0, |number, bit| {
                    Some(number | usize::from(rest.next()?) << ((bit - first) * 8))
                })
            };
            let (start, length) = (number(0..4)?, number(4..7)?);
            let length = if length == 0 { 0x10000 } else { length };
            made.extend_from_slice(base.get(start..start.checked_add(length)?)?);
        }
        if made.len() > to {
            return None;
        }
    }
    (made.len() == to).then_some(made)
}

//! The list of what is tracked, `index`, in its versions 2 to 4.

use super::{Id, Kind};

/// The longest path that Linux takes.
const PATH: usize = 4096;
/// An index of this size names a million files.
pub const INDEX: u64 = 128 << 20;
/// All paths together.
const PATHS: usize = 128 << 20;

/// What the index is: what the next commit would have, and what is known of each file.
#[derive(Debug, Default)]
pub struct Entry {
    /// Path below the top of the checkout, by `/`.
    pub path: Vec<u8>,
    /// Its type and permissions as git writes them.
    pub mode: u32,
    /// The id of its content.
    pub id: Vec<u8>,
    /// When the file was last seen unchanged, in seconds and nanoseconds.
    pub modified: (u32, u32),
    /// Its size in bytes, cut to 32 bits.
    pub size: u32,
    /// The user has said that the file need not be looked at, or that it is not in the checkout.
    pub is_skipped: bool,
}

/// The mode of a whole folder, in an index that leaves some out.
pub const FOLDER: u32 = 0o040_000;
/// The mode of a symbolic link.
pub const LINK: u32 = 0o120_000;
/// The mode of a checkout within this one.
pub const SUBMODULE: u32 = 0o160_000;

impl Entry {
    /// False for a path that leads out of the checkout, or into git's own folder: git never makes one.
    fn is_plain(&self) -> bool {
        let path = if self.mode == FOLDER {
            self.path.strip_suffix(b"/").unwrap_or_default()
        } else {
            &self.path
        };
        let odd =
            |part: &[u8]| matches!(part, b"" | b"." | b"..") || part.eq_ignore_ascii_case(b".git");
        !path.contains(&0) && !path.split(|byte| *byte == b'/').any(odd)
    }
}

/// Reads an index; `None` when it is damaged, in the middle of a merge, or shares its entries with
/// another one.
pub fn parse(bytes: &[u8], kind: Kind) -> Option<Vec<Entry>> {
    let mut rest = bytes;
    let (version, count) = match take(&mut rest, 12)? {
        [b'D', b'I', b'R', b'C', numbers @ ..] => (number(numbers, 0)?, number(numbers, 4)?),
        _ => return None,
    };
    if !(2..=4).contains(&version) {
        return None;
    }
    let mut entries: Vec<Entry> = Vec::new();
    let mut total = 0;
    for _ in 0..count {
        let before = entries.last().map_or(&[][..], |entry| &entry.path);
        let entry = entry(&mut rest, version, kind, before)?;
        total += entry.path.len();
        let in_order = before < entry.path.as_slice();
        if total > PATHS || !in_order || !entry.is_plain() {
            return None;
        }
        entries.push(entry);
    }
    // What follows helps git to be fast, but for parts with a small first letter, which must be
    // understood: of these only the one that says that there may be whole folders is.
    while rest.len() > kind.size() {
        let [name @ .., _, _, _, _] = take(&mut rest, 8)? else { return None };
        let size = number(&bytes[bytes.len() - rest.len() - 4..], 0)?;
        if !name.first().is_some_and(u8::is_ascii_uppercase) && name != b"sdir" {
            return None;
        }
        take(&mut rest, usize::try_from(size).ok()?)?;
    }
    Some(entries)
}

fn entry(rest: &mut &[u8], version: u32, kind: Kind, before: &[u8]) -> Option<Entry> {
    let start = rest.len();
    let fixed = take(rest, 40)?;
    let id = take(rest, kind.size())?.to_vec();
    let flags = u16::from_be_bytes(take(rest, 2)?.try_into().ok()?);
    let more = match flags & 0x4000 {
        0 => 0,
        _ => u16::from_be_bytes(take(rest, 2)?.try_into().ok()?),
    };
    // In the middle of a merge, or only announced.
    if flags & 0x3000 != 0 || more & 0x2000 != 0 {
        return None;
    }
    let kept = if version == 4 {
        let cut = offset(rest)?;
        before.get(..before.len().checked_sub(cut)?)?
    } else {
        &[]
    };
    let name = take(rest, rest.iter().position(|byte| *byte == 0)?)?;
    let path = [kept, name].concat();
    let padding = if version == 4 { 1 } else { 8 - (start - rest.len()) % 8 };
    take(rest, padding)?;
    Some(Entry {
        mode: number(fixed, 24)?,
        modified: (number(fixed, 8)?, number(fixed, 12)?),
        size: number(fixed, 36)?,
        is_skipped: flags & 0x8000 != 0 || more & 0x4000 != 0,
        path: Some(path).filter(|path| path.len() <= PATH)?,
        id,
    })
}

/// A number of seven bits a byte, each further byte one more than it says.
fn offset(rest: &mut &[u8]) -> Option<usize> {
    let mut byte = *take(rest, 1)?.first()?;
    let mut value = usize::from(byte & 0x7f);
    while byte & 0x80 != 0 {
        byte = *take(rest, 1)?.first()?;
        value = value.checked_add(1)?.checked_mul(128)? + usize::from(byte & 0x7f);
    }
    Some(value)
}

fn take<'a>(rest: &mut &'a [u8], count: usize) -> Option<&'a [u8]> {
    let (taken, left) = rest.split_at_checked(count)?;
    *rest = left;
    Some(taken)
}

fn number(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

/// The id of an entry.
pub fn id(entry: &Entry) -> Id {
    Id::of(&entry.id)
}

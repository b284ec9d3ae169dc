//! The way to a file: every folder and link on it, and who could change where it leads.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::fs::Metadata;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};

use super::own::{Untrusted, is_loose, is_ours};
use super::users::{effective_user_id, stands_for_unmapped};

/// As many links as Linux follows on one path.
const LINKS: usize = 40;

/// What lies on the way to a path.
pub(super) struct Seen {
    /// The path without links.
    pub(super) path: PathBuf,
    /// For each folder of the path whether it lets nobody but its owner through.
    closed: Vec<bool>,
    /// The first thing on the way that somebody else could have written.
    pub(super) unsound: Option<Untrusted>,
}

impl Seen {
    /// Nobody else can get at what is there.
    pub(super) fn is_closed(&self) -> bool {
        self.unsound.is_none() && self.closed.contains(&true)
    }
}

/// Goes along a path as the kernel does, link by link.
pub(super) fn look(path: &Path) -> io::Result<Seen> {
    let user = effective_user_id();
    let mut seen = Seen { path: "/".into(), closed: Vec::new(), unsound: None };
    let mut links = 0;
    let mut rest: VecDeque<OsString> = parts(&std::path::absolute(path)?);
    let root = fs_err::symlink_metadata("/")?;
    seen.unsound = unsound(&seen, Path::new("/"), &root, None, user);
    seen.closed.push(is_shut(&root));
    let mut above = vec![root];
    while let Some(part) = rest.pop_front() {
        if part == ".." {
            if above.len() > 1 {
                seen.path.pop();
                seen.closed.pop();
                above.pop();
            }
            continue;
        }
        let next = seen.path.join(&part);
        let meta = match fs_err::symlink_metadata(&next) {
            Ok(meta) => meta,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                seen.path = next;
                seen.path.extend(rest);
                break;
            }
            Err(error) => return Err(error),
        };
        let reason = unsound(&seen, &next, &meta, above.last(), user);
        seen.unsound = seen.unsound.or(reason);
        if meta.is_symlink() {
            links += 1;
            if links > LINKS {
                let text = format!("{}: too many links", path.display());
                return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
            }
            let target = fs_err::read_link(&next)?;
            if target.is_absolute() {
                seen.path = "/".into();
                seen.closed.truncate(1);
                above.truncate(1);
            }
            for part in parts(&target).into_iter().rev() {
                rest.push_front(part);
            }
            continue;
        }
        seen.path = next;
        if meta.is_dir() {
            seen.closed.push(is_shut(&meta));
            above.push(meta);
        }
    }
    Ok(seen)
}

fn parts(path: &Path) -> VecDeque<OsString> {
    let parts = path.components().filter_map(|part| match part {
        Component::Normal(name) => Some(name.to_owned()),
        Component::ParentDir => Some("..".into()),
        _ => None,
    });
    parts.collect()
}

fn unsound(
    seen: &Seen,
    path: &Path,
    meta: &Metadata,
    above: Option<&Metadata>,
    user: u32,
) -> Option<Untrusted> {
    let is_folder = meta.is_dir();
    // In a container whose users are not those of the machine, what is nobody's here is the machine's.
    let is_machines = || is_folder && stands_for_unmapped(meta.uid());
    if !is_ours(meta.uid(), user) && !is_machines() {
        return Some(Untrusted::Owner { path: path.to_owned(), owner: meta.uid(), user });
    }
    // Anybody may put something into a sticky folder, but not exchange what is another's there.
    let is_sticky = is_folder && meta.mode() & 0o1000 != 0;
    // A volume of a pod: whoever can write to it is in the pod.
    let is_volume = is_folder && meta.uid() == 0 && above.is_some_and(|it| it.dev() != meta.dev());
    let fine = meta.is_symlink()
        || !is_loose(meta, user)
        || is_sticky
        || is_volume
        || seen.closed.contains(&true);
    (!fine).then(|| Untrusted::Writable { path: path.to_owned(), mode: meta.mode() & 0o7777 })
}

/// Lets nobody but its owner through.
fn is_shut(meta: &Metadata) -> bool {
    meta.mode() & 0o011 == 0
}

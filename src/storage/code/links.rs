//! Where a link within the code leads.

use std::collections::HashSet;
use std::io;
use std::path::{Component, Path, PathBuf};

use super::found::Entry;
use super::left::Why;

/// Folders in which tools keep what they have recorded, with links for their own use.
const TOOLS: [&str; 3] = ["wandb", "mlruns", "lightning_logs"];

/// What becomes of a link.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Leads {
    /// It travels as this file of the code.
    To(PathBuf),
    /// It travels as a link to this folder of the code.
    ToFolder(PathBuf),
    /// It stays behind, and that is worth a word.
    Stays(Why),
    /// It stays behind, and nobody misses it.
    Nowhere,
}

/// What travels of a folder, by its kinds.
pub(super) struct Travels {
    files: HashSet<PathBuf>,
    folders: HashSet<PathBuf>,
}

impl Travels {
    pub(super) fn of(entries: &[Entry]) -> Self {
        let paths = |is_dir| {
            let of_kind = entries.iter().filter(move |entry| entry.is_dir == is_dir);
            of_kind.map(|entry| entry.path.clone()).collect()
        };
        Self { files: paths(false), folders: paths(true) }
    }

    /// Finds where a link below `root` leads. It is a file's other name if that travels: a link is no
    /// way around a rule.
    pub(super) fn leads(&self, root: &Path, link: &Path) -> Leads {
        let real = match fs_err::canonicalize(root.join(link)) {
            Ok(real) => real,
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied || !is_a_tools(link) => {
                return by_its_words(root, link);
            }
            Err(_) => return Leads::Nowhere,
        };
        let Ok(to) = real.strip_prefix(root) else {
            return Leads::Stays(Why::Outside { to: real });
        };
        let to = to.to_owned();
        if self.files.contains(&to) {
            Leads::To(to)
        } else if to.as_os_str().is_empty() || self.folders.contains(&to) {
            Leads::ToFolder(to)
        } else if is_a_tools(link) {
            Leads::Nowhere
        } else {
            Leads::Stays(Why::ToLeft { to })
        }
    }
}

/// The words of a link that lies at `link` and leads to `to`, both below the same folder.
pub(super) fn between(link: &Path, to: &Path) -> PathBuf {
    let depth = link.components().count().saturating_sub(1);
    let words: PathBuf = std::iter::repeat_n(Component::ParentDir, depth).collect();
    let words = words.join(to);
    if words.as_os_str().is_empty() { ".".into() } else { words }
}

/// What a link leads to that this user may not look at, or that is not there just now, such as data that is
/// not mounted: its words are all there is.
fn by_its_words(root: &Path, link: &Path) -> Leads {
    let Ok(words) = fs_err::read_link(root.join(link)) else { return Leads::Nowhere };
    let mut to = PathBuf::new();
    for part in root.join(link.parent().unwrap_or(link)).join(words).components() {
        match part {
            Component::ParentDir => {
                to.pop();
            }
            other => to.push(other),
        }
    }
    if to.starts_with(root) { Leads::Nowhere } else { Leads::Stays(Why::Outside { to }) }
}

fn is_a_tools(link: &Path) -> bool {
    let around = link.parent().into_iter().flat_map(Path::components);
    around.into_iter().any(|part| TOOLS.iter().any(|tool| part.as_os_str() == *tool))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn each_link_is_of_one_sort() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path().canonicalize().unwrap();
        let code = root.join("code");
        for dir in ["code/big", "code/wandb/run-1", "sets"] {
            fs_err::create_dir_all(root.join(dir)).unwrap();
        }
        let travels = Travels {
            files: HashSet::from(["a.py".into()]),
            folders: HashSet::from(["big".into(), "wandb".into(), "wandb/run-1".into()]),
        };
        for file in ["a.py", ".env", "wandb/run-1/left.log"] {
            fs_err::write(code.join(file), "").unwrap();
        }
        let outside = || Leads::Stays(Why::Outside { to: root.join("sets") });
        for (link, to, leads) in [
            ("alias.py", "a.py", Leads::To("a.py".into())),
            ("data", "../sets", outside()),
            ("big/data", "../../sets", outside()),
            ("wandb/sets", "../../sets", outside()),
            ("other", "big", Leads::ToFolder("big".into())),
            ("self", ".", Leads::ToFolder("".into())),
            ("settings", ".env", Leads::Stays(Why::ToLeft { to: ".env".into() })),
            ("wandb/latest-run", "run-1", Leads::ToFolder("wandb/run-1".into())),
            ("wandb/latest-log", "run-1/left.log", Leads::Nowhere),
            ("gone", "nowhere", Leads::Nowhere),
            (
                "unmounted",
                "/mnt/not-there/set",
                Leads::Stays(Why::Outside { to: "/mnt/not-there/set".into() }),
            ),
            ("loop", "loop", Leads::Nowhere),
        ] {
            symlink(to, code.join(link)).unwrap();
            assert_eq!(travels.leads(&code, Path::new(link)), leads, "{link}");
        }
    }

    #[test]
    fn a_link_is_written_from_its_own_folder() {
        for (link, to, words) in
            [("a", "b", "b"), ("a/b", "c/d", "../c/d"), ("a/b/c", "", "../.."), ("self", "", ".")]
        {
            assert_eq!(between(Path::new(link), Path::new(to)), Path::new(words), "{link}");
        }
    }

    #[test]
    fn the_words_of_a_link_tell_whether_it_leaves() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path().canonicalize().unwrap();
        fs_err::create_dir(root.join("lib")).unwrap();
        for (link, to, leaves) in [
            ("lib/a", "../b", false),
            ("lib/b", "../../b", true),
            ("c", "/root/x", true),
            ("d", "../x", true),
        ] {
            symlink(to, root.join(link)).unwrap();
            let stays = matches!(by_its_words(&root, Path::new(link)), Leads::Stays(_));
            assert_eq!(stays, leaves, "{link}");
        }
    }
}

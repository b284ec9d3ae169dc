//! Where a place really is that a spec names, and whether a link has led there.

use std::io;
use std::path::{Path, PathBuf};

use crate::storage::Place;

/// A folder or file that a spec names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Located {
    /// Its path without links.
    pub real: PathBuf,
    /// It lies outside of the spec's folder, and of the checkout around that.
    pub outside: bool,
    /// Its path has links that lead out of the spec's folder, though the spec says nothing of it.
    pub by_link: bool,
    /// The path that it has without links is another one than the spec gives.
    pub moved: bool,
}

/// Finds a place that a spec in the folder `base` names; `None` for one that is no path of this
/// machine. It may lead out of the folder by its own words (`..`, or from the root), but not by links
/// alone: somebody else may have made those.
pub fn locate(base: &Path, place: &Place) -> io::Result<Option<Located>> {
    let Place::Path(path) = place else { return Ok(None) };
    let place = place.without_file_scheme().starting_at(base);
    let real = fs_err::canonicalize(place.as_str())?;
    let base = fs_err::canonicalize(base)?;
    // The same by its words alone.
    let named = Place::from(path.as_path().to_string_lossy().as_ref()).starting_at(&base);
    let moved = real != Path::new(named.as_str());
    Ok(Some(Located {
        outside: !real.starts_with(checkout(&base)),
        // Someone who writes a path from the root says where it starts, and knows the machine.
        by_link: moved && path.as_path().is_relative() && !real.starts_with(&base),
        moved,
        real,
    }))
}

/// The root of the checkout around a folder, else the folder.
fn checkout(dir: &Path) -> &Path {
    dir.ancestors().find(|dir| dir.join(".git").exists()).unwrap_or(dir)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn links_do_not_lead_out_of_the_specs_folder() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path().canonicalize().unwrap();
        for dir in ["home/.ssh", "repo/.git", "repo/job/src", "repo/lib"] {
            fs_err::create_dir_all(root.join(dir)).unwrap();
        }
        let base = root.join("repo/job");
        for (link, to) in [
            ("repo/job/out", "../../home/.ssh"),
            ("repo/job/absolute", root.join("home/.ssh").to_str().unwrap()),
            ("repo/job/chain", "step"),
            ("repo/job/step", "out"),
            ("repo/job/up", "../.."),
            ("repo/job/current", "src"),
            ("repo/job/shared", "../lib"),
            ("repo/other", "../home/.ssh"),
            ("repo/job/proc", "/proc/self"),
        ] {
            symlink(to, root.join(link)).unwrap();
        }
        let at = |path: &str| {
            let found = locate(&base, &path.into()).unwrap().unwrap();
            (found.by_link, found.outside)
        };
        let links = [
            "out",
            "./out",
            "absolute",
            "chain",
            "up/home/.ssh",
            "src/../out",
            "../other",
            "proc",
            "../job/out",
        ];
        for path in links {
            assert_eq!(at(path), (true, true), "{path}");
        }
        assert_eq!(at("shared"), (true, false));
        for path in [".", "src", "current", "src/..", "../job"] {
            assert_eq!(at(path), (false, false), "{path}");
        }
        assert_eq!(at("../lib"), (false, false));
        assert_eq!(at("../../home"), (false, true));
        assert_eq!(at(root.join("home/.ssh").to_str().unwrap()), (false, true));
        assert_eq!(at(root.join("repo/lib").to_str().unwrap()), (false, false));
        assert!(locate(&base, &"none".into()).is_err());
        assert_eq!(locate(&base, &"s3://bucket/x".into()).unwrap(), None);
        // A folder that is entered by a link: what its `..` is depends on who asks.
        let entered = root.join("home/entered");
        symlink(&base, &entered).unwrap();
        assert!(locate(&entered, &"..".into()).unwrap().unwrap().by_link);
        assert!(!locate(&entered, &"src".into()).unwrap().unwrap().by_link);
    }
}

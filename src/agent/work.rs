//! Working folders: a writable copy of the code, fresh for each attempt.

use std::io;
use std::path::{Component, Path, PathBuf};

use fs_err::OpenOptions;
use fs_err::os::unix::fs::OpenOptionsExt;

use super::config::Code;
use super::pod::CodeFile;
use super::work_link::WorkLink;
use crate::gang::Attempt;
use crate::plan::mask_spec;
use crate::storage::{CodeRules, copy_code};

/// Empties `base`, and makes the folder of this attempt with a copy of the code in it, and links.
pub(super) fn fresh(
    base: &Path,
    attempt: Attempt,
    code: Option<&Code>,
    links: &[WorkLink],
) -> io::Result<PathBuf> {
    empty(base)?;
    if let Some(Code::Image(dir)) = code {
        return Ok(dir.clone());
    }
    let dir = base.join(attempt.to_string());
    fs_err::create_dir_all(&dir)?;
    match code {
        Some(Code::Place(place)) => copy_code(place, &dir, &CodeRules::fixed(), mask_spec)?,
        Some(Code::Parts { dir: parts, files }) => assemble(parts, files, &dir)?,
        Some(Code::Archive { file, .. }) => unpack(file, &dir)?,
        Some(Code::Image(_)) | None => {}
    }
    let mut placed = Vec::new();
    for WorkLink { path, target } in links {
        if path.is_absolute() {
            fill(target, path)?;
        } else {
            link(target, &dir, path, &mut placed)?;
        }
    }
    Ok(dir)
}

/// Makes links in a folder that is mounted empty: to what is in another one, or to one file.
fn fill(target: &Path, folder: &Path) -> io::Result<()> {
    fs_err::create_dir_all(folder)?;
    let files = match fs_err::read_dir(target) {
        Ok(entries) => entries.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?,
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => vec![target.to_owned()],
        Err(error) => return Err(error),
    };
    for file in files {
        if let Some(name) = file.file_name() {
            let place = folder.join(name);
            // A link of an attempt before. A folder is none of mlctl's here, and stays.
            if place.is_symlink() || place.is_file() {
                fs_err::remove_file(&place)?;
            }
            fs_err::os::unix::fs::symlink(file, place)?;
        }
    }
    Ok(())
}

/// Makes a link in the working folder, in place of whatever the code has there. A link of the code on
/// the way is replaced by a folder: what it leads to may be somebody's data by then.
fn link(target: &Path, dir: &Path, path: &Path, placed: &mut Vec<PathBuf>) -> io::Result<()> {
    let parts = path.components().filter(|part| *part != Component::CurDir);
    let path: PathBuf = parts.collect();
    let other = placed.iter().find(|other| path.starts_with(other) || other.starts_with(&path));
    if let Some(other) = other {
        return Err(io::Error::other(format!(
            "data at {} and at {} would lie within each other: write paths that are apart",
            other.display(),
            path.display()
        )));
    }
    let mut way: Vec<&Path> = path.ancestors().skip(1).collect();
    way.reverse();
    for above in way {
        let above = dir.join(above);
        if above != *dir && above.is_symlink() {
            fs_err::remove_file(above)?;
        }
    }
    let place = dir.join(&path);
    if place.is_dir() && !place.is_symlink() {
        fs_err::remove_dir_all(&place)?;
    } else if place.exists() || place.is_symlink() {
        fs_err::remove_file(&place)?;
    }
    if let Some(parent) = place.parent() {
        fs_err::create_dir_all(parent)?;
    }
    fs_err::os::unix::fs::symlink(target, place)?;
    placed.push(path);
    Ok(())
}

/// Makes files by joining their parts.
fn assemble(parts: &Path, files: &[CodeFile], target: &Path) -> io::Result<()> {
    for file in files {
        let path = target.join(&file.path);
        if let Some(parent) = path.parent() {
            fs_err::create_dir_all(parent)?;
        }
        if let Some(to) = &file.link {
            fs_err::os::unix::fs::symlink(to, path)?;
            continue;
        }
        let mut whole =
            OpenOptions::new().write(true).create_new(true).mode(file.mode()).open(path)?;
        for part in &file.parts {
            io::copy(&mut fs_err::File::open(parts.join(part))?, &mut whole)?;
        }
    }
    Ok(())
}

/// Unpacks an archive of code; a path in it that would leave the folder is left out.
fn unpack(archive: &Path, target: &Path) -> io::Result<()> {
    let file = io::BufReader::new(fs_err::File::open(archive)?);
    tar::Archive::new(flate2::read::GzDecoder::new(file)).unpack(target)
}

/// Removes all working folders of a replica.
pub(super) fn empty(base: &Path) -> io::Result<()> {
    match fs_err::remove_dir_all(base) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn ignored_files_and_credentials_stay_behind() {
        let root = tempfile::tempdir().unwrap();
        let code = root.path().join("code");
        fs_err::create_dir_all(code.join(".git")).unwrap();
        fs_err::create_dir_all(code.join("data")).unwrap();
        fs_err::create_dir_all(code.join("lib")).unwrap();
        for (name, text) in [
            ("train.py", "x"),
            (".env", "x"),
            (".git/config", "x"),
            ("data/big.bin", "x"),
            (".gitignore", "*.log\n"),
            (".mlctlignore", "data/\n"),
            ("lib/own.py", "x"),
            ("run.log", "x"),
        ] {
            fs_err::write(code.join(name), text).unwrap();
        }
        std::os::unix::fs::symlink(".env", code.join("escape")).unwrap();
        std::os::unix::fs::symlink("train.py", code.join("alias.py")).unwrap();
        // They stay behind when the code is fixed; of the copy all goes into each working folder.
        let copy = root.path().join("copy");
        fs_err::create_dir(&copy).unwrap();
        copy_code(&code, &copy, &CodeRules::default(), mask_spec).unwrap();
        fs_err::remove_dir_all(&code).unwrap();
        let place = Code::Place(copy);
        let data = root.path().join("set");
        fs_err::create_dir(&data).unwrap();
        fs_err::write(data.join("x"), "x").unwrap();
        let to = |path: &str| WorkLink { path: path.into(), target: data.clone() };
        let links = [to("in/set"), to("lib")];
        let dir = fresh(&root.path().join("work"), 1, Some(&place), &links).unwrap();
        for (name, there) in [
            ("train.py", true),
            ("alias.py", true),
            (".env", false),
            ("run.log", false),
            ("data/big.bin", false),
            (".git/config", false),
            ("escape", false),
            ("in/set/x", true),
            ("lib/x", true),
            ("lib/own.py", false),
        ] {
            assert_eq!(dir.join(name).exists(), there, "{name}");
        }
        fs_err::write(dir.join("left"), "x").unwrap();
        let next = fresh(&root.path().join("work"), 2, Some(&place), &[]).unwrap();
        assert!(next.join("lib/own.py").exists() && !dir.exists());
        assert!(data.join("x").exists(), "what a link points at stays");
    }

    #[test]
    fn data_go_over_a_link_of_the_code_and_never_into_other_data() {
        use std::os::unix::fs::symlink;
        let root = tempfile::tempdir().unwrap();
        let code = root.path().join("code");
        fs_err::create_dir_all(code.join("v2/raw")).unwrap();
        symlink("v2", code.join("current")).unwrap();
        for file in ["a/labels/kept", "b/own"] {
            let path = root.path().join(file);
            fs_err::create_dir_all(path.parent().unwrap()).unwrap();
            fs_err::write(path, "x").unwrap();
        }
        let to =
            |path: &str, set: &str| WorkLink { path: path.into(), target: root.path().join(set) };
        let place = Code::Place(code);
        let work = root.path().join("work");
        let links = [to("v2/raw", "a"), to("./current/raw/labels", "b")];
        let dir = fresh(&work, 1, Some(&place), &links).unwrap();
        assert!(root.path().join("a/labels/kept").exists(), "what a link points at stays");
        assert!(dir.join("v2/raw/labels/kept").exists());
        assert!(dir.join("current/raw/labels/own").exists());
        for (first, second) in [("in", "in/labels"), ("in/labels", "./in"), ("in", "in")] {
            let links = [to(first, "a"), to(second, "b")];
            let said = fresh(&work, 2, Some(&place), &links).unwrap_err().to_string();
            assert!(said.contains("would lie within each other"), "{said}");
            assert!(root.path().join("a/labels/kept").exists());
        }
    }

    #[test]
    fn a_mounted_folder_gets_links_for_every_attempt() {
        let root = tempfile::tempdir().unwrap();
        let (mount, fetched) = (root.path().join("mount"), root.path().join("fetched"));
        fs_err::create_dir(&mount).unwrap();
        fs_err::create_dir_all(fetched.join("deep")).unwrap();
        fs_err::write(fetched.join("deep/a.csv"), "1").unwrap();
        fs_err::write(root.path().join("b.csv"), "2").unwrap();
        let links = [&fetched, &root.path().join("b.csv")]
            .map(|target| WorkLink { path: mount.clone(), target: target.clone() });
        for attempt in 1..3 {
            fresh(&root.path().join("work"), attempt, None, &links).unwrap();
            assert_eq!(fs_err::read_to_string(mount.join("deep/a.csv")).unwrap(), "1");
            assert_eq!(fs_err::read_to_string(mount.join("b.csv")).unwrap(), "2");
        }
        assert!(fetched.join("deep/a.csv").is_file(), "what a link points at stays");
    }

    #[test]
    fn files_are_put_together_from_parts() {
        let root = tempfile::tempdir().unwrap();
        let parts = root.path().join("parts");
        fs_err::create_dir_all(&parts).unwrap();
        fs_err::write(parts.join("0"), "one ").unwrap();
        fs_err::write(parts.join("1"), "two").unwrap();
        let file = |path: &str, executable, parts: &[&str]| CodeFile {
            path: path.into(),
            executable,
            parts: parts.iter().map(|part| (*part).to_owned()).collect(),
            link: None,
        };
        let code = Code::Parts {
            dir: parts,
            files: vec![file("a/run.sh", true, &["0", "1"]), file("empty", false, &[])],
        };
        let dir = fresh(&root.path().join("work"), 1, Some(&code), &[]).unwrap();
        assert_eq!(fs_err::read_to_string(dir.join("a/run.sh")).unwrap(), "one two");
        let mode = |name: &str| fs_err::metadata(dir.join(name)).unwrap().permissions().mode();
        assert_eq!(mode("a/run.sh") & 0o100, 0o100);
        assert_eq!(mode("empty") & 0o111, 0);
    }
}

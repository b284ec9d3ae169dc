//! Whether a folder's entries are all files that lie in it.

use std::path::Path;

use super::InspectError;

/// No model has more files and folders.
const MOST: usize = 100_000;

/// Refuses a folder with links out of it, which a model from somebody else may have to show files of this
/// machine, or to have all of them listed, and one with pipes and devices.
///
/// # Errors
/// There is such an entry. What can't be read at all is told by whoever reads it.
pub(super) fn within(folder: &Path) -> Result<(), InspectError> {
    let Ok(real) = std::fs::canonicalize(folder) else { return Ok(()) };
    if !real.is_dir() {
        return Ok(());
    }
    let mut folders = vec![folder.to_owned()];
    let mut count = 0;
    while let Some(one) = folders.pop() {
        for entry in std::fs::read_dir(&one).into_iter().flatten().flatten() {
            count += 1;
            if count > MOST {
                return Err(InspectError::TooMany { what: "files", limit: MOST });
            }
            let path = entry.path();
            let refused = |what: String| {
                let file = path.strip_prefix(folder).unwrap_or(&path).display().to_string();
                InspectError::NoFile { file, what }
            };
            let Ok(kind) = entry.file_type() else { continue };
            if kind.is_symlink() {
                // A link that leads nowhere is no file, and is missing where somebody wants it.
                let Ok(target) = std::fs::canonicalize(&path) else { continue };
                if !target.starts_with(&real) {
                    return Err(refused(format!(
                        "a link out of the model, to {}",
                        target.display()
                    )));
                }
            } else if kind.is_dir() {
                folders.push(path);
            } else if !kind.is_file() {
                return Err(refused("a pipe, a socket or a device".to_owned()));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn only_what_lies_in_the_folder_is_a_part_of_it() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("model");
        fs_err::create_dir_all(folder.join("variables")).unwrap();
        fs_err::write(folder.join("variables/one"), "1").unwrap();
        symlink("one", folder.join("variables/same")).unwrap();
        symlink("nowhere", folder.join("variables/lost")).unwrap();
        assert!(within(&folder).is_ok());
        symlink(&folder, root.path().join("link")).unwrap();
        assert!(within(&root.path().join("link")).is_ok());
        assert!(within(&root.path().join("none")).is_ok());
        symlink(root.path(), folder.join("variables/up")).unwrap();
        let told = within(&folder).unwrap_err().to_string();
        assert!(told.starts_with("variables/up: it is a link out of the model"), "{told}");
    }
}

//! Where code comes from and outputs go, worked out without looking at any disk.

use std::path::{Component, Path, PathBuf};

use super::uri::is_uri;

/// The placeholder for the run's id in `output`.
pub const RUN_PLACEHOLDER: &str = "{run}";

/// `code` as an absolute path or a URI.
pub(crate) fn code_place(code: &str, base: &Path) -> String {
    place(code, base)
}

/// `output` with `{run}` filled in. A URI and an absolute path stay as written; a relative path
/// starts in the spec's folder, because each replica's working folder is a throw-away copy.
pub(crate) fn output_place(output: &str, run: &str, base: &Path) -> String {
    place(&output.replace(RUN_PLACEHOLDER, run), base)
}

/// The source of data: a URI as written, else an absolute path.
pub(crate) fn data_place(uri: &str, base: &Path) -> String {
    place(uri.strip_prefix("file://").unwrap_or(uri), base)
}

fn place(text: &str, base: &Path) -> String {
    if is_uri(text) || Path::new(text).is_absolute() {
        text.into()
    } else {
        tidy(&base.join(text)).to_string_lossy().into_owned()
    }
}

/// `a/./b/../c` as `a/c`. Lexical: a link on the way is the runtime's to follow.
fn tidy(path: &Path) -> PathBuf {
    let mut tidy = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if tidy.file_name().is_some() => {
                tidy.pop();
            }
            // `/..` is `/`.
            Component::ParentDir if tidy.has_root() => {}
            other => tidy.push(other),
        }
    }
    tidy
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uris_and_absolute_paths_stay_as_written() {
        let base = Path::new("/home/me/job");
        assert_eq!(output_place("s3://b/x/{run}", "d-1", base), "s3://b/x/d-1");
        assert_eq!(output_place("/data//x/", "d-1", base), "/data//x/");
        assert_eq!(output_place("../out/{run}", "d-1", base), "/home/me/out/d-1");
        assert_eq!(code_place(".", base), "/home/me/job");
        assert_eq!(code_place("./src/../lib", base), "/home/me/job/lib");
        assert_eq!(code_place("../../../../x", base), "/x");
    }
}

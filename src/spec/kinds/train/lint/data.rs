//! Data: where it comes from, and where the command finds it.

use super::context::Lint;
use crate::spec::syntax::{Code, Diagnostic};
use crate::spec::syntax::{index_path, key_path};
use crate::storage::{Claim, is_uri};

impl Lint<'_> {
    pub(crate) fn data(&mut self) {
        let job = self.job;
        for (index, data) in job.data.iter().enumerate() {
            let base = index_path("data", index);
            self.source(&data.uri, &key_path(&base, "uri"));
            let path = key_path(&base, "path");
            if !self.target(&data.path, Claim::of(&data.uri).is_some(), &path) {
                continue;
            }
            let earlier =
                job.data[..index].iter().position(|other| overlap(&other.path, &data.path));
            if let Some(first) = earlier {
                let first = key_path(&index_path("data", first), "path");
                self.add(
                    Diagnostic::error(Code::DuplicatePath, "one piece of data hides another")
                        .at(self.spans.value(&path), "again here")
                        .at(self.spans.value(&first), "first here")
                        .help("give each a `path` of its own, none within another"),
                );
            }
        }
    }

    fn source(&mut self, uri: &str, path: &str) {
        let span = self.spans.value(path);
        if let Some(claim) = Claim::of(uri) {
            if !claim.is_sound() {
                self.add(
                    Diagnostic::error(Code::BadUri, format!("`{uri}` names no claim and path"))
                        .at(span, "")
                        .help("write `pvc://CLAIM` or `pvc://CLAIM/PATH`, without `..`"),
                );
            }
        } else if uri.is_empty() || (uri == "~" || uri.starts_with("~/")) {
            self.add(
                Diagnostic::error(Code::BadUri, "`uri` is neither a claim nor a folder")
                    .at(span, "")
                    .help("write `pvc://CLAIM/PATH`, or a path such as `./data` or `${HOME}/data`"),
            );
        } else if is_uri(uri) && !uri.starts_with("file:///") {
            self.add(
                Diagnostic::error(
                    Code::BadUri,
                    format!("`{uri}`: data comes from claims and folders"),
                )
                .at(span, "not in this version of mlctl")
                .help("read a bucket from the code itself, or copy it into a claim first"),
            );
        }
    }

    /// Whether data can be put there.
    fn target(&mut self, target: &str, claim: bool, path: &str) -> bool {
        let before = self.findings.len();
        let span = self.spans.value(path);
        let escapes = target.split('/').any(|part| part == "..");
        let nothing = target.trim_matches(['/', '.']).is_empty();
        if escapes || nothing {
            self.add(
                Diagnostic::error(Code::BadPath, format!("data can't be put at `{target}`"))
                    .at(span, "")
                    .help("write a path in the working folder, such as `data`"),
            );
        } else if target.starts_with('/') && !claim {
            self.add(
                Diagnostic::error(
                    Code::BadPath,
                    format!("`{target}`: only a claim can be mounted at an absolute path"),
                )
                .at(span, "outside the working folder")
                .help("write a path in the working folder, such as `data`"),
            );
        } else if target == "/mlctl" || target.starts_with("/mlctl/") {
            self.add(
                Diagnostic::error(Code::BadPath, "`/mlctl` is mlctl's own folder in a pod")
                    .at(span, "")
                    .help("write another path, such as `/data`"),
            );
        }
        self.findings.len() == before
    }
}

/// One path is the other, or lies within it.
fn overlap(one: &str, other: &str) -> bool {
    let parts = |path: &str| -> Vec<String> {
        let parts = path.split('/').filter(|part| !part.is_empty() && *part != ".");
        let root = path.starts_with('/').then(|| "/".to_owned());
        root.into_iter().chain(parts.map(str::to_owned)).collect()
    };
    let (one, other) = (parts(one), parts(other));
    one.iter().zip(&other).all(|(one, other)| one == other)
}

//! Data: where it comes from, and where the command finds it.

use super::context::Lint;
use super::stores::is_readable;
use crate::spec::syntax::SourceSpan;
use crate::spec::syntax::{Code, Diagnostic};
use crate::spec::syntax::{index_path, key_path};
use crate::storage::{Place, mount_touches};

impl Lint<'_> {
    pub(crate) fn data(&mut self) {
        let job = self.job;
        for (index, data) in job.data.iter().enumerate() {
            let base = index_path("data", index);
            let (place, span) = self.located(&data.uri, &key_path(&base, "uri"));
            self.source(place, span);
            let path = key_path(&base, "path");
            let may_be_absolute = !matches!(place, Place::Path(_));
            if !self.target(&data.path, may_be_absolute, &path) {
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

    /// Whether data can come from there.
    fn source(&mut self, place: &Place, span: SourceSpan) {
        match place {
            Place::Claim(claim) if claim.is_sound() => {}
            Place::Claim(_) => self.add(
                Diagnostic::error(Code::BadUri, format!("`{place}` names no claim and path"))
                    .at(span, "")
                    .help("write `pvc://CLAIM` or `pvc://CLAIM/PATH`, without `..`"),
            ),
            Place::Path(_) if is_no_folder(place.as_str()) => self.add(
                Diagnostic::error(Code::BadUri, "`uri` is neither a claim nor a folder")
                    .at(span, "")
                    .help("write `pvc://CLAIM/PATH`, or a path such as `./data` or `${HOME}/data`"),
            ),
            // `file://x` names a host, and `file:///x` a path.
            Place::Path(path) if !path.is_url() || path.as_path().is_absolute() => {}
            Place::Object(_) if is_readable(place) => {}
            Place::Path(_) | Place::Object(_) => self.add(
                Diagnostic::error(
                    Code::BadUri,
                    format!("`{place}`: data comes from buckets, claims and folders"),
                )
                .at(span, "no place that mlctl can read")
                .help(
                    "write `s3://`, `gs://`, `az://`, `https://` or `hf://`, or read it from the \
                     code itself",
                ),
            ),
        }
    }

    /// Whether data can be put there.
    fn target(&mut self, target: &str, may_be_absolute: bool, path: &str) -> bool {
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
        } else if target.starts_with('/') && !may_be_absolute {
            self.add(
                Diagnostic::error(
                    Code::BadPath,
                    format!(
                        "`{target}`: only what is in a claim or a bucket can be at an absolute path"
                    ),
                )
                .at(span, "outside the working folder")
                .help("write a path in the working folder, such as `data`"),
            );
        } else if target.starts_with('/') && mount_touches(target, "/mlctl") {
            self.add(
                Diagnostic::error(Code::BadPath, "`/mlctl` is mlctl's own folder in a pod")
                    .at(span, "")
                    .help("write another path, such as `/data`"),
            );
        }
        self.findings.len() == before
    }
}

/// The text is empty, or begins with what only a shell replaces.
fn is_no_folder(text: &str) -> bool {
    matches!(text, "" | "~") || text.starts_with("~/")
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

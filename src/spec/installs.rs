//! What `setup.python` installs from a run's code: whether it is there, and can be installed.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

use super::check::{mask_text, secret};
use super::files::CodeFiles;
use super::kinds::train::PythonSetup;
use super::requirements::{MOST_FILES, Place, Requirement, Wants, requirement, requirements};
use super::syntax::{Code, Diagnostic, Diagnostics, SourceSpan, Spans};
use super::syntax::{index_path, key_path};

/// What is looked at.
pub(super) struct Installs<'a> {
    pub(super) files: &'a dyn CodeFiles,
    /// The folder with the code, relative to the folder of the spec that is loaded.
    pub(super) code: String,
    pub(super) python: &'a PythonSetup,
    pub(super) spans: &'a Spans,
    /// Path of `setup.python` in the document.
    pub(super) path: String,
}

impl Installs<'_> {
    /// Adds what is wrong, with the texts of the files that it stands in.
    pub(super) fn check(&self, out: &mut Diagnostics) {
        if !self.files.is_folder(&self.code) {
            if self.python.requirements.is_some() && self.files.is_there(&self.code) {
                let finding = Diagnostic::error(
                    Code::MissingFile,
                    "a requirements file, and `code` is one file of another name",
                );
                let span = self.spans.value(&key_path(&self.path, "requirements"));
                out.list.push(
                    finding
                        .at(span, "not there in a replica")
                        .help("name the folder with both as `code`"),
                );
            }
            return;
        }
        for (index, text) in self.python.no_deps.iter().enumerate() {
            let span = self.spans.value(&index_path(&key_path(&self.path, "noDeps"), index));
            if let Some(wants) = requirement(text, false) {
                self.wanted(&wants, Path::new(""), text, span, out, &mut Vec::new());
            }
        }
        let Some(first) = &self.python.requirements else { return };
        let Some(first) = within(Path::new(""), first) else { return };
        let span = self.spans.value(&key_path(&self.path, "requirements"));
        let mut left = vec![(first, span)];
        let mut seen = BTreeSet::new();
        while let Some((path, span)) = left.pop() {
            if seen.len() < MOST_FILES && seen.insert(path.clone()) {
                self.file(&path, span, out, &mut left);
            }
        }
    }

    /// Looks at a file that is named at `span`.
    fn file(
        &self,
        path: &Path,
        span: SourceSpan,
        out: &mut Diagnostics,
        left: &mut Vec<(PathBuf, SourceSpan)>,
    ) {
        let source = match self.files.text(&self.in_code(path)) {
            Ok(source) => source,
            Err(reason) => {
                out.list.push(
                    Diagnostic::error(Code::MissingFile, reason)
                        .at(span, "not there in a replica")
                        .help(format!("{} is looked for in `code`", path.display())),
                );
                return;
            }
        };
        let index = out.sources.len();
        let lines = requirements(&source.text, &|_| None);
        secret::find_in_text(index, &source.text, &mut out.secrets);
        out.sources.push(source);
        let folder = path.parent().unwrap_or(Path::new(""));
        for Requirement { span, text, wants, .. } in lines {
            let span = SourceSpan { source: index, start: span.start, end: span.end };
            for want in &wants {
                self.wanted(want, folder, &text, span, out, left);
            }
        }
    }

    /// Looks at what one line names. `folder` is that of the file which it stands in.
    fn wanted(
        &self,
        wants: &Wants,
        folder: &Path,
        text: &str,
        span: SourceSpan,
        out: &mut Diagnostics,
        left: &mut Vec<(PathBuf, SourceSpan)>,
    ) {
        let (from, path) = match wants {
            Wants::File(Place::Path(path)) => (folder, path),
            Wants::Code(path) => (Path::new(""), path),
            Wants::Editable(path) => {
                let finding = Diagnostic::error(
                    Code::Editable,
                    "an editable install leads to the run's copy of the code, which goes away",
                );
                out.list.push(finding.at(span, "used where it lies").help(plainly(path)));
                return;
            }
            // pip looks for these beside the file and in the code, and goes on without them.
            Wants::Packages(_)
            | Wants::File(Place::Url(_))
            | Wants::Moving(_)
            | Wants::OnlyPip(_) => {
                return;
            }
        };
        // Which value a variable has in a replica isn't known here.
        if path.contains("${") {
            return;
        }
        if Path::new(path).is_absolute() {
            if !self.files.is_there(path) {
                let finding = Diagnostic::warning(Code::MissingFile, format!("there is no {path}"));
                out.list.push(finding.at(span, "not on this machine").help(
                    "a path from the root must be there in each replica, such as in its image",
                ));
            }
            return;
        }
        let Some(inside) = within(from, path) else {
            let finding =
                Diagnostic::error(Code::OutsideCode, format!("{path} lies outside `code`"));
            out.list.push(
                finding
                    .at(span, "not there in a replica")
                    .help("name a larger folder as `code`, or copy it into this one"),
            );
            return;
        };
        if matches!(wants, Wants::File(_)) {
            left.push((inside, span));
        } else if !self.files.is_there(&self.in_code(&inside)) {
            let place = inside.display();
            let finding =
                Diagnostic::error(Code::MissingFile, format!("there is no {place} in `code`"));
            out.list.push(finding.at(span, "not there in a replica").help(format!(
                "`{}` is a path, since it has a slash, a dot or an archive's ending; pip looks \
                 for it from the top of `code` on",
                mask_text(text)
            )));
        }
    }

    fn in_code(&self, path: &Path) -> String {
        let parts = Path::new(&self.code).join(path);
        let parts = parts.components().filter(|part| *part != Component::CurDir);
        parts.collect::<PathBuf>().to_string_lossy().into_owned()
    }
}

/// What to write instead of an editable install.
pub(crate) fn plainly(path: &str) -> String {
    let path = if path == "." || path.starts_with(['.', '/']) {
        path.to_owned()
    } else {
        format!("./{path}")
    };
    format!("write `{path}` without `-e`: it is installed as it was when the run was submitted")
}

/// A path from a folder of the code on, without `.` and `..`; none for one that leaves the code.
fn within(folder: &Path, path: &str) -> Option<PathBuf> {
    let mut found = PathBuf::new();
    for part in folder.join(path).components() {
        match part {
            Component::Normal(name) => found.push(name),
            Component::CurDir => {}
            Component::ParentDir if found.pop() => {}
            _ => return None,
        }
    }
    Some(found)
}

//! Where a spec says what a reason is about.

use serde_json::Value as Json;

use crate::cli::{CliError, ErrorKind};
use crate::runtime::kubernetes::Reason;
use crate::spec::syntax::{Code, Diagnostic, Diagnostics, Source, SourceSpan, Spans};
use crate::spec::{Document, Trial};

/// A document as it was written.
pub(super) struct Written<'a> {
    spans: &'a Spans,
    spec: Result<Json, serde_json::Error>,
    /// Where what pods are made from stands, the likeliest first; empty is the whole document.
    below: &'static [&'static str],
    /// How it names what reasons call roles.
    roles: Roles,
    /// Where `--set` puts the image of all pods; `None` where it can't, or each has its own.
    image: Option<&'static str>,
}

/// How a document names the parts that reasons call roles.
enum Roles {
    /// By the key of a mapping.
    Keys,
    /// All replicas are alike.
    None,
    /// By the names of an endpoint's revisions, in their order. All others are its routers.
    Revisions(Vec<String>),
}

/// Where something is said.
struct Found {
    span: SourceSpan,
    /// It is said of the role alone.
    of_role: bool,
}

impl<'a> Written<'a> {
    pub(super) fn of(document: &'a Document) -> Self {
        match document {
            Document::TrainJob(job) => Self {
                spans: &job.spans,
                spec: serde_json::to_value(&job.spec),
                below: &[""],
                roles: Roles::Keys,
                image: Some("image"),
            },
            Document::BatchPredictJob(job) => Self {
                spans: &job.spans,
                spec: serde_json::to_value(&job.spec),
                below: &["model", ""],
                roles: Roles::None,
                image: Some("model.image"),
            },
            Document::TuneJob(study) => match &study.spec.trial {
                // No change of the study reaches into the file.
                Trial::File(file) if let Some(job) = &file.job => Self {
                    spans: &job.spans,
                    spec: serde_json::to_value(&job.spec),
                    below: &[""],
                    roles: Roles::Keys,
                    image: None,
                },
                _ => Self {
                    spans: &study.spans,
                    spec: serde_json::to_value(&study.spec),
                    below: &["trial"],
                    roles: Roles::Keys,
                    image: Some("trial.image"),
                },
            },
            Document::Endpoint(endpoint) => {
                let names = endpoint.spec.revisions.iter().map(|one| one.name.clone()).collect();
                Self {
                    spans: &endpoint.spans,
                    spec: serde_json::to_value(&endpoint.spec),
                    below: &[""],
                    roles: Roles::Revisions(names),
                    image: None,
                }
            }
        }
    }

    /// The reasons as findings in the spec. What is said of all roles at once is found once.
    pub(super) fn findings(
        &self,
        reasons: &[Reason],
        texts: &Diagnostics,
    ) -> Result<Vec<Diagnostic>, CliError> {
        let spec = self.spec.as_ref();
        let spec = spec.map_err(|error| CliError::new(ErrorKind::Internal, error.to_string()))?;
        let mut findings: Vec<Diagnostic> = Vec::new();
        for reason in reasons {
            let found = self.find(spec, reason, &texts.sources);
            let of_role = reason.role.as_ref().filter(|_| found.of_role);
            let what = match (of_role, &self.roles) {
                (Some(role), Roles::Revisions(names)) if names.contains(role) => {
                    format!("revision {role}: {}", reason.what)
                }
                (Some(_), Roles::Revisions(_)) => format!("routers: {}", reason.what),
                (Some(role), _) => format!("role {role}: {}", reason.what),
                (None, _) => reason.what.clone(),
            };
            let finding = Diagnostic::error(Code::NotInCluster, what).at(found.span, "");
            let image = self.image.filter(|_| reason.field == "image");
            let finding = match (&reason.help, image) {
                (Some(help), Some(path)) => {
                    finding.help(format!("{help}, or write --set {path}=IMAGE"))
                }
                (Some(help), None) => finding.help(help),
                (None, _) => finding,
            };
            if !findings.contains(&finding) {
                findings.push(finding);
            }
        }
        Ok(findings)
    }

    fn find(&self, spec: &Json, reason: &Reason, sources: &[Source]) -> Found {
        let own = reason.role.as_ref().and_then(|role| self.role(role));
        let below = self.below.iter().copied();
        let bases: Vec<&str> = own.iter().map(String::as_str).chain(below).collect();
        for base in &bases {
            let field = joined(base, reason.field);
            let path = match &reason.text {
                Some(text) => text_below(spec, &field, text),
                None => Some(field).filter(|_| !reason.field.is_empty()),
            };
            if let Some(place) = path.and_then(|path| self.spans.get(&path)) {
                let whole = sources.get(place.value.source).map(|source| source.text.as_str());
                let value = whole.and_then(|text| text.get(place.value.start..place.value.end));
                // What has many lines is pointed at by its key.
                let is_long = value.is_some_and(|value| value.trim_end().contains('\n'));
                let span = place.key.filter(|_| is_long).unwrap_or(place.value);
                let of_role = own.as_deref() == Some(*base);
                return Found { span, of_role };
            }
        }
        // It is not written, or said in short: the nearest thing around it is.
        let has_text = |base: &&&str| self.spans.get(&joined(base, reason.field)).is_some();
        let base = bases.iter().find(has_text).or(bases.first()).copied().unwrap_or_default();
        let span = self.spans.key(&joined(base, reason.field));
        Found { span, of_role: own.as_deref() == Some(base) }
    }

    /// The path of a role, where the document has one of this name.
    fn role(&self, role: &str) -> Option<String> {
        let path = match &self.roles {
            Roles::Keys => {
                let below = self.below.first().copied().unwrap_or_default();
                joined(below, &format!("roles.{role}"))
            }
            Roles::None => return None,
            Roles::Revisions(names) => match names.iter().position(|name| name == role) {
                Some(index) => format!("revisions[{index}]"),
                None => "routers".to_owned(),
            },
        };
        self.spans.get(&path).map(|_| path)
    }
}

fn joined(base: &str, field: &str) -> String {
    match (base, field) {
        ("", field) => field.to_owned(),
        (base, "") => base.to_owned(),
        (base, field) => format!("{base}.{field}"),
    }
}

/// The path of the first value below a field that is this text.
fn text_below(spec: &Json, field: &str, text: &str) -> Option<String> {
    let pointer = format!("/{}", field.replace(['.', '['], "/").replace(']', ""));
    path_of(spec.pointer(&pointer)?, field.to_owned(), text)
}

fn path_of(value: &Json, path: String, text: &str) -> Option<String> {
    match value {
        Json::String(found) => (found == text).then_some(path),
        Json::Array(items) => {
            let mut items = items.iter().enumerate();
            items.find_map(|(index, item)| path_of(item, format!("{path}[{index}]"), text))
        }
        Json::Object(fields) => {
            let mut fields = fields.iter();
            fields.find_map(|(key, item)| path_of(item, joined(&path, key), text))
        }
        _ => None,
    }
}

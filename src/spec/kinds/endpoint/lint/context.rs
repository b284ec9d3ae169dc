//! All rules over one endpoint.

use std::time::Duration;

use indexmap::IndexMap;

use crate::spec::kinds::endpoint::{Endpoint, Revision};
use crate::spec::kinds::train::{TrainJob, lint as train};
use crate::spec::kinds::{Part, Resolved};
use crate::spec::syntax::{Code, Diagnostic, Spans, index_path};
use crate::text::{Span, list_of};

/// All rules over a whole document. `accelerators` are the types of the settings.
pub(crate) fn document(endpoint: &Resolved<Endpoint>, accelerators: &[String]) -> Vec<Diagnostic> {
    let Resolved { spec, spans, from_env, converted_from, .. } = endpoint;
    let foreign = converted_from.is_some();
    let mut findings = train::check(&shared(spec), spans, from_env, accelerators, foreign);
    for (index, revision) in spec.revisions.iter().enumerate() {
        let below = Below::of(index, spans, from_env);
        let job = of_revision(revision);
        let own = train::check(&job, &below.spans, &below.from_env, accelerators, foreign);
        findings.extend(own.into_iter().filter(|finding| is_sure(finding, spec)));
    }
    findings.extend(own(spec, spans));
    findings
}

/// The findings about an endpoint that are true whatever the parts say that were left out.
pub(crate) fn check_part(endpoint: &Endpoint, part: &Part<'_>) -> Vec<Diagnostic> {
    let Part { spans, from_env, accelerators, gaps } = *part;
    let mut findings = train::check_part(&shared(endpoint), part);
    for (index, revision) in endpoint.revisions.iter().enumerate() {
        let Below { spans, from_env } = Below::of(index, spans, from_env);
        // Items that were left out have moved the others: gaps count wherever they are.
        let inner = Part { spans: &spans, from_env: &from_env, accelerators, gaps };
        let own = train::check_part(&of_revision(revision), &inner);
        findings.extend(own.into_iter().filter(|finding| is_sure(finding, endpoint)));
    }
    findings.extend(own(endpoint, spans).into_iter().filter(|finding| {
        looks_at(finding.code)
            .is_some_and(|fields| !fields.iter().any(|field| gaps.iter().any(|g| g.touches(field))))
    }));
    findings
}

/// What all revisions share, as a training run without roles.
fn shared(endpoint: &Endpoint) -> TrainJob {
    without_roles(endpoint.replicas_of(&Revision::default()))
}

/// A revision's own fields, as a training run without roles, whose name nothing is said of.
fn of_revision(revision: &Revision) -> TrainJob {
    let alone = Endpoint { name: "endpoint".to_owned(), ..Endpoint::default() };
    without_roles(alone.replicas_of(revision))
}

/// What it runs has rules of its own.
fn without_roles(job: TrainJob) -> TrainJob {
    TrainJob { image: Some(String::new()), roles: IndexMap::new(), ..job }
}

/// Whether a finding about a revision alone holds in its endpoint, which may mount something there.
fn is_sure(finding: &Diagnostic, endpoint: &Endpoint) -> bool {
    finding.code != Code::GcsPath || endpoint.volumes.is_empty()
}

/// What is known of the values below one revision.
struct Below {
    spans: Spans,
    from_env: Vec<String>,
}

impl Below {
    fn of(index: usize, spans: &Spans, from_env: &[String]) -> Self {
        let base = index_path("revisions", index);
        let own = format!("{base}.");
        let of_revision = |path: &String| path.strip_prefix(&own).map(str::to_owned);
        Self {
            spans: spans.below(&base),
            from_env: from_env.iter().filter_map(of_revision).collect(),
        }
    }
}

fn own(endpoint: &Endpoint, spans: &Spans) -> Vec<Diagnostic> {
    let mut lint = Lint { endpoint, spans, findings: Vec::new() };
    lint.revisions();
    lint.traffic();
    lint.scaling();
    lint.rollout();
    lint.limits();
    lint.access();
    lint.findings
}

/// The fields that a rule looks at, besides the value that it points at; none for a rule that finds
/// something missing.
fn looks_at(code: Code) -> Option<&'static [&'static str]> {
    Some(match code {
        Code::BadRevisionName
        | Code::BadModel
        | Code::BadUri
        | Code::Tilde
        | Code::BadPath
        | Code::EmptyPath
        | Code::UnknownPlaceholder
        | Code::OneStringCommand
        | Code::BadHost
        | Code::BadObjectName
        | Code::BadEnvName
        | Code::ZeroTimeout => &[],
        Code::EmptyCommand => &["command"],
        Code::DuplicateRevision => &["revisions"],
        Code::NoGrpc => &["revisions", "server", "protocol"],
        Code::TrafficSum => &["revisions", "traffic", "rollout", "shadow", "name"],
        Code::BadShadow => &["revisions", "traffic", "shadow", "name"],
        Code::TwoAtOnce => {
            &["revisions", "traffic", "shadow", "rollout", "transition", "name", "keepWarm"]
        }
        Code::ReplicaBounds => &["replicas"],
        Code::BadScaling => &["scaling", "target", "revisions", "replicas", "cpu"],
        Code::RolloutSteps | Code::RolloutLimit => &["rollout", "maxLatency"],
        Code::BadLimit => &["limits", "probes"],
        _ => return None,
    })
}

/// An endpoint under the rules, with what they have found so far. Each file of this folder adds rules.
pub(super) struct Lint<'a> {
    pub(super) endpoint: &'a Endpoint,
    pub(super) spans: &'a Spans,
    findings: Vec<Diagnostic>,
}

impl Lint<'_> {
    pub(super) fn add(&mut self, finding: Diagnostic) {
        self.findings.push(finding);
    }

    /// A time that would be over before anything could happen.
    pub(super) fn not_zero(&mut self, time: Option<Span>, path: &str, why: &str) {
        if time.is_some_and(|time| time.0 == Duration::ZERO) {
            let name = path.rsplit('.').next().unwrap_or(path);
            self.add(
                Diagnostic::error(Code::ZeroTimeout, format!("`{name}` is no time at all"))
                    .at(self.spans.value(path), why)
                    .help("leave it out for the default"),
            );
        }
    }

    /// Says that exactly one field of a mapping is given, where it isn't so. `fields` are their names,
    /// each with whether it is there, `help` what to write.
    pub(super) fn one_of(&mut self, path: &str, fields: &[(&str, bool)], help: &str) {
        let quoted = |name: &&str| format!("`{name}`");
        let given: Vec<&str> =
            fields.iter().filter(|(_, given)| *given).map(|(name, _)| *name).collect();
        let names: Vec<&str> = fields.iter().map(|(name, _)| *name).collect();
        let in_words = |names: &[&str], last: &str| {
            let names: Vec<String> = names.iter().map(quoted).collect();
            list_of(&names.iter().map(String::as_str).collect::<Vec<_>>(), last)
        };
        let field = path.rsplit('.').next().unwrap_or(path);
        let finding = match given[..] {
            [_] => return,
            [] => Diagnostic::error(
                Code::OneOfThem,
                format!("`{field}` needs {}", in_words(&names, "or")),
            )
            .at(self.spans.key(path), ""),
            [first, ..] => given[1..].iter().fold(
                Diagnostic::error(
                    Code::OneOfThem,
                    format!("{} exclude each other", in_words(&given, "and")),
                )
                .at(self.spans.key(&format!("{path}.{first}")), "one of them"),
                |finding, other| {
                    finding.at(self.spans.key(&format!("{path}.{other}")), "or the other")
                },
            ),
        };
        self.add(finding.help(help));
    }
}

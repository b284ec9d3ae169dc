//! Each revision: its name, its model, its server, its replicas.

use super::context::Lint;
use crate::spec::kinds::batch::lint::{Program, servers, wrong_model};
use crate::spec::kinds::batch::{ModelRef, Routes, Server, Wire};
use crate::spec::kinds::endpoint::{Probes, Replicas, Revision, Warmup};
use crate::spec::kinds::train::lint::{MAX_NAME, is_readable, wrong_name};
use crate::spec::kinds::train::valid_name;
use crate::spec::syntax::{Code, Diagnostic, SourceSpan, index_path};
use crate::storage::Place;

/// Longest name of a revision: a ReplicaSet of a cluster is called
/// `<endpoint>-<6>-<revision>-<10 characters>`, which is a label of at most 63 characters too.
pub const MAX_REVISION: usize = 12;

const _: () = assert!(MAX_NAME + 1 + 6 + 1 + MAX_REVISION + 1 + 10 <= 63);

impl Lint<'_> {
    pub(super) fn revisions(&mut self) {
        let endpoint = self.endpoint;
        if endpoint.revisions.is_empty() {
            self.add(
                Diagnostic::error(Code::NoRevisions, "nothing is served: there is no revision")
                    .at(self.spans.key("revisions"), "")
                    .help(
                        "write `revisions: [{name: v1, model: digits@1, server: \
                         tensorflow-serving}]`",
                    ),
            );
        }
        self.shared();
        for (index, revision) in endpoint.revisions.iter().enumerate() {
            let base = index_path("revisions", index);
            self.name(&revision.name, index);
            self.program(revision, &base);
            if let Some(model) = &revision.model {
                self.model(model, &format!("{base}.model"));
            }
            self.server(revision, &base);
            self.replicas(revision.replicas, &format!("{base}.replicas"));
            self.warmup(revision.warmup.as_ref(), &base);
            self.probes(revision.probes.as_ref(), &base);
        }
    }

    /// The fields of the endpoint that revisions may have themselves.
    fn shared(&mut self) {
        let endpoint = self.endpoint;
        let shared = Revision {
            command: endpoint.command.clone(),
            args: endpoint.args.clone(),
            routes: endpoint.routes.clone(),
            ..Revision::default()
        };
        self.program(&shared, "");
        self.replicas(endpoint.replicas, "replicas");
        self.warmup(endpoint.warmup.as_ref(), "");
        self.probes(endpoint.probes.as_ref(), "");
        if let Some(name) = &endpoint.model_name
            && (name.is_empty() || name.contains(['/', ':', '?', '#', ' ']))
        {
            self.add(
                Diagnostic::error(
                    Code::BadModel,
                    format!("`{name}` can't be a model's name in requests"),
                )
                .at(self.spans.value("modelName"), "it is a part of a URL")
                .help("use letters, digits, `-`, `_` and `.`"),
            );
        }
    }

    fn name(&mut self, name: &str, index: usize) {
        let span = |index| self.spans.value(&format!("{}.name", index_path("revisions", index)));
        let finding = if let Some(reason) = wrong_name(name, MAX_REVISION) {
            let mut example = valid_name(name);
            example.truncate(MAX_REVISION);
            // What has no letter at all becomes a word of training runs.
            let example = match example.trim_end_matches('-') {
                "train" => "v1",
                example => example,
            };
            Diagnostic::error(
                Code::BadRevisionName,
                format!("`{name}` can't be a revision's name: {reason}"),
            )
            .at(span(index), "")
            .help(format!("for example `{example}`"))
        } else {
            let earlier = &self.endpoint.revisions[..index];
            let Some(first) = earlier.iter().position(|revision| revision.name == name) else {
                return;
            };
            Diagnostic::error(Code::DuplicateRevision, format!("two revisions are called `{name}`"))
                .at(span(index), "the second one")
                .at(span(first), "the first one")
                .help("requests, `traffic` and `rollback` name a revision: give it another name")
        };
        self.add(finding);
    }

    fn program(&mut self, revision: &Revision, base: &str) {
        let findings = Program {
            command: revision.command.as_deref(),
            args: &revision.args,
            routes: revision.routes.as_ref().unwrap_or(&Routes::default()),
            spans: self.spans,
            base,
        }
        .check();
        for finding in findings {
            self.add(finding);
        }
    }

    fn model(&mut self, model: &ModelRef, path: &str) {
        let span = self.spans.value(path);
        match model {
            ModelRef::Place(place) => self.readable("model", place, span),
            ModelRef::Named(named) => {
                if let Some(finding) = wrong_model(named, span) {
                    self.add(finding);
                }
            }
        }
    }

    /// A place that is read before the first request.
    pub(super) fn readable(&mut self, field: &str, place: &Place, span: SourceSpan) {
        let text = place.as_str();
        let finding = if text.trim().is_empty() {
            Diagnostic::error(Code::EmptyPath, format!("`{field}` is empty"))
                .at(span, "")
                .help("write a bucket's URL or a path")
        } else if text == "~" || text.starts_with("~/") {
            Diagnostic::error(Code::Tilde, format!("`{field}`: `~` is a shell's abbreviation"))
                .at(span, "a folder called `~`")
                .help(format!("write `${{HOME}}{}`", &text[1..]))
        } else if place.claim().is_some() {
            Diagnostic::error(
                Code::BadUri,
                format!("`{place}` is a claim, which only pods can read"),
            )
            .at(span, "")
            .help("copy it to a bucket, or into the registry: `mlctl models push`")
        } else if matches!(place, Place::Object(_)) && !is_readable(place) {
            Diagnostic::error(Code::BadUri, format!("nothing can read `{place}`"))
                .at(span, "")
                .help("write `s3://`, `gs://`, `az://`, `https://` or `hf://`, or a path")
        } else {
            return;
        };
        self.add(finding);
    }

    /// What serves a revision, with all that the endpoint says for it.
    fn server(&mut self, revision: &Revision, base: &str) {
        let whole = self.endpoint.effective(revision);
        let has_program = whole.command.is_some() || whole.image.is_some();
        let name = &revision.name;
        // Where the revision says nothing of it, the endpoint does.
        let said = |field: &str| {
            let own = format!("{base}.{field}");
            if self.spans.get(&own).is_some() { own } else { field.to_owned() }
        };
        let name_span = self.spans.value(&format!("{base}.name"));
        let finding = match whole.server {
            None if !has_program => {
                Diagnostic::error(Code::NoServer, format!("nothing says what serves `{name}`"))
                    .at(name_span, "")
                    .help(format!("add `server: ...` with one of {}", servers()))
            }
            None => Diagnostic::error(
                Code::NoServer,
                format!("nothing says what the server of `{name}` speaks"),
            )
            .at(name_span, "")
            .help(format!(
                "add `server: custom` for Vertex AI's protocol, or one of {}",
                servers()
            )),
            Some(server @ (Server::Kserve | Server::Custom)) if !has_program => Diagnostic::error(
                Code::NothingToRun,
                format!("`{}` has nothing to run for `{name}`", server.as_str()),
            )
            .at(self.spans.value(&said("server")), "")
            .help("add `command: [...]` with `{port}`, or `image`"),
            Some(server) if !has_program && whole.model.is_none() => Diagnostic::error(
                Code::NoModel,
                format!("`{}` has no model to serve for `{name}`", server.as_str()),
            )
            .at(name_span, "")
            .help("add `model: digits@1`, or a place such as `model: s3://bucket/model`"),
            Some(server @ (Server::Openai | Server::Custom))
                if whole.protocol == Some(Wire::Grpc) =>
            {
                Diagnostic::error(
                    Code::NoGrpc,
                    format!("`{}` has no gRPC protocol", server.as_str()),
                )
                .at(self.spans.value(&said("protocol")), "")
                .help("leave `protocol` out")
            }
            _ => return,
        };
        self.add(finding);
    }

    fn replicas(&mut self, replicas: Option<Replicas>, path: &str) {
        let Some(Replicas::Between(bounds)) = replicas else { return };
        let (Some(min), Some(max)) = (bounds.min, bounds.max) else { return };
        if min > max {
            self.add(
                Diagnostic::error(
                    Code::ReplicaBounds,
                    format!("at least {min} replicas are more than at most {max}"),
                )
                .at(self.spans.value(&format!("{path}.min")), "at least")
                .at(self.spans.value(&format!("{path}.max")), "at most")
                .help(format!("write `replicas: {{min: {max}, max: {min}}}`, or one number")),
            );
        }
    }

    fn warmup(&mut self, warmup: Option<&Warmup>, base: &str) {
        if let Some(warmup) = warmup {
            let path = below(base, "warmup.file");
            self.readable("warmup.file", &warmup.file, self.spans.value(&path));
        }
    }

    fn probes(&mut self, probes: Option<&Probes>, base: &str) {
        let Some(probes) = probes else { return };
        let Probes { period, timeout, failures, restart_after, start_timeout } = probes;
        self.not_zero(*period, &below(base, "probes.period"), "asked without a pause");
        self.not_zero(*timeout, &below(base, "probes.timeout"), "no answer is so fast");
        self.not_zero(*start_timeout, &below(base, "probes.startTimeout"), "no start is so fast");
        let out = failures.unwrap_or(4);
        if restart_after.is_some_and(|restart| restart < out) {
            self.add(
                Diagnostic::error(
                    Code::BadLimit,
                    format!(
                        "it is started again before it is out of service, after {out} failures"
                    ),
                )
                .at(self.spans.value(&below(base, "probes.restartAfter")), "")
                .help(format!("write {out} or more, or fewer `failures`")),
            );
        }
    }
}

fn below(base: &str, field: &str) -> String {
    if base.is_empty() { field.to_owned() } else { format!("{base}.{field}") }
}

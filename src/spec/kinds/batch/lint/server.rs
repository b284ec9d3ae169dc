//! Who predicts: a server of the job's own, or one that is there already.

use serde_json::Value as Json;

use super::context::Lint;
use super::program::Program;
use crate::spec::kinds::batch::{Server, Wire};
use crate::spec::syntax::{Code, Diagnostic};

impl Lint<'_> {
    pub(super) fn server(&mut self) {
        match &self.job.endpoint {
            Some(endpoint) => self.endpoint(endpoint),
            None => self.started(),
        }
        let model = &self.job.model;
        self.grpc();
        let findings = Program {
            command: model.command.as_deref(),
            args: &model.args,
            routes: &model.routes,
            spans: self.spans,
            base: "model",
        }
        .check();
        for finding in findings {
            self.add(finding);
        }
    }

    /// What can't be asked over gRPC.
    fn grpc(&mut self) {
        if self.job.wire() != Wire::Grpc {
            return;
        }
        let model = &self.job.model;
        if matches!(model.server, None | Some(Server::Openai | Server::Custom)) {
            let server = model.server.unwrap_or(Server::Custom).as_str();
            let (at, help) = if model.protocol == Wire::Grpc {
                ("model.protocol", "leave `protocol` out")
            } else {
                ("endpoint", "write `http://` or `https://`")
            };
            self.add(
                Diagnostic::error(Code::NoGrpc, format!("`{server}` has no gRPC protocol"))
                    .at(self.spans.value(at), "")
                    .help(help),
            );
        } else if model.server != Some(Server::TensorflowServing)
            && let Some(parameters) = &self.job.parameters
        {
            let single =
                |value: &Json| value.is_number() || value.is_string() || value.is_boolean();
            let fields = parameters.as_object();
            if fields.is_none_or(|fields| !fields.values().all(single)) {
                self.add(
                    Diagnostic::error(Code::NoGrpc, "these parameters have no form in gRPC")
                        .at(self.spans.value("parameters"), "")
                        .help("parameters by name are numbers, strings and booleans there"),
                );
            }
        }
    }

    /// A server that is there already.
    fn endpoint(&mut self, endpoint: &str) {
        let model = &self.job.model;
        let own = [
            ("command", model.command.is_some()),
            ("image", model.image.is_some()),
            ("uri", model.uri.is_some()),
            ("routes.port", model.routes.port.is_some()),
        ];
        if let Some((field, _)) = own.iter().find(|(_, given)| *given) {
            self.add(
                Diagnostic::error(
                    Code::TwoServers,
                    format!("`endpoint` and `model.{field}` are two servers"),
                )
                .at(self.spans.key("endpoint"), "one that already serves")
                .at(self.spans.key(&format!("model.{field}")), "one that each replica starts")
                .help("keep one of the two"),
            );
        }
        let known = ["http://", "https://", "grpc://", "grpcs://"];
        let host = known.iter().find_map(|scheme| endpoint.strip_prefix(scheme));
        let address = host.map(|host| host.split('/').next().unwrap_or_default());
        if address.is_some_and(|address| address.contains('@')) {
            self.add(
                Diagnostic::error(Code::BadEndpoint, "`endpoint` has a user or a password in it")
                    .at(self.spans.value("endpoint"), "it would be written into the output")
                    .help(
                        "put a token into the variable MLCTL_ENDPOINT_TOKEN of whoever runs the command",
                    ),
            );
        } else if host.is_none_or(|host| {
            host.is_empty() || host.starts_with('/') || host.contains([' ', '?', '#'])
        }) {
            self.add(
                Diagnostic::error(Code::BadEndpoint, "`endpoint` is no address of a server")
                    .at(self.spans.value("endpoint"), "")
                    .help("write its URL, for example `http://models.team:8501`"),
            );
        }
        if model.server.is_none() {
            self.add(
                Diagnostic::error(Code::NoServer, "nothing says what the endpoint speaks")
                    .at(self.spans.key("endpoint"), "")
                    .help(format!("write `model: {{server: ...}}` with one of {}", servers())),
            );
        }
    }

    /// A server that each replica starts.
    fn started(&mut self) {
        let model = &self.job.model;
        let at = || {
            let path = if self.spans.get("model").is_some() { "model" } else { "name" };
            self.spans.key(path)
        };
        let has_program = model.command.is_some() || model.image.is_some();
        let finding = match model.server {
            None if !has_program => Diagnostic::error(Code::NoServer, "nothing says who predicts")
                .at(at(), "")
                .help(format!(
                    "write `model: {{uri: ..., server: ...}}` with one of {}, or `endpoint: \
                         URL` for a server that already serves",
                    servers()
                )),
            Some(server @ (Server::Kserve | Server::Custom)) if !has_program => {
                let message = format!("`{}` has nothing to run", server.as_str());
                Diagnostic::error(Code::NothingToRun, message)
                    .at(self.spans.value("model.server"), "")
                    .help("add `command: [...]` with `{port}`, or `image`, below `model`")
            }
            Some(server) if !has_program && model.uri.is_none() => {
                let message = format!("`{}` has no model to serve", server.as_str());
                Diagnostic::error(Code::NoModel, message)
                    .at(at(), "")
                    .help("add `uri: s3://bucket/model` below `model`")
            }
            _ => return,
        };
        self.add(finding);
    }
}

/// The words for all servers, for messages.
pub(crate) fn servers() -> String {
    Server::ALL.map(Server::as_str).join(", ")
}

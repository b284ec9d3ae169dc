//! What is known of model servers: their commands, images and protocols. Batch predictions and
//! endpoints start the same ones.

use crate::plan::Protocol;
use crate::spec::{BatchPredictJob, Revision, Routes, Server, Wire};

/// A server as far as the tables ask.
#[derive(Clone, Debug)]
pub(crate) struct ServerKind {
    server: Option<Server>,
    wire: Wire,
    routes: Routes,
}

/// What the container or process of a server runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ServerProgram {
    /// The program and its first arguments, with placeholders; `None` for the image's own.
    pub(crate) command: Option<Vec<String>>,
    /// Arguments after the command.
    pub(crate) args: Vec<String>,
    /// The container's image; `None` where only this machine can start it.
    pub(crate) image: Option<String>,
}

impl ServerKind {
    /// The server of a batch prediction.
    pub(crate) fn of_batch(job: &BatchPredictJob) -> Self {
        let model = &job.model;
        Self { server: model.server, wire: job.wire(), routes: model.routes.clone() }
    }

    /// The server of an endpoint's revision, after [`crate::spec::Endpoint::effective`].
    pub(crate) fn of_revision(revision: &Revision) -> Self {
        Self {
            server: revision.server,
            wire: revision.protocol.unwrap_or_default(),
            routes: revision.routes.clone().unwrap_or_default(),
        }
    }

    /// What is run for a spec that says this of it; the rest is the server's usual. An image alone
    /// keeps its own program where the server has no usual command.
    pub(crate) fn program(
        &self,
        command: Option<&Vec<String>>,
        args: &[String],
        image: Option<&String>,
    ) -> ServerProgram {
        ServerProgram {
            command: command.cloned().or_else(|| self.command()),
            args: args.to_vec(),
            image: image.cloned().or_else(|| self.server.and_then(usual_image).map(str::to_owned)),
        }
    }

    /// The command by which the server is started where the spec names none. `{port}`, `{grpcPort}`,
    /// `{model}` and `{name}` are filled in when ports are chosen and the model is there.
    ///
    /// Where `tensorflow_model_server` is not on the PATH, the embedded server in Python is started
    /// with the same flags. Sources: the servers' own manuals for their flags and variables.
    fn command(&self) -> Option<Vec<String>> {
        let words: &[&str] = match self.server? {
            // Without a port for REST the embedded server ends at once where it can't serve gRPC, in
            // place of never getting ready.
            Server::TensorflowServing
                if self.wire == Wire::Grpc && self.routes.health.is_none() =>
            {
                &[
                    "tensorflow_model_server",
                    "--port={grpcPort}",
                    "--model_name={name}",
                    "--model_base_path={model}",
                ]
            }
            Server::TensorflowServing => &[
                "tensorflow_model_server",
                "--port={grpcPort}",
                "--rest_api_port={port}",
                "--model_name={name}",
                "--model_base_path={model}",
            ],
            Server::Triton => &[
                "tritonserver",
                "--model-repository={model}",
                "--http-port={port}",
                "--grpc-port={grpcPort}",
                "--allow-metrics=false",
            ],
            // It takes its ports from variables only.
            Server::Mlserver => &[
                "env",
                "MLSERVER_HTTP_PORT={port}",
                "MLSERVER_GRPC_PORT={grpcPort}",
                "MLSERVER_METRICS_ENDPOINT=",
                "mlserver",
                "start",
                "{model}",
            ],
            Server::Openai => {
                &["vllm", "serve", "{model}", "--port={port}", "--served-model-name={name}"]
            }
            Server::Kserve | Server::Custom => return None,
        };
        Some(words.iter().map(|word| (*word).to_owned()).collect())
    }

    /// What is spoken with the server.
    pub(crate) fn protocol(&self) -> Protocol {
        let rest = self.wire == Wire::Rest;
        // KServe serves version 1 of its protocol, which is TF Serving's, beside version 2.
        let version_1 = self.routes.predict.as_ref().is_some_and(|route| route.starts_with("/v1/"));
        match self.server.unwrap_or(Server::Custom) {
            Server::TensorflowServing if rest => Protocol::TensorflowRest,
            Server::TensorflowServing => Protocol::TensorflowGrpc,
            Server::Kserve if rest && version_1 => Protocol::TensorflowRest,
            Server::Triton | Server::Kserve | Server::Mlserver if rest => Protocol::V2Rest,
            Server::Triton | Server::Kserve | Server::Mlserver => Protocol::V2Grpc,
            Server::Openai => Protocol::Openai,
            Server::Custom => Protocol::Vertex,
        }
    }
}

/// The image of a server where the spec names none; a command of one's own needs an image with it.
fn usual_image(server: Server) -> Option<&'static str> {
    match server {
        Server::TensorflowServing => Some("tensorflow/serving:2.19.1"),
        Server::Triton => Some("nvcr.io/nvidia/tritonserver:25.06-py3"),
        Server::Mlserver => Some("seldonio/mlserver:1.7.1"),
        Server::Openai => Some("vllm/vllm-openai:v0.10.0"),
        Server::Kserve | Server::Custom => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::Model;

    fn job(server: Server, protocol: Wire, endpoint: Option<&str>) -> BatchPredictJob {
        let model = Model { server: Some(server), protocol, ..Model::default() };
        BatchPredictJob { model, endpoint: endpoint.map(str::to_owned), ..Default::default() }
    }

    #[test]
    fn an_endpoint_says_by_its_scheme_that_it_speaks_grpc() {
        for (server, wire, endpoint, wanted) in [
            (Server::TensorflowServing, Wire::Rest, None, Protocol::TensorflowRest),
            (Server::TensorflowServing, Wire::Grpc, None, Protocol::TensorflowGrpc),
            (Server::Triton, Wire::Grpc, Some("http://h:8001"), Protocol::V2Grpc),
            (Server::Mlserver, Wire::Rest, Some("grpcs://h:8001"), Protocol::V2Grpc),
            (Server::TensorflowServing, Wire::Rest, Some("grpc://h"), Protocol::TensorflowGrpc),
            (Server::Kserve, Wire::Rest, Some("https://h"), Protocol::V2Rest),
        ] {
            let kind = ServerKind::of_batch(&job(server, wire, endpoint));
            assert_eq!(kind.protocol(), wanted, "{server:?} {endpoint:?}");
        }
    }

    #[test]
    fn tensorflow_serving_has_a_port_for_rest_only_where_it_is_asked() {
        let has_rest = |wire, health: Option<&str>| {
            let mut job = job(Server::TensorflowServing, wire, None);
            job.model.routes.health = health.map(str::to_owned);
            let command = ServerKind::of_batch(&job).command();
            command.unwrap().iter().any(|word| word.contains("rest_api_port"))
        };
        assert!(has_rest(Wire::Rest, None));
        assert!(!has_rest(Wire::Grpc, None));
        assert!(has_rest(Wire::Grpc, Some("/v1/models/model")));
    }

    #[test]
    fn what_a_revision_does_not_say_is_the_servers_usual() {
        let of = |server| {
            let revision = Revision { server: Some(server), ..Revision::default() };
            ServerKind::of_revision(&revision).program(None, &["-v".to_owned()], None)
        };
        let usual = of(Server::Triton);
        assert_eq!(usual.command.unwrap()[0], "tritonserver");
        assert_eq!(usual.image.unwrap(), "nvcr.io/nvidia/tritonserver:25.06-py3");
        assert_eq!(usual.args, ["-v"]);
        let custom = of(Server::Custom);
        assert_eq!((custom.command, custom.image), (None, None));
    }
}

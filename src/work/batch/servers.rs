//! What is known of model servers: their commands, images and protocols.

use crate::plan::Protocol;
use crate::spec::{BatchPredictJob, Server, Wire};

/// The command by which a job's server is started where the spec names none. `{port}`, `{grpcPort}`,
/// `{model}` and `{name}` are filled in by the worker when it has chosen ports and staged the model.
///
/// Where `tensorflow_model_server` is not on the PATH, the worker starts the embedded server in
/// Python with the same flags. Sources: the servers' own manuals for their flags and variables.
pub(super) fn command(job: &BatchPredictJob) -> Option<Vec<String>> {
    let words: &[&str] = match job.model.server? {
        // Without a port for REST the embedded server ends at once where it can't serve gRPC, in place
        // of never getting ready.
        Server::TensorflowServing
            if job.wire() == Wire::Grpc && job.model.routes.health.is_none() =>
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

/// The image of a server where the spec names none; a command of one's own needs an image with it.
pub(super) fn image(server: Server) -> Option<&'static str> {
    match server {
        Server::TensorflowServing => Some("tensorflow/serving:2.19.1"),
        Server::Triton => Some("nvcr.io/nvidia/tritonserver:25.06-py3"),
        Server::Mlserver => Some("seldonio/mlserver:1.7.1"),
        Server::Openai => Some("vllm/vllm-openai:v0.10.0"),
        Server::Kserve | Server::Custom => None,
    }
}

/// The image of workers whose server is elsewhere: certificates of the usual authorities, and nothing
/// else.
pub(super) const WORKER_IMAGE: &str = "gcr.io/distroless/static-debian12:nonroot";

/// What is spoken with a job's server.
pub(super) fn protocol(job: &BatchPredictJob) -> Protocol {
    let model = &job.model;
    let rest = job.wire() == Wire::Rest;
    // KServe serves version 1 of its protocol, which is TF Serving's, beside version 2.
    let version_1 = model.routes.predict.as_ref().is_some_and(|route| route.starts_with("/v1/"));
    match model.server.unwrap_or(Server::Custom) {
        Server::TensorflowServing if rest => Protocol::TensorflowRest,
        Server::TensorflowServing => Protocol::TensorflowGrpc,
        Server::Kserve if rest && version_1 => Protocol::TensorflowRest,
        Server::Triton | Server::Kserve | Server::Mlserver if rest => Protocol::V2Rest,
        Server::Triton | Server::Kserve | Server::Mlserver => Protocol::V2Grpc,
        Server::Openai => Protocol::Openai,
        Server::Custom => Protocol::Vertex,
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
            assert_eq!(protocol(&job(server, wire, endpoint)), wanted, "{server:?} {endpoint:?}");
        }
    }

    #[test]
    fn tensorflow_serving_has_a_port_for_rest_only_where_it_is_asked() {
        let has_rest = |wire, health: Option<&str>| {
            let mut job = job(Server::TensorflowServing, wire, None);
            job.model.routes.health = health.map(str::to_owned);
            command(&job).unwrap().iter().any(|word| word.contains("rest_api_port"))
        };
        assert!(has_rest(Wire::Rest, None));
        assert!(!has_rest(Wire::Grpc, None));
        assert!(has_rest(Wire::Grpc, Some("/v1/models/model")));
    }
}

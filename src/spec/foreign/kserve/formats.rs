//! Formats of models and KServe's own runtimes: which server each of them is here.

use crate::spec::foreign::common::fields::Findings;
use crate::spec::kinds::batch::Wire;
use crate::spec::syntax::{Entry, Node};

/// The release of KServe whose servers are taken.
const RELEASE: &str = "v0.15.2";

/// What serves a model.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Runner {
    TensorflowServing,
    /// One of KServe's own servers, which speak both versions of its protocol.
    Own(&'static OwnServer),
    /// MLServer with the class that it loads the model by.
    Mlserver(&'static str),
    Triton,
    Vllm,
}

/// A server of KServe's: `python -m MODULE`.
#[derive(Debug, PartialEq)]
pub(super) struct OwnServer {
    pub(super) module: &'static str,
    pub(super) python: &'static str,
    /// A framework that its command names.
    pub(super) framework: Option<&'static str>,
    /// It may fetch its model by itself.
    pub(super) fetches: bool,
}

const fn own(module: &'static str) -> OwnServer {
    OwnServer { module, python: "python", framework: None, fetches: false }
}

static SKLEARN: OwnServer = own("sklearnserver");
static XGBOOST: OwnServer = own("xgbserver");
static LIGHTGBM: OwnServer = own("lgbserver");
static PADDLE: OwnServer = own("paddleserver");
static PMML: OwnServer = OwnServer { python: "python3", ..own("pmmlserver") };
static AUTOGLUON: OwnServer = own("autogluonserver");
static HUGGINGFACE: OwnServer =
    OwnServer { python: "python3", fetches: true, ..own("huggingfaceserver") };
static PREDICTIVE: [(&str, OwnServer); 3] = [
    ("sklearn", OwnServer { framework: Some("sklearn"), ..own("predictiveserver") }),
    ("xgboost", OwnServer { framework: Some("xgboost"), ..own("predictiveserver") }),
    ("lightgbm", OwnServer { framework: Some("lightgbm"), ..own("predictiveserver") }),
];

/// How MLServer loads models, by their format.
const IMPLEMENTATIONS: [(&str, &str); 4] = [
    ("sklearn", "mlserver_sklearn.SKLearnModel"),
    ("xgboost", "mlserver_xgboost.XGBoostModel"),
    ("lightgbm", "mlserver_lightgbm.LightGBMModel"),
    ("mlflow", "mlserver_mlflow.MLflowRuntime"),
];

/// What is asked of a server, by the words of `protocolVersion`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Protocol {
    pub(super) second: bool,
    pub(super) wire: Option<Wire>,
}

impl Protocol {
    /// Reads `protocolVersion`; what is no such word is said.
    pub(super) fn of(findings: &mut Findings, entry: Option<&Entry>) -> Self {
        let Some(entry) = entry else { return Self::default() };
        let text = findings.text(&entry.value, "protocolVersion").map(str::to_ascii_lowercase);
        let (second, wire) = match text.as_deref() {
            None | Some("" | "v1") => (false, None),
            Some("v2" | "open") => (true, None),
            Some("grpc-v1") => (false, Some(Wire::Grpc)),
            Some("grpc-v2") => (true, Some(Wire::Grpc)),
            Some(_) => {
                let expected = "`v1`, `v2`, `grpc-v1` or `grpc-v2`";
                findings.wrong_type(&entry.value, "protocolVersion", expected);
                (false, None)
            }
        };
        Self { second, wire }
    }
}

const CONTAINERS: &str = "write the server's container below `predictor.containers`, or an Endpoint with `server: \
                          custom`, `image` and `command`";
const TORCH: &str = "TorchServe is retired: serve TorchScript by `runtime: kserve-tritonserver`, a transformer of \
                     Hugging Face by `modelFormat: {name: huggingface}`, and other models by a container of \
                     your own below `predictor.containers`";

/// What a runtime of KServe's own is; `None` where it is not one of them.
pub(super) fn is_known_runtime(name: &str) -> bool {
    let name = name.trim_start_matches("kserve-");
    matches!(
        name,
        "sklearnserver"
            | "xgbserver"
            | "lgbserver"
            | "pmmlserver"
            | "paddleserver"
            | "autogluonserver"
            | "predictiveserver"
            | "mlserver"
            | "tensorflow-serving"
            | "tritonserver"
            | "torchserve"
            | "huggingfaceserver"
            | "huggingfaceserver-multinode"
            | "vllmserver"
            | "openvino"
    ) || ["mlserver-", "triton-"].iter().any(|start| name.starts_with(start))
}

/// The server of a format, by the runtime that is named or by what KServe takes itself. `None` when it is said
/// that nothing here serves it.
pub(super) fn runner(
    findings: &mut Findings,
    format: &str,
    at: &Node,
    runtime: Option<&Entry>,
    protocol: Protocol,
) -> Option<Runner> {
    let name = runtime.and_then(|runtime| runtime.value.as_text()).unwrap_or_default();
    let lower = format.to_ascii_lowercase();
    let format = lower.as_str();
    let mlserver = || {
        let known = IMPLEMENTATIONS.iter().find(|(known, _)| *known == format);
        known.map(|(_, class)| Runner::Mlserver(class))
    };
    let short = name.trim_start_matches("kserve-");
    let found = match short {
        "" => match format {
            "sklearn" | "xgboost" | "lightgbm" if protocol.second => mlserver(),
            "sklearn" => Some(Runner::Own(&SKLEARN)),
            "xgboost" => Some(Runner::Own(&XGBOOST)),
            "lightgbm" => Some(Runner::Own(&LIGHTGBM)),
            "mlflow" => mlserver(),
            "tensorflow" if protocol.second => Some(Runner::Triton),
            "tensorflow" => Some(Runner::TensorflowServing),
            "triton" | "onnx" | "tensorrt" => Some(Runner::Triton),
            "pmml" => Some(Runner::Own(&PMML)),
            "paddle" => Some(Runner::Own(&PADDLE)),
            "huggingface" => Some(Runner::Own(&HUGGINGFACE)),
            "autogluon" => Some(Runner::Own(&AUTOGLUON)),
            "vllm" => Some(Runner::Vllm),
            _ => None,
        },
        "sklearnserver" => Some(Runner::Own(&SKLEARN)),
        "xgbserver" => Some(Runner::Own(&XGBOOST)),
        "lgbserver" => Some(Runner::Own(&LIGHTGBM)),
        "pmmlserver" => Some(Runner::Own(&PMML)),
        "paddleserver" => Some(Runner::Own(&PADDLE)),
        "autogluonserver" => Some(Runner::Own(&AUTOGLUON)),
        "huggingfaceserver" => Some(Runner::Own(&HUGGINGFACE)),
        "predictiveserver" => {
            let known = PREDICTIVE.iter().find(|(known, _)| *known == format);
            known.map(|(_, server)| Runner::Own(server))
        }
        "tensorflow-serving" => Some(Runner::TensorflowServing),
        "tritonserver" => Some(Runner::Triton),
        "vllmserver" => Some(Runner::Vllm),
        "mlserver" => mlserver(),
        _ if short.starts_with("mlserver-") => mlserver(),
        _ if short.starts_with("triton-") => Some(Runner::Triton),
        _ => None,
    };
    if found.is_none() {
        let is_torch = format == "pytorch" && matches!(short, "" | "torchserve");
        let help = if is_torch { TORCH } else { CONTAINERS };
        let by = runtime.filter(|_| !name.is_empty() && !is_torch);
        let message = match by {
            Some(_) => format!("models of the format `{format}` are not served by `{name}` here"),
            None => format!("models of the format `{format}` are served by nothing here"),
        };
        findings.refuse(by.map_or(at, |runtime| &runtime.value), message, help);
    }
    found
}

impl Runner {
    /// The image of a version, or that which is taken where none is named; `None` for the usual one of a server.
    pub(super) fn image(self, version: Option<&str>, on_gpus: bool) -> Option<String> {
        let repository = match self {
            Self::TensorflowServing => "tensorflow/serving".to_owned(),
            Self::Mlserver(_) => "seldonio/mlserver".to_owned(),
            Self::Triton => "nvcr.io/nvidia/tritonserver".to_owned(),
            Self::Vllm => "vllm/vllm-openai".to_owned(),
            Self::Own(server) => format!("kserve/{}", server.module),
        };
        let usual = match self {
            // Triton is started as a server of any kind, which has no usual image.
            Self::Triton => Some("25.06-py3".to_owned()),
            Self::Own(server)
                if matches!(server.module, "autogluonserver" | "predictiveserver") =>
            {
                Some("latest".to_owned())
            }
            Self::Own(server) if server.fetches && on_gpus => Some(format!("{RELEASE}-gpu")),
            Self::Own(_) => Some(RELEASE.to_owned()),
            _ => None,
        };
        let version = version.map(str::to_owned).or(usual)?;
        Some(format!("{repository}:{version}"))
    }

    /// The command that starts the server for a model in a folder; `None` for the usual one of a server.
    pub(super) fn command(self, folder: Option<&str>) -> Option<Vec<String>> {
        let of_model = |flag: &str| format!("{flag}={}", folder.unwrap_or("{model}"));
        let words: Vec<String> = match self {
            Self::TensorflowServing | Self::Vllm if folder == Some("{model}") => return None,
            Self::TensorflowServing => [
                "tensorflow_model_server",
                "--port={grpcPort}",
                "--rest_api_port={port}",
                "--model_name={name}",
                of_model("--model_base_path").as_str(),
            ]
            .map(str::to_owned)
            .into(),
            // It is told its model by an argument where there is no folder.
            Self::Vllm => ["vllm", "serve"]
                .into_iter()
                .chain(folder)
                .chain(["--port={port}", "--served-model-name={name}"])
                .map(str::to_owned)
                .collect(),
            Self::Triton => [
                "tritonserver",
                of_model("--model-repository").as_str(),
                "--http-port={port}",
                "--grpc-port={grpcPort}",
                "--allow-metrics=false",
            ]
            .map(str::to_owned)
            .into(),
            Self::Mlserver(class) => {
                let class = format!("MLSERVER_MODEL_IMPLEMENTATION={class}");
                [
                    "env",
                    "MLSERVER_HTTP_PORT={port}",
                    "MLSERVER_GRPC_PORT={grpcPort}",
                    "MLSERVER_METRICS_ENDPOINT=",
                    "MLSERVER_MODEL_NAME={name}",
                    of_model("MLSERVER_MODEL_URI").as_str(),
                    class.as_str(),
                    "mlserver",
                    "start",
                    folder.unwrap_or("{model}"),
                ]
                .map(str::to_owned)
                .into()
            }
            Self::Own(server) => {
                let mut words: Vec<String> = [
                    server.python,
                    "-m",
                    server.module,
                    "--model_name={name}",
                    "--http_port={port}",
                    "--grpc_port={grpcPort}",
                ]
                .map(str::to_owned)
                .into();
                words.extend(folder.map(|_| of_model("--model_dir")));
                words.extend(server.framework.map(|name| format!("--framework={name}")));
                words
            }
        };
        Some(words)
    }

    /// The model must be there, and be a folder.
    pub(super) fn needs_model(self) -> bool {
        !matches!(self, Self::Vllm) && !matches!(self, Self::Own(server) if server.fetches)
    }
}

/// The cores that KServe's runtimes ask for where a model says nothing.
pub(super) fn usual_cpu() -> Option<crate::text::CpuQuantity> {
    "1".parse().ok()
}

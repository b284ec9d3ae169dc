//! TF Serving's gRPC API, by a server of the test's own.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use bytes::{BufMut, Bytes, BytesMut};
use h2::server::SendResponse;
use http::{HeaderMap, Request, Response};
use prost::Message;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

use crate::support::{Sandbox, stderr, stdout};

/// What is used of tensorflow/serving/apis and tensorflow/core/framework.
#[derive(Clone, PartialEq, Message)]
struct ModelSpec {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(message, optional, tag = "2")]
    version: Option<Int64Value>,
    #[prost(string, tag = "3")]
    signature_name: String,
}

#[derive(Clone, PartialEq, Message)]
struct Int64Value {
    #[prost(int64, tag = "1")]
    value: i64,
}

#[derive(Clone, PartialEq, Message)]
struct Predict {
    #[prost(message, optional, tag = "1")]
    model_spec: Option<ModelSpec>,
    #[prost(btree_map = "string, message", tag = "2")]
    inputs: BTreeMap<String, Tensor>,
}

#[derive(Clone, PartialEq, Message)]
struct Predicted {
    #[prost(btree_map = "string, message", tag = "1")]
    outputs: BTreeMap<String, Tensor>,
    #[prost(message, optional, tag = "2")]
    model_spec: Option<ModelSpec>,
}

#[derive(Clone, PartialEq, Message)]
struct Tensor {
    #[prost(int32, tag = "1")]
    dtype: i32,
    #[prost(message, optional, tag = "2")]
    shape: Option<Shape>,
    #[prost(bytes = "bytes", tag = "4")]
    content: Bytes,
    #[prost(float, repeated, tag = "5")]
    floats: Vec<f32>,
}

#[derive(Clone, PartialEq, Message)]
struct Shape {
    #[prost(message, repeated, tag = "2")]
    dim: Vec<Dim>,
}

#[derive(Clone, PartialEq, Message)]
struct Dim {
    #[prost(int64, tag = "1")]
    size: i64,
}

#[derive(Clone, PartialEq, Message)]
struct Metadata {
    #[prost(message, optional, tag = "1")]
    model_spec: Option<ModelSpec>,
    #[prost(btree_map = "string, message", tag = "2")]
    metadata: BTreeMap<String, Any>,
}

#[derive(Clone, PartialEq, Message)]
struct MetadataQuestion {
    #[prost(message, optional, tag = "1")]
    model_spec: Option<ModelSpec>,
    #[prost(string, repeated, tag = "2")]
    metadata_field: Vec<String>,
}

#[derive(Clone, PartialEq, Message)]
struct Any {
    #[prost(string, tag = "1")]
    type_url: String,
    #[prost(bytes = "vec", tag = "2")]
    value: Vec<u8>,
}

#[derive(Clone, PartialEq, Message)]
struct Signatures {
    #[prost(btree_map = "string, message", tag = "1")]
    all: BTreeMap<String, Signature>,
}

#[derive(Clone, PartialEq, Message)]
struct Signature {
    #[prost(btree_map = "string, message", tag = "1")]
    inputs: BTreeMap<String, Info>,
}

#[derive(Clone, PartialEq, Message)]
struct Info {
    #[prost(int32, tag = "2")]
    dtype: i32,
    #[prost(message, optional, tag = "3")]
    shape: Option<Shape>,
}

fn spec(name: &str) -> ModelSpec {
    let version = Some(Int64Value { value: 7 });
    ModelSpec { name: name.into(), version, signature_name: "serving_default".into() }
}

/// A model `digits` that answers `y = 2x`; each answer says which revision was asked for.
struct Server {
    port: u16,
    seen: Arc<Mutex<Vec<HeaderMap>>>,
    _runtime: Runtime,
}

impl Server {
    fn start() -> Self {
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        let runtime = builder.worker_threads(1).enable_all().build().expect("a runtime");
        let listener = runtime.block_on(TcpListener::bind(("127.0.0.1", 0))).expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let seen: Arc<Mutex<Vec<HeaderMap>>> = Arc::default();
        let all = Arc::clone(&seen);
        runtime.spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let all = Arc::clone(&all);
                tokio::spawn(async move {
                    let Ok(mut connection) = h2::server::handshake(socket).await else { return };
                    while let Some(Ok((request, respond))) = connection.accept().await {
                        all.lock().expect("a lock").push(request.headers().clone());
                        tokio::spawn(exchange(request, respond));
                    }
                });
            }
        });
        Self { port, seen, _runtime: runtime }
    }
}

async fn exchange(request: Request<h2::RecvStream>, mut respond: SendResponse<Bytes>) {
    let (parts, mut body) = request.into_parts();
    let mut frame = BytesMut::new();
    while let Some(Ok(data)) = body.data().await {
        let _ = body.flow_control().release_capacity(data.len());
        frame.extend_from_slice(&data);
    }
    let message = frame.freeze().split_off(5);
    let revision = parts.headers.get("x-mlctl-revision").cloned();
    let mut head = Response::builder().header("content-type", "application/grpc");
    if let Some(revision) = &revision {
        head = head.header("x-mlctl-revision", revision);
    }
    let mut stream =
        respond.send_response(head.body(()).expect("a head"), false).expect("a stream");
    let mut trailers = HeaderMap::new();
    match answer(parts.uri.path(), message) {
        Ok(message) => {
            let mut frame = BytesMut::new();
            frame.put_u8(0);
            frame.put_u32(message.len() as u32);
            frame.put_slice(&message);
            stream.send_data(frame.freeze(), false).expect("data");
            trailers.insert("grpc-status", 0.into());
        }
        Err((status, words)) => {
            trailers.insert("grpc-status", status.into());
            trailers.insert("grpc-message", words.parse().expect("words"));
        }
    }
    stream.send_trailers(trailers).expect("trailers");
}

fn answer(path: &str, message: Bytes) -> Result<Vec<u8>, (u16, &'static str)> {
    let dim = |size: i64| Dim { size };
    match path {
        "/tensorflow.serving.PredictionService/GetModelMetadata" => {
            let asked = MetadataQuestion::decode(message).expect("a message");
            assert_eq!(asked.metadata_field, ["signature_def"]);
            if asked.model_spec.expect("a model").name != "digits" {
                return Err((5, "Servable not found for request: Latest(other)"));
            }
            let info = Info { dtype: 1, shape: Some(Shape { dim: vec![dim(-1)] }) };
            let signature = Signature { inputs: [("x".to_owned(), info)].into() };
            let all = [("serving_default".to_owned(), signature)].into();
            let value = Signatures { all }.encode_to_vec();
            let any = Any { type_url: "type.googleapis.com/x".into(), value };
            let metadata = [("signature_def".to_owned(), any)].into();
            Ok(Metadata { model_spec: Some(spec("digits")), metadata }.encode_to_vec())
        }
        "/tensorflow.serving.PredictionService/Predict" => {
            let asked = Predict::decode(message).expect("a message");
            let x = &asked.inputs["x"];
            let bytes = x.content.chunks_exact(4);
            let rows = bytes.map(|bytes| f32::from_le_bytes(bytes.try_into().expect("four")));
            let floats: Vec<f32> = rows.map(|x| 2.0 * x).collect();
            if floats.contains(&26.0) {
                return Err((3, "13 is bad"));
            }
            let shape = Some(Shape { dim: vec![dim(floats.len() as i64)] });
            let y = Tensor { dtype: 1, shape, content: Bytes::new(), floats };
            let outputs = [("y".to_owned(), y)].into();
            Ok(Predicted { outputs, model_spec: Some(spec("digits")) }.encode_to_vec())
        }
        _ => Err((12, "no such method")),
    }
}

#[test]
fn rows_go_to_the_prediction_service_and_its_words_come_back() {
    let (sandbox, server) = (Sandbox::new(), Server::start());
    let url = format!("http://127.0.0.1:{}", server.port);
    let ask = |code: i32, more: &[&str]| {
        sandbox.run(code, [&["predict", &url, "--grpc", "--model", "digits"], more].concat())
    };
    assert_eq!(stdout(&ask(0, &["--json", "1.5", "--revision", "v2"])), "3.0\n");
    let last = server.seen.lock().expect("a lock").last().cloned().expect("a request");
    assert_eq!(last["x-mlctl-revision"], "v2");
    let output = ask(0, &["--json", r#"{"instances":[1,{"x":2}]}"#, "--batch", "2", "-o", "json"]);
    let document: serde_json::Value = serde_json::from_str(&stdout(&output)).expect("JSON");
    assert_eq!(document["predictions"][1]["prediction"], 4.0);
    assert_eq!(document["predictions"][1]["version"], "7");

    let said = stderr(&ask(5, &["--json", "13"]));
    assert!(said.contains("PredictionService/Predict answers 400: 13 is bad"), "{said}");
    let said = stderr(&ask(4, &["--json", "1", "--signature", "other"]));
    assert!(said.contains("no signature `other`"), "{said}");
    assert!(said.contains("its signatures are serving_default"), "{said}");
    let said = stderr(&ask(2, &["--json", r#"{"z": 1}"#]));
    assert!(said.contains("the row has no `x`, an input of the model"), "{said}");
    let said = stderr(&ask(2, &["--json", r#"{"inputs": {"x": [1]}}"#]));
    assert!(said.contains("give rows"), "{said}");
    sandbox.write("a.png", "a");
    let said = stderr(&ask(2, &["--image", "a.png"]));
    assert!(said.contains("input `x` is FP32 [-1]"), "{said}");
    // The scheme says it too, and the model's name is the server's to know.
    let url = format!("grpc://127.0.0.1:{}", server.port);
    let said = stderr(&sandbox.run(4, ["predict", &url, "--json", "1", "--model", "other"]));
    assert!(said.contains("answers 404") && said.contains("Servable not found"), "{said}");
}

#[test]
fn a_load_goes_over_grpc_too() {
    let (sandbox, server) = (Sandbox::new(), Server::start());
    let url = format!("grpc://127.0.0.1:{}", server.port);
    let args = ["--json", "1", "--load", "500ms", "--rate", "40", "--revision", "v2", "-o", "json"];
    let output = sandbox.run(0, [&["predict", &url, "--model", "digits"], &args[..]].concat());
    let report: serde_json::Value = serde_json::from_str(&stdout(&output)).expect("JSON");
    assert_eq!((&report["requests"], &report["failed"]), (&20.into(), &0.into()), "{report:#}");
    assert_eq!(report["revisions"][0]["revision"], "v2");
}

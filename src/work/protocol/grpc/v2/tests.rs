//! The whole client against a server over HTTP/2 that refuses as real ones do.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use bytes::{BufMut, Bytes, BytesMut};
use h2::server::SendResponse;
use http::{HeaderMap, Request, Response};
use prost::Message;
use tokio::net::TcpListener;
use tokio::sync::Notify;

use super::messages::{
    Contents, InferTensor, ModelInferRequest, ModelInferResponse, ModelMetadataResponse,
    TensorMetadata,
};
use crate::plan::Protocol;
use crate::work::protocol::fixture::server_plan;
use crate::work::protocol::{Answer, Client, ClientOptions, Connection, Predictor, Token};

/// What the server does beside answering `y = 2x`, and what it has seen.
#[derive(Default)]
struct Faults {
    /// So many requests are refused because there are too many.
    busy: AtomicUsize,
    /// The connection is closed on the next request.
    cut: AtomicBool,
    /// Requests with more rows are too large.
    most: Option<usize>,
    /// The output is the sum of all rows.
    scalar: bool,
    /// A token is asked for.
    token: Option<&'static str>,
    asked: AtomicUsize,
    ending: Notify,
}

type Refusal = (u16, &'static str);

impl Faults {
    fn answer(&self, request: &Request<()>, message: Bytes) -> Option<Result<Bytes, Refusal>> {
        let token = request.headers().get("authorization").and_then(|value| value.to_str().ok());
        if self.token.is_some_and(|wanted| token != Some(wanted)) {
            return Some(Err((16, "who is there")));
        }
        if request.uri().path().ends_with("/ModelMetadata") {
            let x = TensorMetadata { name: "x".into(), datatype: "FP32".into(), shape: vec![-1] };
            let told = ModelMetadataResponse { versions: vec!["3".into()], inputs: vec![x] };
            return Some(Ok(told.encode_to_vec().into()));
        }
        self.asked.fetch_add(1, Relaxed);
        if self.cut.swap(false, Relaxed) {
            self.ending.notify_one();
            return None;
        }
        if self.busy.fetch_update(Relaxed, Relaxed, |left| left.checked_sub(1)).is_ok() {
            return Some(Err((14, "busy")));
        }
        let request = ModelInferRequest::decode(message).unwrap();
        assert_eq!((&*request.id, request.inputs[0].name.as_str()), ("1", "x"));
        let rows: Vec<f32> = request.raw_input_contents[0]
            .chunks_exact(4)
            .map(|bytes| f32::from_le_bytes(bytes.try_into().unwrap()))
            .collect();
        if self.most.is_some_and(|most| rows.len() > most) {
            return Some(Err((8, "Received message larger than max (9 vs. 8)")));
        }
        if rows.contains(&13.0) {
            return Some(Err((3, "13 is bad")));
        }
        let mut doubles: Vec<f32> = rows.iter().map(|x| 2.0 * x).collect();
        let mut shape = vec![i64::try_from(doubles.len()).unwrap()];
        if self.scalar {
            (doubles, shape) = (vec![doubles.iter().sum()], Vec::new());
        }
        let contents = Some(Contents { fp32s: doubles, ..Contents::default() });
        let (name, datatype) = ("y".into(), "FP32".into());
        let outputs = vec![InferTensor { name, datatype, shape, contents }];
        let answer = ModelInferResponse {
            model_version: "4".into(),
            outputs,
            raw_output_contents: Vec::new(),
        };
        Some(Ok(answer.encode_to_vec().into()))
    }
}

/// Serves until the test's runtime ends; gives the address.
async fn serve(faults: Arc<Faults>) -> String {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = format!("grpc://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        loop {
            let (socket, _) = listener.accept().await.unwrap();
            let faults = Arc::clone(&faults);
            tokio::spawn(async move {
                let mut connection = h2::server::handshake(socket).await.unwrap();
                loop {
                    let next = tokio::select! {
                        next = connection.accept() => next,
                        () = faults.ending.notified() => return,
                    };
                    let Some(Ok((request, respond))) = next else { return };
                    tokio::spawn(exchange(Arc::clone(&faults), request, respond));
                }
            });
        }
    });
    address
}

async fn exchange(
    faults: Arc<Faults>,
    request: Request<h2::RecvStream>,
    mut respond: SendResponse<Bytes>,
) {
    let (parts, mut body) = request.into_parts();
    let mut frame = BytesMut::new();
    while let Some(Ok(data)) = body.data().await {
        let _ = body.flow_control().release_capacity(data.len());
        frame.extend_from_slice(&data);
    }
    let request = Request::from_parts(parts, ());
    let Some(answer) = faults.answer(&request, frame.freeze().split_off(5)) else {
        // Until the connection ends.
        return std::future::pending().await;
    };
    let head = Response::builder().header("content-type", "application/grpc").body(()).unwrap();
    let mut stream = respond.send_response(head, false).unwrap();
    let mut trailers = HeaderMap::new();
    match answer {
        Ok(message) => {
            let mut frame = BytesMut::new();
            frame.put_u8(0);
            frame.put_u32(message.len() as u32);
            frame.put_slice(&message);
            stream.send_data(frame.freeze(), false).unwrap();
            trailers.insert("grpc-status", 0.into());
        }
        Err((status, words)) => {
            trailers.insert("grpc-status", status.into());
            trailers.insert("grpc-message", words.parse().unwrap());
            trailers.insert("grpc-retry-pushback-ms", 0.into());
        }
    }
    stream.send_trailers(trailers).unwrap();
}

async fn client(faults: &Arc<Faults>, token: Option<&str>) -> Result<Client, String> {
    let base = serve(Arc::clone(faults)).await;
    let plan = server_plan(Protocol::V2Grpc);
    let options = ClientOptions {
        timeout: Duration::from_mins(1),
        max_in_flight: None,
        token: Token(token.map(str::to_owned)),
    };
    let client = Client::connect(&plan, &base, Connection::Endpoint, options).await;
    client.map_err(|error| error.reason)
}

async fn predict(client: &Client, rows: &[&str]) -> Result<Vec<String>, String> {
    let rows = rows.iter().map(|row| row.as_bytes()).collect();
    let answers = client.predict(rows).await.map_err(|error| error.reason)?;
    assert!(answers.versions.iter().all(|(version, _)| **version == *"4"));
    let predicted = answers.rows.iter().filter(|row| matches!(row, Answer::Prediction(_))).count();
    assert_eq!(answers.versions.iter().map(|(_, rows)| *rows).sum::<u64>(), predicted as u64);
    let text = |answer| match answer {
        Answer::Prediction(prediction) => String::from_utf8(prediction.to_vec()).unwrap(),
        Answer::Failed(error) => format!("{}: {}", error.code, error.message),
    };
    Ok(answers.rows.into_iter().map(text).collect())
}

#[tokio::test]
async fn a_bad_row_costs_one_row() {
    let faults = Arc::new(Faults::default());
    let client = client(&faults, None).await.unwrap();
    let rows = ["1", "13", r#"{"x":3}"#, "4", r#"{"z":5}"#, "\"6\"", "7.5"];
    let answers = predict(&client, &rows).await.unwrap();
    let wanted = [
        "2.0",
        "400: 13 is bad",
        "6.0",
        "8.0",
        "400: the row has no `x`, an input of the model",
        "400: `x`: \"6\" is no Fp32",
        "15.0",
    ];
    assert_eq!(answers, wanted);
}

#[tokio::test]
async fn what_is_busy_or_cut_off_is_asked_again() {
    let faults = Arc::new(Faults::default());
    faults.busy.store(2, Relaxed);
    let client = client(&faults, None).await.unwrap();
    assert_eq!(predict(&client, &["1"]).await.unwrap(), ["2.0"]);
    assert_eq!(faults.asked.load(Relaxed), 3);
    faults.cut.store(true, Relaxed);
    assert_eq!(predict(&client, &["2"]).await.unwrap(), ["4.0"]);
    assert_eq!(faults.asked.load(Relaxed), 5);
}

#[tokio::test]
async fn a_message_that_is_too_large_is_halved() {
    let faults = Arc::new(Faults { most: Some(2), ..Faults::default() });
    let client = client(&faults, None).await.unwrap();
    let answers = predict(&client, &["1", "2", "3", "4"]).await.unwrap();
    assert_eq!(answers, ["2.0", "4.0", "6.0", "8.0"]);
    assert_eq!(faults.asked.load(Relaxed), 3);
}

#[tokio::test]
async fn rows_of_a_model_whose_outputs_are_none_are_asked_one_by_one() {
    let faults = Arc::new(Faults { scalar: true, ..Faults::default() });
    let client = client(&faults, None).await.unwrap();
    assert_eq!(predict(&client, &["1", "2"]).await.unwrap(), ["2.0", "4.0"]);
    assert_eq!(faults.asked.load(Relaxed), 3);
    // By now that is known.
    assert_eq!(predict(&client, &["3", "4"]).await.unwrap(), ["6.0", "8.0"]);
    assert_eq!(faults.asked.load(Relaxed), 5);
}

#[tokio::test]
async fn a_token_lets_requests_in_and_without_one_the_worker_ends() {
    let faults = Arc::new(Faults { token: Some("Bearer t"), ..Faults::default() });
    let refused = client(&faults, None).await.err().unwrap();
    assert!(refused.contains("401") && refused.contains("who is there"), "{refused}");
    let client = client(&faults, Some("t")).await.unwrap();
    assert_eq!(predict(&client, &["1"]).await.unwrap(), ["2.0"]);
}

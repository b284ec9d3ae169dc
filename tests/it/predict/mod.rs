//! `mlctl predict`: what is sent, what is printed, what goes wrong; and under load.

mod discovery;
mod errors;
mod grpc;
mod images;
mod load;
mod peers;
mod rows;
mod server;

use serde_json::{Value as Json, json};

use server::{Answer, Request, Server};

/// A server of TF Serving's REST API with a model `digits`, which answers a row `{"x": n}` with `2n`, an
/// image with the length of its text, and refuses all else; it says which revision is asked for.
fn tensorflow() -> Server {
    Server::start(|request| {
        let revision = request.header("x-mlctl-revision").unwrap_or("v1").to_owned();
        if revision == "v9" {
            return Answer::json(404, r#"{"error":"there is no revision `v9`"}"#);
        }
        answer(request).of_revision(&revision)
    })
}

fn answer(request: &Request) -> Answer {
    let path = request.path.as_str();
    match (request.method.as_str(), path) {
        ("GET", "/v1/models/digits" | "/v1/models/model") => Answer::json(
            200,
            r#"{"model_version_status":[{"version":"7","state":"AVAILABLE","status":{"error_code":"OK","error_message":""}}]}"#,
        ),
        ("GET", "/v1/models/digits/metadata" | "/v1/models/model/metadata") => {
            Answer::json(200, metadata().to_string())
        }
        ("POST", "/v1/models/digits:predict" | "/v1/models/model:predict") => predicted(request),
        _ => Answer::json(404, r#"{"error":"Malformed request"}"#),
    }
}

fn metadata() -> Json {
    let input = |dtype: &str| json!({"dtype": dtype, "tensor_shape": {"dim": [{"size": "-1", "name": ""}], "unknown_rank": false}, "name": "n:0"});
    json!({"model_spec": {"name": "digits", "signature_name": "", "version": "7"}, "metadata": {"signature_def": {"signature_def": {
        "serving_default": {"inputs": {"image": input("DT_STRING")}, "outputs": {}, "method_name": ""},
        "numbers": {"inputs": {"x": input("DT_FLOAT")}, "outputs": {}, "method_name": ""},
        "__saved_model_init_op": {"inputs": {}, "outputs": {}, "method_name": ""},
    }}}})
}

fn predicted(request: &Request) -> Answer {
    let Ok(body) = serde_json::from_slice::<Json>(&request.body) else {
        return Answer::json(
            400,
            r#"{"error":"JSON Parse error: Missing a name for object member"}"#,
        );
    };
    let name = body["signature_name"].as_str().unwrap_or("serving_default");
    if !["serving_default", "numbers"].contains(&name) {
        let error = format!("Serving signature name: \"{name}\" not found in signature def");
        return Answer::json(400, json!({ "error": error }).to_string());
    }
    if let Some(inputs) = body.get("inputs") {
        return Answer::json(200, json!({"outputs": {"echo": inputs}}).to_string());
    }
    let mut predictions = Vec::new();
    for row in body["instances"].as_array().expect("instances") {
        let text = row["b64"].as_str().map(|text| json!(text.len()));
        let double = row["x"].as_f64().map(|x| json!(2.0 * x));
        match text.or(double) {
            Some(prediction) => predictions.push(prediction),
            None => {
                let error = format!("no x in {row}\u{1b}[2J\nanother line");
                return Answer::json(400, json!({ "error": error }).to_string());
            }
        }
    }
    // As TF Serving writes it, over several lines.
    let rows: Vec<String> = predictions.iter().map(Json::to_string).collect();
    Answer::json(200, format!("{{\n    \"predictions\": [{}\n    ]\n}}", rows.join(", ")))
}

//! Calls of Vertex AI.

use http::Response;
use http_body_util::BodyExt;

use super::support::{Backend, Running, config, full, post, read, revision};

#[tokio::test]
async fn predict_answers_as_vertex_does() {
    let server = Backend::http1(|request| {
        Box::pin(async move {
            let path = request.uri().to_string();
            let body = request.into_body().collect().await.unwrap().to_bytes();
            let body = String::from_utf8(body.to_vec()).unwrap();
            let text = format!(r#"{{"predictions":[1],"path":"{path}","body":{body:?}}}"#);
            Response::builder().header("content-type", "application/json").body(full(text)).unwrap()
        })
    })
    .await;
    let mut one = revision("v1", 1, &[server.address]);
    one.routes.predict = Some("/v1/models/digits:predict".to_owned());
    (one.models, one.version) = (vec!["digits".to_owned()], Some(3));
    let router = Running::new(config(vec![one])).await;
    let call = "/v1/projects/p/locations/l/endpoints/digits";
    for connection in 0..2 {
        let request = post(&format!("{call}:predict"), "{}");
        let (status, by, body) = if connection == 0 {
            read(router.send(request).await).await
        } else {
            let request = http::Request::post(format!("http://h{call}:predict"));
            let request = request.body(full("{}")).unwrap();
            read(router.http2().await.send_request(request).await.unwrap()).await
        };
        assert_eq!((status, by.as_str()), (200, "v1"));
        let answer: serde_json::Value = serde_json::from_str(&body).unwrap();
        assert_eq!(answer["deployedModelId"], "v1");
        assert_eq!(answer["model"], "projects/p/locations/l/models/digits");
        assert_eq!(answer["modelVersionId"], "3");
        assert_eq!(answer["path"], "/v1/models/digits:predict");
        assert_eq!(answer["body"], "{}");
    }
    let (_, _, body) = read(router.send(post(&format!("{call}:rawPredict"), "{}")).await).await;
    assert!(body.starts_with(r#"{"predictions""#), "{body}");
    let other = "/v1/projects/p/locations/l/endpoints/other:predict";
    let (status, _, body) = read(router.send(post(other, "{}")).await).await;
    let answer: serde_json::Value = serde_json::from_str(&body).unwrap();
    assert_eq!((status, answer["error"]["status"].as_str()), (404, Some("NOT_FOUND")));
}

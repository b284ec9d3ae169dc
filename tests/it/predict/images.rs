//! Images for models that take pixels.

use serde_json::{Value as Json, json};

use super::server::{Answer, Server};
use crate::support::{Sandbox, repository, stderr};

/// A model of the Open Inference Protocol with one input of this type and shape.
fn model(datatype: &'static str, shape: &'static [i64]) -> Server {
    Server::start(move |request| match (&*request.method, &*request.path) {
        ("GET", "/v2/models/m") => {
            let input = json!({"name": "x", "datatype": datatype, "shape": shape});
            Answer::json(200, json!({"name": "m", "inputs": [input]}).to_string())
        }
        ("POST", _) => {
            let outputs = r#"[{"name":"y","shape":[1],"datatype":"INT64","data":[1]}]"#;
            Answer::json(200, format!(r#"{{"model_name":"m","outputs":{outputs}}}"#))
        }
        _ => Answer::json(404, "{}"),
    })
}

/// What is sent of an image.
fn sent(server: &Server, image: &str, more: &[&str]) -> Json {
    let image = repository().join("tests/it/predict/files").join(image);
    let url = server.url("/v2/models/m");
    let image = image.display().to_string();
    Sandbox::new().run(0, [&["predict", &url, "--image", &image], more].concat());
    server.posted().pop().expect("a request").json()["inputs"][0].clone()
}

#[test]
fn a_model_of_numbers_gets_pixels_in_the_order_of_its_axes() {
    let server = model("UINT8", &[-1, 2, 2, 3]);
    let input = sent(&server, "colors.png", &[]);
    assert_eq!((&input["shape"], &input["datatype"]), (&json!([1, 2, 2, 3]), &json!("UINT8")));
    // What is half see-through lies on white.
    let red = [255, 0, 0];
    assert_eq!(input["data"], json!([[[red, red], [red, [127, 127, 255]]]]));

    let server = model("FP32", &[1, 3, -1, -1]);
    let input = sent(&server, "colors.png", &["--pixels", "unit"]);
    assert_eq!(input["shape"], json!([1, 3, 2, 2]));
    assert_eq!(input["data"][0][0], json!([[1, 1], [1, 0.49803922]]));
}

#[test]
fn jpeg_is_decoded_as_near_as_it_was_written() {
    let near = |value: &Json, wanted: f64| {
        let value = value.as_f64().expect("a number");
        assert!((value - wanted).abs() <= 3.0, "{value} for {wanted}");
    };
    let input = sent(&model("FP32", &[-1, 8, 8, 3]), "red.jpg", &[]);
    let pixels = input["data"][0].as_array().expect("rows").iter();
    let pixels: Vec<&Json> = pixels.flat_map(|row| row.as_array().expect("pixels")).collect();
    assert_eq!(pixels.len(), 64);
    for pixel in pixels {
        near(&pixel[0], 198.0);
        near(&pixel[1], 39.0);
        near(&pixel[2], 93.0);
    }
    let input = sent(&model("FP32", &[-1, 64]), "grey.jpg", &[]);
    assert_eq!(input["shape"], json!([1, 64]));
    for value in input["data"][0].as_array().expect("pixels") {
        near(value, 77.0);
    }
}

#[test]
fn an_image_of_another_size_is_told_with_its_name() {
    let (sandbox, server) = (Sandbox::new(), model("FP32", &[-1, 28, 28, 1]));
    let image = repository().join("tests/it/predict/files/red.jpg").display().to_string();
    let url = server.url("/v2/models/m");
    let said = stderr(&sandbox.run(2, ["predict", &url, "--image", &image]));
    assert!(said.contains("red.jpg: it has 8x8 pixels, and the model takes 28x28"), "{said}");
    sandbox.write("x.png", "no image");
    let said = stderr(&sandbox.run(2, ["predict", &url, "--image", "x.png"]));
    assert!(said.contains("x.png: it is neither PNG nor JPEG"), "{said}");
    assert!(server.posted().is_empty());
}

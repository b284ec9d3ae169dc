//! Images and tables through a real TensorFlow model that decodes them itself, in every format of input.

use std::process::Command;
use std::time::Duration;

use serde_json::Value as Json;

use crate::support::stores::{Running, free_port};
use crate::support::{Sandbox, heavy, repository, stderr, stdout};

/// The environment of the digits, which other tests have made.
const SETUP: &str =
    "code: .\nsetup: {python: {requirements: requirements.txt, noDeps: [tf_keras==2.21.0]}}\n";

/// Runs a job over a file of `in`; gives its results and its errors.
fn predict(sandbox: &Sandbox, name: &str, format: &str, more: &str) -> (Vec<Json>, Vec<Json>) {
    let spec = format!(
        "apiVersion: mlctl.dev/v1\nkind: BatchPredictJob\nname: images\n{SETUP}input: {{uris: [in/{name}], \
         format: {format}}}\noutput: out-{name}\n{more}"
    );
    sandbox.write(&format!("{name}.yaml"), &spec);
    // Each has a row or two that are wrong.
    let done = sandbox.run(20, ["batch-predict", &format!("{name}.yaml")]);
    let lines = |args: &[&str]| -> Vec<Json> {
        let text = stdout(&sandbox.run(0, [&["outputs", &format!("./out-{name}")], args].concat()));
        text.lines().map(|line| serde_json::from_str(line).expect(line)).collect()
    };
    let found = (lines(&[]), lines(&["--errors"]));
    assert!(!found.0.is_empty(), "{}", stderr(&done));
    found
}

/// What the model says of the eight images: the mean of each, and its bytes as they were.
#[track_caller]
fn are_the_images(sandbox: &Sandbox, results: &[Json]) {
    let means: Vec<f64> =
        results.iter().map(|line| line["prediction"]["mean"].as_f64().expect("a mean")).collect();
    assert_eq!(means, [0.0, 10.0, 20.0, 30.0, 40.0, 50.0, 60.0, 70.0]);
    let copies: Vec<_> =
        results.iter().map(|line| &line["prediction"]["copy_bytes"]["b64"]).collect();
    let files = fs_err::read_to_string(sandbox.dir().join("base64")).expect("the files");
    assert_eq!(copies, files.lines().collect::<Vec<_>>());
}

#[test]
fn a_model_that_decodes_images_is_asked_in_every_format() {
    let _alone = heavy();
    let sandbox = Sandbox::new();
    let of = |name: &str| repository().join(name);
    for file in ["examples/digits/requirements.txt", "tests/it/batch/images.py"] {
        let name = file.rsplit('/').next().expect("a name");
        fs_err::copy(of(file), sandbox.dir().join(name)).expect("a file");
    }
    sandbox.write(
        "make.yaml",
        &format!(
            "apiVersion: mlctl.dev/v1\nkind: TrainJob\nname: make\nframework: none\n{SETUP}command: [python, \
             images.py, '{}']\n",
            sandbox.dir().display()
        ),
    );
    sandbox.run(0, ["train", "make.yaml"]);

    // The server that a worker starts: there is no tensorflow_model_server on the path.
    let model = "model: {uri: model, server: tensorflow-serving}\n";
    let (results, errors) = predict(&sandbox, "list.txt", "file-list", model);
    are_the_images(&sandbox, &results);
    assert_eq!(results[3]["instance"], "../png/3.png");
    let wrong: Vec<_> =
        errors.iter().map(|line| line["instance"].as_str().expect("text")).collect();
    assert_eq!(wrong, ["../png/broken.png", "../png/none.png"]);
    assert_eq!(
        (&errors[0]["error"]["code"], &errors[1]["error"]["code"]),
        (&400.into(), &404.into())
    );

    // One server for the rest.
    let python = fs_err::read_to_string(sandbox.dir().join("python")).expect("an interpreter");
    let port = free_port();
    let mut command = Command::new(python);
    command
        .arg(of("templates/servers/tensorflow/server.py"))
        .args([&format!("--rest_api_port={port}"), "--port=0", "--model_name=model"])
        .arg(format!("--model_base_path={}", sandbox.dir().join("model").display()));
    let _server = Running::start("the model server", port, &mut command);
    let there = format!("endpoint: http://127.0.0.1:{port}\nmodel: {{server: tensorflow-serving");
    for (name, format) in [("plain.tfrecord", "tf-record"), ("packed.tfrecord", "tf-record-gzip")] {
        let (results, errors) = predict(&sandbox, name, format, &format!("{there}}}\n"));
        are_the_images(&sandbox, &results);
        assert_eq!(errors.len(), 1, "{errors:?}");
        assert_eq!(errors[0]["instance"]["b64"], "bm8gaW1hZ2U=");
    }
    let more = format!(
        "{there}, signature: sums}}\ninstances: {{keyField: id, excludedFields: ['a note, in quotes']}}\n"
    );
    let (results, errors) = predict(&sandbox, "table.csv", "csv", &more);
    let sums: Vec<_> = results.iter().map(|line| (&line["key"], &line["prediction"])).collect();
    assert_eq!(sums, [(&7.0.into(), &3.5.into()), (&8.0.into(), &9.0.into())]);
    assert_eq!(errors.len(), 1, "{errors:?}");
    assert_eq!(errors[0]["key"], 9.0);
    sandbox.wait_until_empty(Duration::from_secs(30));
}

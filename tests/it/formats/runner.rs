//! A runner image with an older mlctl is met by the laptop, before anything is submitted.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};

use mlctl::agent::pod::DOCUMENT_VERSION;
use serde_json::{Value as Json, json};
use sha2::{Digest, Sha256};

use super::v1;
use crate::support::{Sandbox, copy_tree, stderr, stdout};

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

/// A registry with one image that has these labels; its address.
fn registry(labels: Json) -> String {
    let config = json!({
        "architecture": "amd64", "os": "linux", "config": {"Labels": labels},
        "rootfs": {"type": "layers", "diff_ids": []},
    });
    let config = config.to_string();
    let digest = Sha256::digest(&config).iter().fold("sha256:".to_owned(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    });
    let manifest = json!({
        "schemaVersion": 2, "mediaType": MANIFEST, "layers": [],
        "config": {
            "mediaType": "application/vnd.oci.image.config.v1+json",
            "digest": digest, "size": config.len(),
        },
    });
    let manifest = manifest.to_string();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        for client in listener.incoming() {
            let _ = answer(client.unwrap(), &manifest, &config);
        }
    });
    address
}

/// One answer; who asks connects anew for the next.
fn answer(mut client: TcpStream, manifest: &str, config: &str) -> std::io::Result<()> {
    let lines = BufReader::new(client.try_clone()?).lines();
    let head: Vec<String> =
        lines.map_while(Result::ok).take_while(|line| !line.is_empty()).collect();
    let path = head.first().map_or("", |line| line.split(' ').nth(1).unwrap_or_default());
    let (kind, body) = if path.starts_with("/v2/tools/mlctl/manifests/") {
        (MANIFEST, manifest)
    } else if path.starts_with("/v2/tools/mlctl/blobs/") {
        ("application/octet-stream", config)
    } else {
        ("application/json", "{}")
    };
    let length = body.len();
    write!(
        client,
        "HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n\
         Connection: close\r\n\r\n{body}"
    )
}

/// What a submission to a cluster that does not answer ends with, and what is said.
fn submit(sandbox: &Sandbox, image: &str) -> (Option<i32>, String) {
    let mut command = sandbox.mlctl(["train", "far.yaml", "--context", "far", "--detach"]);
    command.env("KUBECONFIG", sandbox.dir().join("kubeconfig")).env("MLCTL_RUNNER_IMAGE", image);
    let output = command.output().unwrap();
    (output.status.code(), stderr(&output))
}

#[test]
fn an_older_runner_image_is_refused_before_anything_is_made() {
    let sandbox = Sandbox::new();
    copy_tree(&v1("specs"), &sandbox.dir());
    let image = format!("{}/tools/mlctl:1", registry(json!({"dev.mlctl.document": "0"})));
    let (code, said) = submit(&sandbox, &image);
    assert_eq!(code, Some(5), "{said}");
    for word in [&*image, "knows 0", "`runnerImage`", "`mlctl cluster image`"] {
        assert!(said.contains(word), "{word}: {said}");
    }
    assert_eq!(stdout(&sandbox.run(0, ["list", "-q"])), "");
}

#[test]
fn any_other_runner_image_is_taken() {
    let sandbox = Sandbox::new();
    copy_tree(&v1("specs"), &sandbox.dir());
    let label = |format: u32| json!({"dev.mlctl.document": format.to_string()});
    let image = |labels: Json| format!("{}/tools/mlctl:1", registry(labels));
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let images = [
        image(label(DOCUMENT_VERSION)),
        image(label(DOCUMENT_VERSION + 1)),
        image(Json::Null),
        format!("{nobody}/tools/mlctl:1"),
        "localhost/mlctl:1".into(),
    ];
    for image in images {
        let (_, said) = submit(&sandbox, &image);
        // It is the cluster that does not answer.
        assert!(said.contains("the API server of far can't be reached"), "{image}: {said}");
    }
}

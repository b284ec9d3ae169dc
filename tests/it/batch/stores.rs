//! Which stores a batch prediction asks, and with whose credentials.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use crate::support::stores::S3;
use crate::support::{Sandbox, repository, stderr, stdout};

fn settings(sandbox: &Sandbox, text: &str) {
    let dir = sandbox.home().join(".config/mlctl");
    fs_err::create_dir_all(&dir).expect("settings");
    fs_err::write(dir.join("config.yaml"), text).expect("settings");
}

/// What the settings say of a bucket holds for listing, for the workers and for reading the results.
#[test]
fn a_bucket_is_reached_as_the_settings_say() {
    let (sandbox, s3) = (Sandbox::new(), S3::start());
    let server = repository().join("tests/it/batch/server.py");
    fs_err::copy(server, sandbox.dir().join("server.py")).expect("server");
    fs_err::create_dir_all(s3.files("bucket").join("in")).expect("a folder");
    fs_err::write(s3.files("bucket").join("in/a.jsonl"), "{\"x\":1}\n{\"x\":2}\n").expect("rows");
    settings(&sandbox, &format!("storage: {{'s3://bucket': {{endpoint: '{}'}}}}\n", s3.endpoint()));
    sandbox.write(
        "mlctl.yaml",
        "apiVersion: mlctl.dev/v1\nkind: BatchPredictJob\nname: rows\ncode: .\nmodel:\n  server: \
         tensorflow-serving\n  command: [python3, server.py, '{port}']\ninput: \
         s3://bucket/in/*.jsonl\noutput: s3://bucket/out\n",
    );
    let run = |args: &[&str]| {
        let mut env = s3.env();
        env.remove("AWS_ENDPOINT_URL_S3");
        env.insert("MLCTL_RUNNER_IMAGE".into(), "mlctl:test".into());
        let output = sandbox.mlctl(args).envs(env).output().expect("mlctl");
        assert!(output.status.success(), "{args:?}\n{}", stderr(&output));
        stdout(&output)
    };
    run(&["batch-predict"]);
    assert_eq!(run(&["outputs"]).lines().count(), 2);
    // Manifests are made without the cluster, and the pods find in the output what they predict.
    let applied = ["--set", "output=s3://bucket/applied", "--set", "model.image=python:3"];
    let manifests = run(&[&["render", "-o", "json"], &applied[..]].concat());
    assert!(manifests.contains("batch-worker") && !manifests.contains("AWS_SECRET"), "{manifests}");
    assert!(s3.files("bucket").join("applied/_mlctl/job.json").is_file());
    // Code that ConfigMaps can't hold goes through the output's bucket, by its content.
    let random: Vec<u8> = std::iter::repeat_with(|| fastrand::u8(..)).take(6 << 20).collect();
    fs_err::write(sandbox.dir().join("weights.bin"), random).expect("a large file");
    let archives = || {
        let folder = fs_err::read_dir(s3.files("bucket").join("applied/_mlctl/code"));
        let files = folder.expect("archives").map(|entry| entry.expect("an entry").path());
        files.collect::<Vec<_>>()
    };
    for _ in 0..2 {
        run(&[&["render", "-o", "json"], &applied[..]].concat());
        assert_eq!(archives().len(), 1, "the same code is there once");
    }
    let listed = std::process::Command::new("tar").arg("-tzf").arg(&archives()[0]).output();
    let listed = stdout(&listed.expect("tar"));
    assert!(listed.contains("weights.bin") && listed.contains("server.py"), "{listed}");
    fs_err::remove_file(sandbox.dir().join("weights.bin")).expect("the large file");
    let told = run(&["doctor", "--runtime", "local", "mlctl.yaml"]);
    let told = told.split_whitespace().collect::<Vec<_>>().join(" ");
    let writes =
        "s3://bucket/out: reachable, listable, readable, writable, conditional writes honoured";
    assert!(
        told.contains(writes) && told.contains("s3://bucket/in/: reachable, listable"),
        "{told}"
    );
    let left = fs_err::read_dir(s3.files("bucket").join("out")).expect("an output");
    let left: Vec<_> = left.map(|entry| entry.expect("an entry").file_name()).collect();
    assert!(!left.iter().any(|name| name.to_string_lossy().contains("examine")), "{left:?}");
    sandbox.wait_until_empty(Duration::from_secs(20));
}

/// A server that answers everything with 404 and tells the heads of what it is asked.
fn listener() -> (String, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = format!("http://{}", listener.local_addr().expect("an address"));
    let (heads, told) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let mut head = vec![0; 16 << 10];
            let read = stream.read(&mut head).unwrap_or_default();
            let head = String::from_utf8_lossy(&head[..read]).to_lowercase();
            let answer = "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
            let _ = stream.write_all(answer.as_bytes());
            if heads.send(head).is_err() {
                return;
            }
        }
    });
    (address, told)
}

/// A checkout of somebody else names a store of theirs: to look at what it would do hands them nothing.
#[test]
fn looking_at_a_spec_sends_no_token_where_only_the_spec_says() {
    let sandbox = Sandbox::new();
    let (theirs, told) = listener();
    sandbox.write(
        "mlctl.yaml",
        &format!(
            "apiVersion: mlctl.dev/v1\nkind: BatchPredictJob\nname: rows\nmodel: {{server: \
             tensorflow-serving, command: [\"true\"]}}\ninput: az://box/a.jsonl\noutput: out\nstorage: \
             {{endpoint: '{theirs}'}}\n"
        ),
    );
    let look = || {
        let mut command = sandbox.mlctl(["batch-predict", "--dry-run"]);
        command.env("AZURE_STORAGE_ACCOUNT_NAME", "account").env("AZURE_STORAGE_TOKEN", "s3cr3t");
        let output = command.output().expect("mlctl");
        let heads: Vec<String> = told.try_iter().collect();
        assert!(!heads.is_empty(), "it is asked\n{}", stderr(&output));
        (heads, stderr(&output))
    };
    let (heads, said) = look();
    assert!(heads.iter().all(|head| !head.contains("s3cr3t")), "{heads:?}");
    assert!(said.contains("gets no credentials from a look at it"), "{said}");
    // As a store of one's own it gets them.
    settings(&sandbox, &format!("storage: {{'az://': {{endpoint: '{theirs}'}}}}\n"));
    let (heads, _) = look();
    assert!(heads.iter().any(|head| head.contains("s3cr3t")), "{heads:?}");
}

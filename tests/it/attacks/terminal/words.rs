//! What specs, command lines, settings and servers say.

use std::ffi::OsStr;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::unix::ffi::OsStrExt;
use std::time::Duration;

use serde_json::Value as Json;

use super::hostile::{HOSTILE, assert_safe, folder, hostile, hostile_user, quoted, shown};
use crate::pty::at_terminal;
use crate::support::{Sandbox, stderr, wait_for};

#[test]
fn a_cloned_spec_moves_no_terminal() {
    let sandbox = Sandbox::new();
    let folder = folder(&sandbox);
    let head = "apiVersion: mlctl.dev/v1\nkind: TrainJob\nname: spec\n";
    let raw = hostile().replace('\n', " ");
    // By escapes, as YAML has them, and as they are, where YAML lets them be.
    let specs = [
        format!("{head}command: ['true']\n{}: 1\n", quoted(HOSTILE)),
        format!("{head}command: ['true']\nframework: {}\n", quoted(HOSTILE)),
        format!("{head}command: ['true']\n# {raw}\nfoo: bar\r\n"),
        format!("{head}command: ['true']\nimage: \u{202e}x \u{e0041}\nbar: '\u{9b}2J\u{200b}'\n"),
        format!("{head}command: [{0}]\nenv: [{{name: {0}, value: {0}}}]\n", quoted(HOSTILE)),
        format!(
            "{head}command: ['true']\nlabels: {{{0}: {0}}}\ncode: {0}\noutput: {0}\n",
            quoted(HOSTILE)
        ),
        format!("{head}command: ['true']\nroles: {{{0}: {{replicas: 1}}}}\n", quoted(HOSTILE)),
        format!("{head}command: ['true', \x1b]0;t\x07]\n"),
        format!("{head}command: ['true', '{}", "\u{202e}y".repeat(20_000)),
        format!("kind: {}\n", quoted(HOSTILE)),
        raw.clone(),
    ];
    for spec in specs {
        fs_err::write(folder.join("mlctl.yaml"), &spec).expect("spec");
        for args in [&["validate"][..], &["train"], &["convert"], &["render"]] {
            if args == ["train"] && spec.contains("command: [\"") {
                continue;
            }
            let (bytes, _) = at_terminal(&mut hostile_user(&sandbox, args));
            assert_safe(&format!("{args:?} of {spec:?}"), &bytes);
        }
    }
    assert!(shown(&sandbox, &["validate"]).contains(r"\x1b]52;c"));
    // What is right is printed as it means.
    let meant = hostile();
    let spec = format!(
        "{head}image: r.example/x:1\ncommand: [sh, {0}]\nenv: [{{name: A, value: {0}}}]\n",
        quoted(&meant)
    );
    fs_err::write(folder.join("mlctl.yaml"), spec).expect("spec");
    for args in [&["convert"][..], &["render"], &["render", "-o", "json"], &["train", "--dry-run"]]
    {
        shown(&sandbox, args);
    }
    let text = String::from_utf8(sandbox_output(&sandbox, &["convert"])).expect("text");
    let converted: Json = serde_saphyr::from_str(&text).expect("YAML");
    assert_eq!(converted["command"][1], meant.as_str());
    let text = String::from_utf8(sandbox_output(&sandbox, &["train", "--dry-run", "-o", "yaml"]));
    let plan: Json = serde_saphyr::from_str(&text.expect("text")).expect("YAML");
    assert_eq!(plan["roles"][0]["command"][1], meant.as_str());
    let manifests = String::from_utf8(sandbox_output(&sandbox, &["render"])).expect("text");
    let pod = manifests.split("---\n").filter_map(|one| serde_saphyr::from_str::<Json>(one).ok());
    assert!(pod.count() >= 3, "{manifests}");
}

fn sandbox_output(sandbox: &Sandbox, args: &[&str]) -> Vec<u8> {
    let output = hostile_user(sandbox, args).output().expect("mlctl");
    assert!(output.status.success(), "{args:?}: {}", stderr(&output));
    output.stdout
}

#[test]
fn names_on_the_command_line_move_no_terminal() {
    let sandbox = Sandbox::new();
    let name = hostile();
    let name = name.as_str();
    for args in [
        &["status", name][..],
        &[name],
        &["list", name],
        &["list", "--state", name],
        &["list", "--since", name],
        &["logs", "x", "--replica", name],
        &["--output", name, "list"],
        &["cost", "--by", name],
        &["validate", name],
        &["validate", "--set", name],
        &["train", name],
        &["explain", name],
        &["schema", name],
        &["init", "plain", name],
        &["--runtime", name, "gpus"],
        &["--context", name, "list", "--all-users"],
        &["train", "--label", name, "x.py"],
        &["doctor", "--security", name],
        &["gpus", "split", "--type", name, "--mig", "1g.5gb=7"],
        &["gpus", "split", "--type", "nvidia-a100", "--mig", name],
        &["gpus", "split", "--type", "nvidia-t4", "--time-slices", "4", "--node", name],
        &["cluster", "manifests", "--user", name],
        &["cluster", "manifests", "--for-namespace", name],
        &["cluster", "image", "--push", "--name", name],
        &["man", "--dir", name],
    ] {
        shown(&sandbox, args);
    }
    // A name of a file that is no text.
    shown(&sandbox, &[OsStr::new("validate"), OsStr::from_bytes(b"a\x9b2J\xff\x1b[2J")]);
    // What one's own files say.
    sandbox.write("../home/.config/mlctl/config.yaml", &format!("{}: 1\n", quoted(HOSTILE)));
    shown(&sandbox, &["list"]);
    shown(&sandbox, &["doctor", "--runtime", "local"]);
}

/// A server that answers every request with an error of an attacker's words.
fn server() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            std::thread::spawn(move || {
                let mut request = [0; 4096];
                let _ = stream.read(&mut request);
                let body = serde_json::json!({
                    "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
                    "message": HOSTILE, "reason": HOSTILE, "code": 403,
                    "errors": [{"code": "DENIED", "message": HOSTILE, "detail": HOSTILE}],
                });
                // The same once more without JSON's escapes.
                let body = body.to_string() + if request[0] == b'P' { HOSTILE } else { "" };
                let _ = write!(
                    stream,
                    "HTTP/1.1 403 Forbidden\r\nContent-Type: application/json\r\n\
                     Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
                    body.len()
                );
            });
        }
    });
    port
}

#[test]
fn a_servers_words_move_no_terminal() {
    let sandbox = Sandbox::new();
    let port = server();
    wait_for("the server listens", Duration::from_secs(5), || {
        std::net::TcpStream::connect(("127.0.0.1", port)).is_ok()
    });
    let name = quoted(HOSTILE);
    let kubeconfig = format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: {name}\n\
         clusters: [{{name: {name}, cluster: {{server: 'http://127.0.0.1:{port}'}}}}]\n\
         users: [{{name: {name}, user: {{token: t}}}}]\n\
         contexts: [{{name: {name}, context: {{cluster: {name}, user: {name}, namespace: ml}}}}]\n"
    );
    sandbox.write("../home/kubeconfig", &kubeconfig);
    fs_err::write(
        folder(&sandbox).join("mlctl.yaml"),
        format!(
            "apiVersion: mlctl.dev/v1\nkind: TrainJob\nname: far\nimage: 127.0.0.1:{port}/x:1\n\
             args: {{a: 1}}\n"
        ),
    )
    .expect("spec");
    for args in [
        &["list", "--all-users", "--runtime", "kubernetes"][..],
        &["gpus", "--runtime", "kubernetes"],
        &["cost", "--all-users", "--runtime", "kubernetes"],
        &["cleanup", "--dry-run", "--runtime", "kubernetes"],
        &["doctor", "--runtime", "kubernetes", "--no-pod"],
        &["train", "--runtime", "kubernetes", "--dry-run"],
        &["list", "--all-users", "--context", "other"],
        &["render"],
    ] {
        let text = shown(&sandbox, args);
        let quotes = text.contains(r"\x1b") || args[0] == "train";
        assert!(quotes, "{args:?} told nothing of it: {text}");
    }
}

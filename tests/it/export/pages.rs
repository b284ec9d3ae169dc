//! `mlctl web`: a folder for this machine's browsers.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::symlink;
use std::process::Stdio;

use crate::support::{Sandbox, stderr};

fn ask(address: &str, path: &str, host: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn a_folder_is_served_to_this_machine_until_somebody_ends_it() {
    let sandbox = Sandbox::new();
    sandbox.write("secret", "hidden");
    sandbox.write("site/index.html", "<p>hello</p>");
    sandbox.write("site/model.wasm", "w");
    symlink("../secret", sandbox.dir().join("site/out")).unwrap();
    let mut command = sandbox.mlctl(["web", "site"]);
    let mut serving = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(serving.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let address = line.trim().trim_start_matches("http://").trim_end_matches('/').to_owned();
    assert!(address.starts_with("127.0.0.1:"), "{line}");
    let page = ask(&address, "/", &address);
    assert!(page.starts_with("HTTP/1.1 200") && page.ends_with("<p>hello</p>"), "{page}");
    let wasm = ask(&address, "/model.wasm", "localhost:1");
    assert!(wasm.contains("content-type: application/wasm"), "{wasm}");
    for (path, host, status) in [
        ("/none", address.as_str(), "404"),
        ("/out", &address, "404"),
        ("/../secret", &address, "404"),
        ("/%2e%2e/secret", &address, "404"),
        ("/", "evil.example:80", "403"),
    ] {
        let answer = ask(&address, path, host);
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{path} {host}: {answer}");
        assert!(!answer.contains("hidden"), "{path}");
    }
    // A second one finds a port of its own, and one that is asked for by its number says that it is taken.
    let port = address.rsplit(':').next().unwrap();
    let taken = sandbox.run(5, ["web", "site", "--port", port]);
    assert!(stderr(&taken).contains("--port names another one"), "{}", stderr(&taken));
    let pid = rustix::process::Pid::from_child(&serving);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    assert_eq!(serving.wait().unwrap().code(), Some(0));
}

#[test]
fn a_folder_without_a_page_gets_a_hint() {
    let sandbox = Sandbox::new();
    sandbox.write("edge/model/pwa/index.html", "x");
    let text = stderr(&sandbox.run(4, ["web", "edge"]));
    assert!(text.contains("the site is in it: mlctl web edge/model/pwa"), "{text}");
    assert!(stderr(&sandbox.run(4, ["web", "nowhere"])).contains("does not exist"));
    assert!(stderr(&sandbox.run(4, ["web"])).contains("--to tfjs --pwa"));
}

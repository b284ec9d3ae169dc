//! Secrets of an endpoint on this machine: of callers, of replicas, and the certificate.

use std::os::unix::fs::PermissionsExt;

use rcgen::{CertifiedKey, generate_simple_self_signed};

use super::support::{ask_once, revision, sandbox, spec, status, undeploy, url};
use crate::support::{Sandbox, stderr, stdout};

/// Writes the secrets file.
fn secrets(sandbox: &Sandbox, text: &str) {
    let file = sandbox.home().join(".config/mlctl/secrets.yaml");
    fs_err::create_dir_all(file.parent().expect("a folder")).expect("a folder");
    fs_err::write(&file, text).expect("the secrets file");
    let mode = std::fs::Permissions::from_mode(0o600);
    fs_err::set_permissions(&file, mode).expect("its mode");
}

fn predict(sandbox: &Sandbox, code: i32, token: &str, more: &[&str]) -> String {
    let args = [&["predict", "sums", "--json", r#"{"x": 1}"#], more].concat();
    let output = sandbox.mlctl(args).env("MLCTL_TOKEN", token).output().expect("mlctl");
    assert_eq!(output.status.code(), Some(code), "{}", stderr(&output));
    stdout(&output)
}

const WITH_SECRETS: &str = "auth: {tokens: [{secretKeyRef: {name: callers, key: token}}]}\n\
    env: [{name: WORD, valueFrom: {secretKeyRef: {name: words, key: first}}}]\n";

/// Another value reaches what serves: tokens at once, variables of replicas by another generation. None of
/// them is written down.
#[test]
fn changed_secrets_reach_an_endpoint() {
    let sandbox = sandbox();
    secrets(&sandbox, "callers: {token: open-1}\nwords: {first: factor=4}\n");
    spec(&sandbox, &[("v1", "$(WORD)", "")], WITH_SECRETS);
    sandbox.run(0, ["serve"]);
    assert!(predict(&sandbox, 0, "open-1", &[]).contains(r#""y": 4.0"#));
    secrets(&sandbox, "callers: {token: open-2}\nwords: {first: factor=4}\n");
    let said = stderr(&sandbox.run(0, ["serve", "--yes"]));
    assert!(said.contains("the tokens of callers changes"), "{said}");
    predict(&sandbox, 0, "open-2", &[]);
    assert_ne!(predict(&sandbox, 0, "open-2", &["--revision", "v1"]), "");
    secrets(&sandbox, "callers: {token: open-2}\nwords: {first: factor=5}\n");
    let said = stderr(&sandbox.run(0, ["serve", "--yes"]));
    assert!(said.contains("a secret changed"), "{said}");
    assert_eq!(revision(&status(&sandbox), "v1.2")["weight"], 100);
    assert!(predict(&sandbox, 0, "open-2", &[]).contains(r#""y": 5.0"#));
    // A variable of this shell doesn't reach what runs, and that is said.
    let args = ["serve", "--yes"];
    let mut serve = sandbox.mlctl(args);
    let output = serve.env("MLCTL_SECRET_WORDS_FIRST", "factor=7").output().expect("mlctl");
    assert_eq!(output.status.code(), Some(5));
    let said = stderr(&output);
    assert!(said.contains("MLCTL_SECRET_WORDS_FIRST") && said.contains("secrets.yaml"), "{said}");
    let folder = sandbox.state().join("endpoints");
    for entry in walk(&folder) {
        let text = fs_err::read(&entry).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        for secret in ["open-1", "open-2", "factor=4", "factor=5"] {
            assert!(!text.contains(secret), "{}", entry.display());
        }
    }
    undeploy(&sandbox);
}

fn walk(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let mut files = Vec::new();
    for entry in fs_err::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() { files.extend(walk(&path)) } else { files.push(path) }
    }
    files
}

/// The secrets file with a certificate for these names.
fn certify(sandbox: &Sandbox, names: &[&str]) -> String {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(names).expect("one");
    let indented = |text: &str| text.replace('\n', "\n    ");
    let (chain, key) = (indented(&cert.pem()), indented(&signing_key.serialize_pem()));
    secrets(sandbox, &format!("cert:\n  tls.crt: |\n    {chain}\n  tls.key: |\n    {key}\n"));
    cert.pem()
}

/// An endpoint with a certificate is encrypted, predict trusts that one by the endpoint's name and others by
/// --ca, and another certificate takes its place while it serves.
#[test]
fn a_certificate_encrypts_an_endpoint() {
    let sandbox = sandbox();
    spec(&sandbox, &[("v1", "", "")], "tls: {secret: cert}\n");
    let missing = stderr(&sandbox.run(5, ["serve"]));
    assert!(missing.contains("tls.secret: key tls.crt of secret cert is not known"), "{missing}");
    let first = certify(&sandbox, &["localhost"]);
    let said = stderr(&sandbox.run(0, ["serve"]));
    let at = url(&sandbox);
    assert!(at.starts_with("https://localhost:"), "{at}");
    assert!(said.contains("curl --cacert ") && said.contains(&at), "{said}");
    assert!(predict(&sandbox, 0, "", &[]).contains(r#""y": 2.0"#));
    let file = sandbox.write("ca.pem", &first);
    let ca = file.to_str().expect("a path");
    let by_url = |code: i32, more: &[&str]| {
        let route = format!("{at}/predict");
        let args = [&["predict", &route, "--protocol", "vertex", "--json", r#"{"x": 1}"#], more];
        stderr(&sandbox.run(code, args.concat()))
    };
    by_url(0, &["--ca", ca]);
    assert!(by_url(6, &[]).contains("certificate"));
    let second = certify(&sandbox, &["models.example.com"]);
    let said = stderr(&sandbox.run(0, ["serve", "--yes"]));
    assert!(said.contains("the certificate changes"), "{said}");
    assert!(predict(&sandbox, 0, "", &[]).contains(r#""y": 2.0"#));
    by_url(6, &["--ca", ca]);
    sandbox.write("ca.pem", &second);
    by_url(0, &["--ca", ca]);
    spec(&sandbox, &[("v1", "", "")], "");
    let said = stderr(&sandbox.run(5, ["serve", "--yes"]));
    assert!(said.contains("serves with encryption, and can't go on without it"), "{said}");
    for entry in walk(&sandbox.state()) {
        let text = fs_err::read(&entry).unwrap_or_default();
        assert!(!String::from_utf8_lossy(&text).contains("PRIVATE KEY"), "{}", entry.display());
    }
    assert!(ask_once(&at.replace("https:", "http:"), None).is_err());
    undeploy(&sandbox);
}

//! Credentials in a file, whatever its name.

use std::path::Path;

use super::credentials::{ends_as_key, is_perhaps_key};
use super::left::Why;

/// How every private key begins that is written as text.
const BEGIN: &str = "-----BEGIN";

/// What in a file are credentials, whatever its name: a private key, also within JSON, a Secret of
/// Kubernetes with its values, or the token of a registry of packages.
pub(super) fn holds_credentials(bytes: &[u8]) -> Option<Why> {
    let text = String::from_utf8_lossy(bytes);
    if has_private_key(&text) {
        Some(Why::PrivateKey)
    } else if has_secret(&text) {
        Some(Why::Secret)
    } else if has_registry_token(&text) {
        Some(Why::Credentials)
    } else {
        None
    }
}

/// A file with the name of a private key or certificate is a key: it has the header of one, whatever
/// is behind that, or it is a binary file whose name says so.
pub(super) fn is_key(path: &Path, bytes: &[u8]) -> bool {
    is_perhaps_key(path)
        && (key_headers(&String::from_utf8_lossy(bytes)).next().is_some()
            || ends_as_key(path) && (bytes.contains(&0) || std::str::from_utf8(bytes).is_err()))
}

/// `//registry.example/:_authToken=x` of npm, `npmAuthToken: x` of yarn. A reference to a variable is
/// no token.
fn has_registry_token(text: &str) -> bool {
    const NAMES: [&str; 4] = [":_authToken=", ":_auth=", ":_password=", "npmAuthToken:"];
    text.lines().any(|line| {
        let line = line.trim();
        let value = NAMES.iter().find_map(|name| {
            let (before, value) = line.split_once(name)?;
            (before.starts_with("//") || before.is_empty()).then_some(value)
        });
        value.is_some_and(|value| {
            let value = value.trim().trim_matches(['"', '\'']);
            !value.is_empty() && !value.starts_with('$')
        })
    })
}

/// What follows on each header of a private key.
fn key_headers(text: &str) -> impl Iterator<Item = &str> {
    text.match_indices(BEGIN).filter_map(|(at, _)| {
        let (kind, rest) = text[at + BEGIN.len()..].split_once("-----")?;
        (kind.len() <= 40 && kind.contains("PRIVATE KEY")).then_some(rest)
    })
}

/// A header of a private key with a key behind it: code that only speaks of such headers has none.
fn has_private_key(text: &str) -> bool {
    key_headers(text).any(|mut rest| {
        // Line ends may be escaped, as in JSON, and old formats have headers of their own.
        let skipped = |text: &str| {
            ["\\r", "\\n", "\\t", "\\\"", "\"", "'", "+", ",", "\r", "\n", " ", "\t", "\u{0}", "\\"]
                .iter()
                .find(|skip| text.starts_with(**skip))
                .map(|skip| skip.len())
        };
        while let Some(length) = skipped(rest) {
            rest = &rest[length..];
        }
        let is_key = |c: char| c.is_ascii_alphanumeric() || "+/=".contains(c);
        let length = rest.find(|c: char| !is_key(c)).unwrap_or(rest.len());
        length >= 24
            || ["Proc-Type", "DEK-Info", "Version:", "Comment:"]
                .iter()
                .any(|old| rest.starts_with(old))
    })
}

/// A manifest of a Secret that has values, in YAML or JSON.
fn has_secret(text: &str) -> bool {
    let has = |wanted: &[&str]| {
        text.lines().any(|line| {
            let line: String =
                line.chars().filter(|c| !c.is_whitespace() && !"\"'".contains(*c)).collect();
            let line = line.trim_start_matches(['-', '{']);
            wanted.iter().any(|wanted| {
                line.match_indices(wanted).any(|(at, _)| {
                    let before = at == 0 || line[..at].ends_with([',', '{']);
                    let rest = &line[at + wanted.len()..];
                    before
                        && (wanted.ends_with(':')
                            || rest.is_empty()
                            || rest.starts_with([',', '}', '#']))
                })
            })
        })
    };
    text.contains("Secret") && has(&["kind:Secret"]) && has(&["data:", "stringData:"])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_told_from_certificates_by_what_is_in_them() {
        let certificate = b"-----BEGIN CERTIFICATE-----\nMIIE\n-----END CERTIFICATE-----\n";
        for name in ["ca.pem", "fullchain.pem", "ca.crt", "ca.cer", "ca.key"] {
            assert!(!is_key(Path::new(name), certificate), "{name}");
            for kind in ["", "RSA ", "EC ", "ENCRYPTED ", "OPENSSH "] {
                let text = format!("-----BEGIN {kind}PRIVATE KEY-----\nx\n");
                assert!(is_key(Path::new(name), text.as_bytes()), "{name}: {kind}");
            }
        }
        assert!(!is_key(Path::new("public.pem"), b"-----BEGIN PUBLIC KEY-----\nMIIE\n"));
        assert!(!is_key(Path::new("piano.key"), b"C sharp minor\n"));
        for name in ["a.key", "A.KEY", "a.key.bak"] {
            assert!(is_key(Path::new(name), b"\x30\x82\x04\xa4\x02\x01\x00"), "{name}");
        }
        assert!(!is_key(Path::new("ca.crt"), b"\x30\x82\x04\xa4\x30\x82"));
        assert!(!is_key(Path::new("keys.py"), b"'-----BEGIN PRIVATE KEY-----'"));
    }

    #[test]
    fn contents() {
        let key = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASC";
        for text in [
            format!("-----BEGIN PRIVATE KEY-----\n{key}\n"),
            format!("x\r\n-----BEGIN RSA PRIVATE KEY-----\r\nProc-Type: 4,ENCRYPTED\r\n\r\n{key}"),
            format!("-----BEGIN OPENSSH PRIVATE KEY-----\n{key}"),
            format!(
                "{{\"type\": \"service_account\", \"private_key\": \"-----BEGIN PRIVATE KEY-----\\n{key}\\n\"}}"
            ),
            format!("K = (\n    '-----BEGIN PRIVATE KEY-----\\n'\n    '{key}'\n)\n"),
            format!("key: |\n    -----BEGIN EC PRIVATE KEY-----\n    {key}\n"),
            "-----BEGIN PGP PRIVATE KEY BLOCK-----\nVersion: 1\n".to_owned(),
        ] {
            assert_eq!(holds_credentials(text.as_bytes()), Some(Why::PrivateKey), "{text}");
        }
        for text in [
            "if \"-----BEGIN PRIVATE KEY-----\" in text:",
            "-----BEGIN CERTIFICATE-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC\n",
            "-----BEGIN PUBLIC KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC\n",
            "kind: Secret\n",
            "kind: SecretStore\ndata: {}\n",
            "secretKind:Secret data:",
        ] {
            assert_eq!(holds_credentials(text.as_bytes()), None, "{text}");
        }
        assert_eq!(holds_credentials(b"//r.example/:_authToken=abc\n"), Some(Why::Credentials));
        assert_eq!(holds_credentials(b"//r.example/:_authToken=${NPM_TOKEN}\n"), None);
        for text in [
            "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\ndata:\n  token: eA==\n",
            "{\"apiVersion\": \"v1\", \"kind\": \"Secret\", \"data\": {\"a\": \"eA==\"}}",
            "items:\n- kind: Secret\n  stringData: {a: b}\n",
            "{\n  \"kind\": \"Secret\",\n  \"data\": {\"a\": \"eA==\"}\n}",
        ] {
            assert_eq!(holds_credentials(text.as_bytes()), Some(Why::Secret), "{text}");
        }
    }
}

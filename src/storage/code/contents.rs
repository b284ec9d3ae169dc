//! Credentials in a file, whatever its name.

use super::walk::Why;

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

/// A header of a private key with a key behind it: code that only speaks of such headers has none.
fn has_private_key(text: &str) -> bool {
    text.match_indices(BEGIN).any(|(at, _)| {
        let header = &text[at + BEGIN.len()..];
        let Some(end) = header.find("-----") else { return false };
        let kind = &header[..end];
        if kind.len() > 40 || !kind.contains("PRIVATE KEY") {
            return false;
        }
        let mut rest = &header[end + 5..];
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

//! The configuration as a document.

use crate::{RouterConfig, TokenHash};

/// Every field, as others write it.
const WHOLE: &str = r#"{
  "schemaVersion": 1, "endpoint": "digits",
  "revisions": [
    {"name": "v1", "weight": 90, "version": 1, "models": ["digits"], "hold": true,
     "routes": {"predict": "/v1/models/digits:predict"}, "maxConcurrency": 8,
     "replicas": [{"id": "v1-0", "address": "127.0.0.1:8501", "grpcAddress": "127.0.0.1:8500"}]},
    {"name": "v2", "weight": 10, "hold": false, "routes": {}, "replicas": []}
  ],
  "sticky": {"header": "x-user"},
  "assignment": [{"revision": "v1", "length": 4294967296}],
  "shadow": {"revision": "v2", "percent": 12.5},
  "limits": {"timeoutMillis": 1000, "idleTimeoutMillis": 2000, "headerTimeoutMillis": 3000,
    "maxInFlight": 10, "queue": 5, "maxBody": 1000, "maxHeaders": 8192, "maxConnections": 7},
  "retries": {"attempts": 2, "percent": 10, "maxBody": 1024},
  "auth": ["9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"],
  "log": {"sample": 0.5, "maxBody": 100}, "accessLog": true
}"#;

#[test]
fn every_field_has_the_name_that_others_write() {
    let config = RouterConfig::parse(WHOLE.as_bytes()).unwrap();
    let given: serde_json::Value = serde_json::from_str(WHOLE).unwrap();
    assert_eq!(serde_json::to_value(&config).unwrap(), given);
    assert!(config.auth[0].matches(&TokenHash::of(b"test")));
    assert!(!config.auth[0].matches(&TokenHash::of(b"other")));
}

#[test]
fn what_is_not_known_is_refused() {
    let error = RouterConfig::parse(br#"{"schemaVersion":1,"endpoint":"e","revisions":[],"x":1}"#);
    assert!(error.unwrap_err().to_string().contains("unknown field `x`"));
}

#[test]
fn all_faults_come_at_once() {
    let text = r#"{"schemaVersion": 2, "endpoint": "e",
        "revisions": [{"name": "a b"}, {"name": "a", "maxConcurrency": 0}, {"name": "a",
          "routes": {"predict": "no path"},
          "replicas": [{"id": "x", "address": "127.0.0.1:1"}, {"id": "x", "address": "127.0.0.1:2"}]}],
        "sticky": {"cookie": "a;b"}, "shadow": {"revision": "none", "percent": 101},
        "log": {"sample": 2}, "retries": {"attempts": 0}, "limits": {"timeoutMillis": 0,
          "maxInFlight": 0, "maxHeaders": 1}}"#;
    let faults = RouterConfig::parse(text.as_bytes()).unwrap_err().0;
    let at: Vec<&str> = faults.iter().map(|fault| fault.at.as_str()).collect();
    assert_eq!(
        at,
        [
            "schemaVersion",
            "revisions[0].name",
            "revisions[1].maxConcurrency",
            "revisions[2].name",
            "revisions[2].routes.predict",
            "revisions[2].replicas",
            "sticky.cookie",
            "shadow.revision",
            "shadow.percent",
            "log.sample",
            "retries.attempts",
            "limits.timeoutMillis",
            "limits.maxInFlight",
            "limits.maxHeaders",
        ]
    );
}

#[test]
fn a_hash_is_sixty_four_digits() {
    for text in ["", "9f", &"9".repeat(63), &"9".repeat(65), &"g".repeat(64)] {
        assert!(text.parse::<TokenHash>().is_err(), "{text}");
    }
}

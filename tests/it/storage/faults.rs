//! A store that resets, stalls, answers short, with 500, 503 and 409, loses the answer to a conditional
//! put, and lets nobody in whose credentials have expired.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use mlctl::storage::{Place, Put, StorageConfig, StorageErrorKind, Stores};

use crate::support::faults::{Fault, Faults};
use crate::support::stores::{Moto, S3, s3_env};
use crate::support::{on_runtime, wait_for};

/// Seconds for which the credentials of a program are valid, less the time by which they are renewed
/// early.
const LIFE: i64 = 2;

fn stores(proxy: &Faults) -> Stores {
    Stores::new(StorageConfig { env: s3_env(&proxy.endpoint()), ..StorageConfig::default() })
}

fn method(head: &str) -> &str {
    head.split(' ').next().unwrap_or_default()
}

#[test]
fn a_conditional_put_knows_who_wrote_whatever_its_answer_was() {
    for fault in [
        Fault::LoseAnswer,
        Fault::Truncate,
        Fault::Reset,
        Fault::Status(409),
        Fault::Status(500),
        Fault::Status(503),
    ] {
        let server = S3::start();
        let mut left = 1;
        let proxy = Faults::start(server.port, move |head| {
            if method(head) == "PUT" && left > 0 {
                left -= 1;
                return fault;
            }
            Fault::None
        });
        let marker = Place::from("s3://bucket/marker.json");
        let through = stores(&proxy);
        let first = on_runtime(through.put_if_absent(&marker, "one"));
        assert_eq!(first.unwrap(), Put::Created, "{fault:?}");
        let second = on_runtime(through.put_if_absent(&marker, "two"));
        assert_eq!(second.unwrap(), Put::Exists, "{fault:?}");
        let (_, there) = on_runtime(server.stores().read(&marker, 10)).unwrap();
        assert_eq!(there, "one", "{fault:?}");
    }
}

#[test]
fn a_store_that_stalls_is_asked_again() {
    let server = S3::start();
    let mut seen = BTreeSet::new();
    let proxy = Faults::start(server.port, move |head| match method(head) {
        method @ ("GET" | "PUT") if seen.insert(method.to_owned()) => Fault::Stall,
        _ => Fault::None,
    });
    let through = stores(&proxy);
    let marker = Place::from("s3://bucket/marker.json");
    assert_eq!(on_runtime(through.put_if_absent(&marker, "one")).unwrap(), Put::Created);
    assert_eq!(on_runtime(through.read(&marker, 10)).unwrap().1, "one");
}

/// Credentials of a program live for seconds here, and what is asked with older ones is refused.
#[test]
fn credentials_that_expire_in_the_middle_are_renewed() {
    // Versitygw knows no session tokens.
    let server = Moto::start();
    let folder = tempfile::tempdir().unwrap();
    let mut env = s3_env("");
    let (user, secret) = (env.remove("AWS_ACCESS_KEY_ID"), env.remove("AWS_SECRET_ACCESS_KEY"));
    let script = format!(
        "now=$(date +%s)\nend=$(date -u -d @$((now + {LIFE} + 300)) +%Y-%m-%dT%H:%M:%SZ)\nprintf \
         '{{\"Version\":1,\"AccessKeyId\":\"{}\",\"SecretAccessKey\":\"{}\",\"SessionToken\":\"%s\",\
         \"Expiration\":\"%s\"}}' $now $end\n",
        user.unwrap(),
        secret.unwrap()
    );
    let program = folder.path().join("credentials.sh");
    fs_err::write(&program, script).unwrap();
    let config = folder.path().join("config");
    let process = format!("[default]\ncredential_process = sh {}\n", program.display());
    fs_err::write(&config, process).unwrap();
    let tokens = Arc::new(Mutex::new(BTreeSet::new()));
    let told = Arc::clone(&tokens);
    let proxy = Faults::start(server.port, move |head| {
        let head = head.to_lowercase();
        let token =
            head.split_once("x-amz-security-token: ").and_then(|(_, rest)| rest.lines().next());
        let Some(token) = token.and_then(|token| token.trim().parse::<i64>().ok()) else {
            return Fault::Status(403);
        };
        told.lock().unwrap().insert(token);
        let age = jiff::Timestamp::now().as_second() - token;
        if age > LIFE + 1 { Fault::Status(403) } else { Fault::None }
    });
    env.insert("AWS_ENDPOINT_URL_S3".into(), proxy.endpoint());
    env.insert("AWS_CONFIG_FILE".into(), config.display().to_string());
    env.insert("PATH".into(), std::env::var("PATH").unwrap());
    let through = Stores::new(StorageConfig { env, ..StorageConfig::default() });
    let place = Place::from("s3://bucket/x");
    wait_for("they are renewed", Duration::from_mins(1), || {
        on_runtime(through.put(&place, "x")).unwrap();
        on_runtime(through.read(&place, 10)).unwrap();
        tokens.lock().unwrap().len() >= 3
    });
}

#[test]
fn reads_and_uploads_outlive_every_fault_that_passes() {
    let server = S3::start();
    let content: Vec<u8> = (0..20_000_000_u32).map(|n| (n % 241) as u8).collect();
    // Every kind of request fails in three ways, one after the other.
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let proxy = Faults::start(server.port, move |head| {
        let count = seen.entry(method(head).to_owned()).or_default();
        *count += 1;
        match (*count, method(head)) {
            (1, _) => Fault::Status(503),
            (2, "GET" | "HEAD") => Fault::Reset,
            (3, "GET") => Fault::Truncate,
            (4, _) => Fault::Status(500),
            _ => Fault::None,
        }
    });
    let through = stores(&proxy);
    let place = Place::from("s3://bucket/large.bin");
    on_runtime(async {
        let mut upload = through.upload(&place).await.unwrap();
        upload.write(content.clone()).await.unwrap();
        let entry = upload.finish().await.unwrap();
        assert_eq!(through.list(&"s3://bucket/".into()).await.unwrap().len(), 1);
        let read = through.read_range(&entry, 1..entry.size).await.unwrap();
        assert!(read == content[1..], "what was written");
    });
}

#[test]
fn an_upload_that_fails_leaves_nothing() {
    let server = S3::start();
    let mut parts = 0;
    let proxy = Faults::start(server.port, move |head| {
        parts += usize::from(head.contains("partNumber="));
        if head.contains("partNumber=") && parts > 1 { Fault::Status(403) } else { Fault::None }
    });
    let place = Place::from("s3://bucket/large.bin");
    let chunk = vec![7; 9 << 20];
    on_runtime(async {
        let stores = stores(&proxy);
        let mut upload = stores.upload(&place).await.unwrap();
        let mut error = None;
        for _ in 0..8 {
            if let Err(failed) = upload.write(chunk.clone()).await {
                error = Some(failed);
                break;
            }
        }
        let error = match error {
            Some(error) => error,
            None => upload.finish().await.unwrap_err(),
        };
        assert_eq!(error.kind, StorageErrorKind::Denied, "{error}");
        let text = error.to_string();
        assert!(text.contains("s3:PutObject on arn:aws:s3:::bucket/large.bin"), "{text}");
        assert_eq!(server.stores().list(&"s3://bucket/".into()).await.unwrap(), []);
    });
    let find = std::process::Command::new("find")
        .arg(server.files("bucket"))
        .args(["-type", "f", "-size", "+1k"])
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&find.stdout), "", "parts that were stored");
}

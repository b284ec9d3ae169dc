//! Pushes at once, and pushes that are killed.

use std::process::{Child, Stdio};
use std::time::{Duration, SystemTime};

use super::{document, saved_model, versions};
use crate::support::stores::S3;
use crate::support::{Sandbox, kill, wait_for};

#[test]
fn pushes_at_once_from_several_processes_get_a_version_each() {
    let server = S3::start();
    let sandbox = Sandbox::new();
    saved_model(&sandbox, "one", "weights");
    for place in ["models", "s3://bucket/models"] {
        let pushes: Vec<Child> = (0..4)
            .map(|_| {
                let args = ["models", "push", "./one", "digits", "--registry", place];
                let mut push = sandbox.mlctl(args);
                push.envs(server.env()).stdout(Stdio::null()).spawn().expect("it starts")
            })
            .collect();
        for mut push in pushes {
            assert!(push.wait().expect("it ends").success(), "{place}");
        }
    }
    assert_eq!(versions_in(&sandbox, "models"), [1, 2, 3, 4]);
    let mut list = sandbox.mlctl([
        "models",
        "show",
        "digits",
        "--registry",
        "s3://bucket/models",
        "-o",
        "json",
    ]);
    let list = list.envs(server.env()).output().expect("it starts");
    let list: serde_json::Value = serde_json::from_slice(&list.stdout).expect("JSON");
    assert_eq!(list["versions"].as_array().expect("versions").len(), 4);
    let base = server.files("bucket").join("models/digits");
    for version in 1..=4 {
        assert!(base.join(version.to_string()).join("saved_model.pb").exists());
    }
    assert!(!base.join("_mlctl/staging").exists() || is_empty(&base.join("_mlctl/staging")));
}

#[test]
fn a_killed_push_is_never_seen_and_the_next_one_cleans_up() {
    let sandbox = Sandbox::new();
    saved_model(&sandbox, "one", "weights");
    // Large enough to be met halfway.
    let large = sandbox.write("one/variables/large", "");
    fs_err::File::create(&large).unwrap().set_len(1 << 30).unwrap();
    let own = sandbox.state().join("models/digits/_mlctl");
    let mut push = sandbox.mlctl(["models", "push", "./one", "digits"]);
    let mut push = push.stdout(Stdio::null()).spawn().expect("it starts");
    wait_for("something is staged", Duration::from_secs(60), || own.join("staging").exists());
    kill(push.id() as i32);
    push.wait().expect("it ends");
    assert!(!sandbox.state().join("models/digits/1").exists());
    fs_err::remove_file(&large).unwrap();

    // It may still live as far as anybody can know: nothing of it is touched, and nothing shown.
    assert_eq!(document(&sandbox, &["push", "./one", "digits"])["version"], 2);
    assert_eq!(versions(&sandbox, "digits"), [2]);
    assert!(!is_empty(&own.join("staging")));

    // Its lease is over.
    let old = SystemTime::now() - Duration::from_secs(3600);
    let claim = fs_err::File::options().write(true).open(own.join("claims/1.json")).unwrap();
    claim.file().set_modified(old).unwrap();
    assert_eq!(document(&sandbox, &["push", "./one", "digits"])["version"], 3);
    assert_eq!(versions(&sandbox, "digits"), [2, 3]);
    assert!(is_empty(&own.join("staging")) && is_empty(&own.join("claims")));
}

fn versions_in(sandbox: &Sandbox, registry: &str) -> Vec<u64> {
    let document = document(sandbox, &["show", "digits", "--registry", registry]);
    let versions = document["versions"].as_array().expect("versions");
    versions.iter().map(|version| version["version"].as_u64().unwrap()).collect()
}

fn is_empty(folder: &std::path::Path) -> bool {
    fs_err::read_dir(folder).map_or(true, |mut entries| entries.next().is_none())
}

//! What is only read: web servers and hubs of models.

use mlctl::storage::{Place, StorageConfig, StorageErrorKind, Stores};

use crate::support::on_runtime;
use crate::support::stores::Web;

/// Two commits of a repository, as their hashes look.
const OLD: &str = "0123456789abcdef0123456789abcdef01234567";
const NEW: &str = "89abcdef0123456789abcdef0123456789abcdef";

#[test]
fn ranges_of_a_web_server_are_of_the_version_that_was_asked_for() {
    let (server, stores) = (Web::start(None), Stores::new(StorageConfig::default()));
    server.write("www/a b/rows.jsonl", "0123456789");
    let place = Place::from(format!("{}/www/a%20b/rows.jsonl", server.endpoint()));
    let entry = on_runtime(stores.head(&place)).unwrap();
    assert!(entry.size == 10 && entry.etag.is_some(), "{entry:?}");
    assert_eq!(on_runtime(stores.list(&place)).unwrap(), std::slice::from_ref(&entry));
    assert_eq!(on_runtime(stores.read_range(&entry, 3..6)).unwrap(), "345");
    assert_eq!(on_runtime(stores.read_range(&entry, 9..10)).unwrap(), "9");
    server.write("www/a b/rows.jsonl", "abcdefghij");
    let error = on_runtime(stores.read_range(&entry, 3..6)).unwrap_err();
    assert_eq!(error.kind, StorageErrorKind::Changed, "{error}");
    server.write("www/a b/rows.jsonl", "");
    let (entry, bytes) = on_runtime(stores.read(&place, 0)).unwrap();
    assert_eq!((entry.size, bytes.len()), (0, 0));
    let none = Place::from(format!("{}/www/none", server.endpoint()));
    assert_eq!(on_runtime(stores.list(&none)).unwrap(), []);
    let error = on_runtime(stores.put(&none, "x")).unwrap_err();
    assert_eq!(error.kind, StorageErrorKind::Unsupported, "{error}");
    // A server that knows neither HEAD nor ranges nor tags.
    server.write("www/old", "0123456789");
    let old = Place::from(format!("{}/old/old", server.endpoint()));
    let entry = on_runtime(stores.head(&old)).unwrap();
    assert_eq!((entry.size, &entry.etag), (10, &None));
    assert_eq!(on_runtime(stores.read_range(&entry, 3..6)).unwrap(), "345");
}

#[test]
fn a_revision_of_a_hub_is_the_commit_that_it_was() {
    let server = Web::start(Some("hf_of_the_tests"));
    for (commit, text) in [(OLD, "old"), (NEW, "newer")] {
        server.write(&format!("hub/org/name/{commit}/data/a b#1.txt"), text);
        server.write(&format!("hub/org/name/{commit}/data/x/deep.txt"), text);
        server.write(&format!("hub/org/name/{commit}/config.json"), "{}");
    }
    server.write("hub/org/name/refs/main", OLD);
    server.write("hub/org/name/refs/refs-pr-1", NEW);
    let stores = server.stores();
    let list = |stores: &Stores, text: &str| {
        let listed = on_runtime(stores.list(&text.into())).unwrap();
        listed.into_iter().map(|entry| entry.place.as_str().to_owned()).collect::<Vec<_>>()
    };
    let at = |path: &str| format!("hf://org/name/{path}");
    assert_eq!(list(&stores, "hf://org/name/data/*.txt"), [at("data/a b#1.txt")]);
    assert_eq!(
        list(&stores, "hf://org/name"),
        [at("config.json"), at("data/a b#1.txt"), at("data/x/deep.txt")]
    );
    assert_eq!(list(&stores, "hf://org/name/none/*"), Vec::<String>::new());
    let place: Place = "hf://org/name/data/a b#1.txt".into();
    let (entry, text) = on_runtime(stores.read(&place, 10)).unwrap();
    assert_eq!((entry.etag.as_deref(), &text[..]), (Some(OLD), &b"old"[..]));
    // The branch moves on, and these stores stay with what they began with.
    server.write("hub/org/name/refs/main", NEW);
    assert_eq!(on_runtime(stores.read(&place, 10)).unwrap().1, "old");
    let later = server.stores();
    assert_eq!(on_runtime(later.read(&place, 10)).unwrap().1, "newer");
    let error = on_runtime(later.read_range(&entry, 0..3)).unwrap_err();
    assert_eq!(error.kind, StorageErrorKind::Changed, "{error}");
    let pull = "hf://org/name@refs%2Fpr%2F1/data/a b#1.txt".into();
    assert_eq!(on_runtime(later.read(&pull, 10)).unwrap().1, "newer");
    // Without the token it is as if it were not there.
    let mut env = server.env();
    env.remove("HF_TOKEN");
    let nobody = Stores::new(StorageConfig { env, ..StorageConfig::default() });
    let error = on_runtime(nobody.read(&place, 10)).unwrap_err();
    assert_eq!(error.kind, StorageErrorKind::Denied, "{error}");
    assert!(error.to_string().contains("HF_TOKEN"), "{error}");
}

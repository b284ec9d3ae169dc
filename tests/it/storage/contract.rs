//! What every store does alike.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use mlctl::storage::{NoProgress, Place, Progress, Put, StorageErrorKind, Stores};

/// Holds a store, of which `base` is an empty folder that ends with `/`, to the contract.
pub async fn holds(stores: &Stores, base: &str) {
    let place = |name: &str| Place::from(format!("{base}{name}"));
    names(stores, base).await;
    ranges(stores, &place("ranges.bin")).await;
    conditions(stores, &place("marker.json")).await;
    parts(stores, &place("large.bin")).await;
    told(stores, &place("told.bin")).await;
    patterns(stores, base).await;
    files(stores, base).await;
}

/// Keys are exact, listings are sorted, what isn't there is empty.
async fn names(stores: &Stores, base: &str) {
    let names = ["a b", "a#b", "a%20b", "a&<b>", "a+b", "a=b", "ü/ñ", "a*b", "zz"];
    for name in names {
        let place = format!("{base}names/{name}").as_str().into();
        stores.put(&place, name.as_bytes().to_vec()).await.unwrap();
    }
    let listed = stores.list(&format!("{base}names/").as_str().into()).await.unwrap();
    let mut sorted = names.map(|name| format!("{base}names/{name}"));
    sorted.sort();
    assert_eq!(listed.iter().map(|entry| entry.place.as_str()).collect::<Vec<_>>(), sorted);
    for entry in &listed {
        let (head, bytes) = stores.read(&entry.place, 100).await.unwrap();
        assert!(entry.place.as_str().ends_with(std::str::from_utf8(&bytes).unwrap()));
        assert_eq!((&head.etag, head.size), (&entry.etag, entry.size));
    }
    // The object of that very name, not what it matches as a pattern.
    let star = stores.list(&format!("{base}names/a*b").as_str().into()).await.unwrap();
    assert_eq!(star.len(), 1);
    assert_eq!(stores.list(&format!("{base}none").as_str().into()).await.unwrap(), []);
    // A folder is no object, and no name is a part of another.
    let part = stores.list(&format!("{base}name").as_str().into()).await.unwrap();
    assert_eq!(part, []);
    let folder = stores.head(&format!("{base}names").as_str().into()).await.unwrap_err();
    assert_eq!(folder.kind, StorageErrorKind::NotFound);
    for entry in listed {
        stores.delete(&entry.place).await.unwrap();
        stores.delete(&entry.place).await.unwrap();
    }
    assert_eq!(stores.list(&format!("{base}names/").as_str().into()).await.unwrap(), []);
}

/// Ranges are of the version that was listed.
async fn ranges(stores: &Stores, place: &Place) {
    stores.put(place, &b"0123456789"[..]).await.unwrap();
    let entry = stores.head(place).await.unwrap();
    assert_eq!(stores.read_range(&entry, 3..6).await.unwrap(), "345");
    assert_eq!(stores.read_range(&entry, 9..10).await.unwrap(), "9");
    assert_eq!(stores.read_range(&entry, 4..4).await.unwrap(), "");
    stores.put(place, &b"abcdefghij"[..]).await.unwrap();
    let error = stores.read_range(&entry, 3..6).await.unwrap_err();
    assert_eq!(error.kind, StorageErrorKind::Changed, "{error}");
    let error = stores.read(place, 9).await.unwrap_err();
    assert_eq!(error.kind, StorageErrorKind::TooLarge);
    stores.put(place, &b""[..]).await.unwrap();
    assert_eq!(stores.read(place, 0).await.unwrap().1, "");
}

/// One writer is first, and it alone is told so.
async fn conditions(stores: &Stores, place: &Place) {
    let writers = (0..6).map(|n| stores.put_if_absent(place, format!("writer {n}")));
    let ends = futures::future::join_all(writers).await;
    let created: Vec<usize> = (0..6).filter(|n| matches!(ends[*n], Ok(Put::Created))).collect();
    assert_eq!(created.len(), 1, "{ends:?}");
    assert!(ends.iter().all(Result::is_ok), "{ends:?}");
    let (_, there) = stores.read(place, 100).await.unwrap();
    assert_eq!(there, format!("writer {}", created[0]));
    let again = stores.put_if_absent(place, format!("writer {}", created[0])).await.unwrap();
    assert_eq!(again, Put::Created, "a writer whose answer was lost");
    assert_eq!(stores.put_if_absent(place, "short").await.unwrap(), Put::Exists);
}

/// Large objects appear whole or not at all.
async fn parts(stores: &Stores, place: &Place) {
    let chunk: Vec<u8> = (0..3_000_017_u32).map(|n| (n % 251) as u8).collect();
    let mut upload = stores.upload(place).await.unwrap();
    for _ in 0..7 {
        upload.write(chunk.clone()).await.unwrap();
    }
    let size = upload.size();
    assert_eq!(stores.head(place).await.unwrap_err().kind, StorageErrorKind::NotFound);
    let entry = upload.finish().await.unwrap();
    assert_eq!((entry.size, size), (7 * chunk.len() as u64, entry.size));
    let copy = Place::from(format!("{place}.copy"));
    let copied = stores.copy(&entry, &copy).await.unwrap();
    let all = stores.read_range(&copied, 0..copied.size).await.unwrap();
    assert!(all == chunk.repeat(7), "what was written");
    let mut upload = stores.upload(&copy).await.unwrap();
    upload.write(&b"other"[..]).await.unwrap();
    for _ in 0..4 {
        upload.write(chunk.clone()).await.unwrap();
    }
    upload.abort().await;
    assert_eq!(stores.head(&copy).await.unwrap().size, size);
    let mut upload = stores.upload_sized(&copy, Some(7)).await.unwrap();
    upload.write(&b"short"[..]).await.unwrap();
    assert_eq!(upload.finish().await.unwrap_err().kind, StorageErrorKind::Changed);
    let copied = stores.head(&copy).await.unwrap();
    assert_eq!(copied.size, size);
    let moved = Place::from(format!("{place}.moved"));
    stores.put(&moved, &b"replaced"[..]).await.unwrap();
    stores.relocate(&copied, &moved).await.unwrap();
    assert_eq!(stores.head(&moved).await.unwrap().size, size);
    assert_eq!(stores.head(&copy).await.unwrap_err().kind, StorageErrorKind::NotFound);
    let again = stores.relocate(&copied, &moved).await.unwrap_err();
    assert_eq!(again.kind, StorageErrorKind::NotFound, "somebody else was first");
    assert_eq!(stores.head(&moved).await.unwrap().size, size);
}

/// Counts what it is told.
#[derive(Default)]
struct Told {
    expected: AtomicU64,
    moved: AtomicU64,
    arrived: AtomicU64,
}

impl Progress for Told {
    fn expect(&self, bytes: u64, _objects: u64) {
        self.expected.fetch_add(bytes, Relaxed);
    }

    fn moved(&self, bytes: u64) {
        self.moved.fetch_add(bytes, Relaxed);
    }

    fn arrived(&self) {
        self.arrived.fetch_add(1, Relaxed);
    }
}

/// Whoever watches is told of every byte once, and other copies of the stores tell nobody.
async fn told(stores: &Stores, place: &Place) {
    let told = Arc::new(Told::default());
    let watched = stores.watched(Arc::clone(&told) as Arc<dyn Progress>);
    let count = || [&told.expected, &told.moved, &told.arrived].map(|count| count.load(Relaxed));
    let mut upload = watched.upload_sized(place, Some(70_000)).await.unwrap();
    upload.write(vec![1; 50_000]).await.unwrap();
    upload.write(vec![2; 20_000]).await.unwrap();
    assert_eq!(count(), [70_000, 70_000, 0]);
    let entry = upload.finish().await.unwrap();
    assert_eq!(count(), [70_000, 70_000, 1]);
    watched.read_range(&entry, 10..30).await.unwrap();
    stores.read_range(&entry, 0..30).await.unwrap();
    assert_eq!(count(), [70_000, 70_020, 1]);
    stores.delete(place).await.unwrap();
}

/// Patterns match within folders, and `**` across them.
async fn patterns(stores: &Stores, base: &str) {
    for name in ["p/part-1", "p/part-2", "p/x/part-3", "p/x/y/part-4", "p/other", "p2/part-1"] {
        stores.put(&format!("{base}{name}").as_str().into(), &b"1"[..]).await.unwrap();
    }
    for (pattern, names) in [
        ("p/part-*", "p/part-1 p/part-2"),
        ("p/part-?", "p/part-1 p/part-2"),
        ("p/part-[2-9]", "p/part-2"),
        ("p/{other,part-1}", "p/other p/part-1"),
        ("p*/part-1", "p/part-1 p2/part-1"),
        ("p/*/part-*", "p/x/part-3"),
        ("p/**/part-*", "p/part-1 p/part-2 p/x/part-3 p/x/y/part-4"),
        ("p/x/**", "p/x/part-3 p/x/y/part-4"),
        ("p", "p/other p/part-1 p/part-2 p/x/part-3 p/x/y/part-4"),
    ] {
        let listed = stores.list(&format!("{base}{pattern}").as_str().into()).await.unwrap();
        let found: Vec<&str> =
            listed.iter().map(|entry| entry.place.as_str().strip_prefix(base).unwrap()).collect();
        assert_eq!(found.join(" "), names, "{pattern}");
    }
}

/// Files go to a store and come back.
async fn files(stores: &Stores, base: &str) {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    let content: Vec<u8> = (0..20_000_000_u32).map(|n| (n % 253) as u8).collect();
    fs_err::write(&file, &content).unwrap();
    let sent = Place::from(format!("{base}files/sub/one"));
    stores.send_file(&file, &sent, &NoProgress).await.unwrap();
    stores.put(&format!("{base}files/two").as_str().into(), &b"2"[..]).await.unwrap();
    let to = dir.path().join("fetched");
    let folder = format!("{base}files").as_str().into();
    let moved = stores.fetch(&folder, &to, &NoProgress).await.unwrap();
    assert_eq!((moved.objects, moved.bytes), (2, 20_000_001));
    assert!(fs_err::read(to.join("sub/one")).unwrap() == content);
    assert_eq!(fs_err::read(to.join("two")).unwrap(), b"2");
}

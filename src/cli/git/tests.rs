//! What is said of a checkout, held against git itself.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::describe;

struct Checkout {
    _root: tempfile::TempDir,
    dir: PathBuf,
}

fn git(dir: &Path, args: &[&str]) -> String {
    let output = Command::new("git")
        .arg("-C")
        .arg(dir)
        .args(["-c", "user.name=a", "-c", "user.email=a@b", "-c", "protocol.file.allow=always"])
        .args(["-c", "commit.gpgsign=false", "-c", "gc.auto=0"])
        .args(args)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_SYSTEM", "/dev/null")
        .output()
        .unwrap();
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

fn write(dir: &Path, name: &str, text: &str) {
    let path = dir.join(name);
    fs_err::create_dir_all(path.parent().unwrap()).unwrap();
    fs_err::write(path, text).unwrap();
}

impl Checkout {
    fn new(init: &[&str]) -> Self {
        let root = tempfile::tempdir().unwrap();
        let dir = root.path().join("checkout");
        fs_err::create_dir(&dir).unwrap();
        git(&dir, &[&["init", "-q", "-b", "main"], init].concat());
        let made = Self { _root: root, dir };
        made.write("train.py", "print(1)\n");
        made.write("lib/a.py", "a = 1\n");
        made.write("lib-x", "sorts between lib and lib/\n");
        made.write("lib/deep/er/b.py", "b = 1\n");
        made.write(".gitignore", "*.log\n/out/\n!keep.log\n");
        made.write("run.sh", "#!/bin/sh\n");
        made.write("empty", "");
        fs_err::set_permissions(
            made.dir.join("run.sh"),
            std::os::unix::fs::PermissionsExt::from_mode(0o755),
        )
        .unwrap();
        std::os::unix::fs::symlink("train.py", made.dir.join("link")).unwrap();
        made.git(&["add", "-A"]);
        made.git(&["commit", "-qm", "one"]);
        made
    }

    fn write(&self, name: &str, text: &str) {
        write(&self.dir, name, text);
    }

    fn git(&self, args: &[&str]) -> String {
        git(&self.dir, args)
    }

    #[track_caller]
    fn agrees(&self) -> bool {
        agrees(&self.dir)
    }
}

/// Says whether there are changes, as git says it too.
#[track_caller]
fn agrees(dir: &Path) -> bool {
    let found = describe(dir, b"").expect("a commit");
    assert_eq!(found.commit, git(dir, &["rev-parse", "HEAD"]));
    let status = git(dir, &["--no-optional-locks", "status", "--porcelain"]);
    assert_eq!(found.dirty, !status.is_empty(), "git says: {status}");
    found.dirty
}

#[test]
fn every_change_is_seen() {
    let checkout = Checkout::new(&[]);
    assert!(!checkout.agrees());
    let changes: [(&str, &dyn Fn()); 12] = [
        ("content", &|| checkout.write("lib/a.py", "a = 2\n")),
        ("length", &|| checkout.write("lib/a.py", "a = 20\n")),
        ("no longer empty", &|| checkout.write("empty", "x")),
        ("gone", &|| fs_err::remove_file(checkout.dir.join("lib/deep/er/b.py")).unwrap()),
        ("mode", &|| {
            let path = checkout.dir.join("train.py");
            fs_err::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o755))
                .unwrap();
        }),
        ("link", &|| {
            fs_err::remove_file(checkout.dir.join("link")).unwrap();
            std::os::unix::fs::symlink("run.sh", checkout.dir.join("link")).unwrap();
        }),
        ("a link instead", &|| {
            fs_err::remove_file(checkout.dir.join("train.py")).unwrap();
            std::os::unix::fs::symlink("run.sh", checkout.dir.join("train.py")).unwrap();
        }),
        ("a new file", &|| checkout.write("new.py", "")),
        ("a new folder", &|| checkout.write("some/where/new.py", "")),
        ("staged", &|| {
            checkout.write("lib/a.py", "a = 3\n");
            checkout.git(&["add", "-A"]);
        }),
        ("announced", &|| {
            checkout.write("later.py", "x");
            checkout.git(&["add", "-N", "later.py"]);
        }),
        ("staged and taken back in the file", &|| {
            checkout.write("lib/a.py", "a = 3\n");
            checkout.git(&["add", "-A"]);
            checkout.write("lib/a.py", "a = 1\n");
        }),
    ];
    for (what, change) in changes {
        change();
        assert!(checkout.agrees(), "{what}");
        checkout.git(&["reset", "-q", "--hard"]);
        checkout.git(&["clean", "-qfd"]);
        assert!(!checkout.agrees(), "after {what}");
    }
}

#[test]
fn what_is_ignored_is_no_change() {
    let checkout = Checkout::new(&[]);
    checkout.write("a.log", "x");
    checkout.write("lib/b.log", "x");
    checkout.write("out/x", "x");
    checkout.write(".git/info/exclude", "*.tmp\n");
    checkout.write("x.tmp", "x");
    fs_err::create_dir_all(checkout.dir.join("no/thing")).unwrap();
    assert!(!checkout.agrees());
    assert!(!describe(&checkout.dir.join("lib/deep"), b"").unwrap().dirty);
    // Times alone are no change either.
    fs_err::write(checkout.dir.join("train.py"), "print(1)\n").unwrap();
    assert!(!describe(&checkout.dir, b"").unwrap().dirty);
    checkout.write("notes.mine", "x");
    assert!(checkout.agrees());
    assert!(!describe(&checkout.dir, b"*.mine\n").unwrap().dirty);
    checkout.write("lib/keep.log", "x");
    assert!(checkout.agrees());
}

#[test]
fn all_forms_of_a_repository_are_read() {
    // Of many commits that differ little some lie in the pack as differences.
    let checkout = Checkout::new(&[]);
    let body = "words that all messages have in common, so that they are packed well\n".repeat(40);
    for count in 0..12 {
        checkout.write("train.py", &format!("print({count})\n"));
        checkout.git(&["commit", "-qam", &format!("{count}\n\n{body}")]);
    }
    let last = checkout.git(&["rev-parse", "HEAD"]);
    checkout.git(&["gc", "-q", "--aggressive"]);
    checkout.git(&["pack-refs", "--all"]);
    let packs = checkout.dir.join(".git/objects/pack");
    let idx = fs_err::read_dir(&packs).unwrap().map(|entry| entry.unwrap().path());
    let idx =
        idx.into_iter().find(|path| path.extension().is_some_and(|end| end == "idx")).unwrap();
    let listed = checkout.git(&["verify-pack", "-v", idx.to_str().unwrap()]);
    let mut differences = 0;
    for line in listed.lines().filter(|line| line.contains(" commit ")) {
        let words: Vec<&str> = line.split_whitespace().collect();
        differences += usize::from(words.len() > 5);
        checkout.git(&["checkout", "-q", "--detach", words[0]]);
        assert!(!checkout.agrees(), "{line}");
    }
    assert!(differences > 3, "{listed}");
    checkout.git(&["checkout", "-q", "main"]);
    assert!(!checkout.agrees());

    for version in ["2", "3", "4"] {
        checkout.git(&["update-index", "--index-version", version]);
        assert!(!checkout.agrees());
    }
    checkout.git(&["update-index", "--skip-worktree", "empty"]);
    fs_err::remove_file(checkout.dir.join("empty")).unwrap();
    assert!(!checkout.agrees());

    let beside = checkout.dir.with_file_name("beside");
    checkout.git(&["worktree", "add", "-q", beside.to_str().unwrap()]);
    assert!(!agrees(&beside));
    write(&beside, "new", "x");
    assert!(agrees(&beside));

    let shared = checkout.dir.with_file_name("shared");
    checkout.git(&["clone", "-q", "--shared", ".", shared.to_str().unwrap()]);
    assert!(!agrees(&shared));
    assert_eq!(describe(&shared, b"").unwrap().commit, last);

    let shallow = checkout.dir.with_file_name("shallow");
    let url = format!("file://{}", checkout.dir.display());
    checkout.git(&["clone", "-q", "--depth=1", &url, shallow.to_str().unwrap()]);
    assert!(!agrees(&shallow));
    git(&shallow, &["sparse-checkout", "set", "--cone", "--sparse-index", "lib/deep"]);
    assert!(!agrees(&shallow));
}

#[test]
fn longer_hashes_are_read() {
    let checkout = Checkout::new(&["--object-format=sha256"]);
    assert!(!checkout.agrees());
    assert_eq!(describe(&checkout.dir, b"").unwrap().commit.len(), 64);
    checkout.git(&["gc", "-q"]);
    assert!(!checkout.agrees());
    checkout.write("lib/a.py", "a = 2\n");
    assert!(checkout.agrees());
}

#[test]
fn a_submodule_belongs_to_it() {
    let (checkout, part) = (Checkout::new(&[]), Checkout::new(&[]));
    checkout.git(&["submodule", "-q", "add", part.dir.to_str().unwrap(), "part"]);
    checkout.git(&["commit", "-qm", "part"]);
    assert!(!checkout.agrees());
    write(&checkout.dir.join("part"), "train.py", "print(7)\n");
    assert!(checkout.agrees());
    git(&checkout.dir.join("part"), &["commit", "-qam", "more"]);
    assert!(checkout.agrees());
    checkout.git(&["commit", "-qam", "more"]);
    assert!(!checkout.agrees());
    checkout.git(&["submodule", "-q", "deinit", "-f", "part"]);
    assert!(!checkout.agrees());
    // One that nobody has added is a change.
    git(&checkout.dir, &["clone", "-q", part.dir.to_str().unwrap(), "other"]);
    assert!(checkout.agrees());
}

#[test]
fn no_checkout_is_none() {
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(describe(dir.path(), b""), None);
    git(dir.path(), &["init", "-q"]);
    assert_eq!(describe(dir.path(), b""), None, "before the first commit");
    assert_eq!(describe(&dir.path().join("gone"), b""), None);
}

/// Every answer but a crash or an endless wait is right: a checkout may be anybody's.
#[test]
fn no_damage_does_harm() {
    let checkout = Checkout::new(&[]);
    for count in 0..6 {
        checkout.git(&[
            "commit",
            "-q",
            "--allow-empty",
            "-m",
            &format!("{count} {}", "x y ".repeat(99)),
        ]);
    }
    checkout.git(&["gc", "-q", "--aggressive"]);
    let pack = fs_err::read_dir(checkout.dir.join(".git/objects/pack")).unwrap();
    let mut files: Vec<PathBuf> = pack.map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|end| end == "idx" || end == "pack"));
    files.extend(["index", "HEAD", "packed-refs"].map(|name| checkout.dir.join(".git").join(name)));
    assert_eq!(files.len(), 5);
    for path in files {
        let whole = fs_err::read(&path).unwrap();
        fs_err::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600))
            .unwrap();
        for _ in 0..150 {
            let mut broken = whole.clone();
            for _ in 0..fastrand::usize(1..4) {
                let at = fastrand::usize(..broken.len());
                broken[at] = [0, 0xff, fastrand::u8(..)][fastrand::usize(..3)];
            }
            if fastrand::bool() {
                broken.truncate(fastrand::usize(..broken.len()));
            }
            fs_err::write(&path, broken).unwrap();
            describe(&checkout.dir, b"");
        }
        fs_err::write(&path, whole).unwrap();
    }
    assert!(!checkout.agrees());
}

#[test]
fn odd_files_in_place_of_gits_are_not_read() {
    let checkout = Checkout::new(&[]);
    let head = checkout.git(&["rev-parse", "HEAD"]);
    let dot = checkout.dir.join(".git");
    let made: [fn(&Path); 4] = [
        |path| assert!(Command::new("mkfifo").arg(path).status().unwrap().success()),
        |path| std::os::unix::fs::symlink("/dev/zero", path).unwrap(),
        |path| fs_err::create_dir(path).unwrap(),
        |path| fs_err::File::create(path).unwrap().set_len(1 << 40).unwrap(),
    ];
    for name in
        ["HEAD", "index", "refs/heads/main", "commondir", "info/exclude", "objects/info/alternates"]
    {
        let (path, aside) = (dot.join(name), dot.join("aside"));
        let was_there = path.exists();
        if was_there {
            fs_err::rename(&path, &aside).unwrap();
        }
        for make in made {
            make(&path);
            let found = describe(&checkout.dir, b"");
            if let Some(found) = found {
                assert_eq!(found.commit, head, "{name}");
                assert!(found.dirty || name != "index", "{name}");
            }
            let _ = fs_err::remove_file(&path);
            let _ = fs_err::remove_dir(&path);
        }
        if was_there {
            fs_err::rename(&aside, &path).unwrap();
        }
    }
    // The same among the files: git looks past all but regular files and links.
    for (number, make) in made.iter().enumerate().filter(|(number, _)| *number != 3) {
        let _ = fs_err::remove_file(checkout.dir.join("lib/.gitignore"));
        make(&checkout.dir.join("lib/.gitignore"));
        assert_eq!(describe(&checkout.dir, b"").unwrap().dirty, number == 1, "{number}");
        let _ = fs_err::remove_dir(checkout.dir.join("lib/.gitignore"));
    }
    // A tracked file that has become a pipe.
    let path = checkout.dir.join("train.py");
    fs_err::remove_file(&path).unwrap();
    made[0](&path);
    assert!(describe(&checkout.dir, b"").unwrap().dirty);
}

#[test]
fn a_repository_of_somebody_else_above_is_none() {
    let checkout = Checkout::new(&[]);
    let inner = checkout.dir.join("lib");
    assert!(describe(&inner, b"").is_some());
    if std::os::unix::fs::lchown(checkout.dir.join(".git"), Some(65534), None).is_err() {
        // Only root can give a folder away.
        return;
    }
    assert_eq!(describe(&inner, b""), None);
    // The checkout as a whole may be another user's: a volume of a container.
    std::os::unix::fs::lchown(&inner, Some(65534), None).unwrap();
    assert!(describe(&inner, b"").is_some());
}

//! Much code is told of.

use std::os::unix::fs::{FileExt, MetadataExt};

use super::support::{files, spec};
use crate::support::{Sandbox, stderr};

#[test]
fn much_code_is_told_and_too_much_is_refused_before_anything_starts() {
    let sandbox = Sandbox::new();
    spec(&sandbox, "code: .\nroles: {worker: {replicas: 2}}\ncommand: [ls, -l, data]\n");
    sandbox.write("p/data/small", "x");
    let file = fs_err::File::create(sandbox.dir().join("p/data/big.bin")).expect("file");
    file.file().set_len(3 << 30).expect("sparse");
    file.file().write_all_at(b"end", (3 << 30) - 3).expect("end");
    for args in [&["train", "p"][..], &["train", "p", "--dry-run"]] {
        let said = stderr(&sandbox.run(5, args));
        for word in [
            "3.0 GiB in 3 files",
            "data/big.bin (3.0 GiB)",
            "`/data/big.bin`",
            "--allow-large-code",
        ] {
            assert!(said.contains(word), "{word} in {said}");
        }
    }
    assert!(!sandbox.state().join("runs").read_dir().is_ok_and(|mut runs| runs.next().is_some()));
    let said = stderr(&sandbox.run(0, ["train", "p", "--allow-large-code"]));
    assert!(said.contains("3.0 GiB in 3 files") && said.contains("big.bin"), "{said}");
    let state = sandbox.state().join("runs");
    let copies: Vec<u64> = files(&state)
        .iter()
        .filter(|path| path.ends_with("big.bin"))
        .map(|path| fs_err::metadata(state.join(path)).expect("copy"))
        .map(|meta| {
            assert_eq!(meta.len(), 3 << 30);
            meta.blocks() * 512
        })
        .collect();
    assert_eq!(copies.len(), 3, "the run's and each replica's");
    assert!(copies.iter().sum::<u64>() < 64 << 20, "{copies:?}");
    // The line that was named.
    sandbox.write("p/.mlctlignore", "/data/\n");
    let said = stderr(&sandbox.run(0, ["train", "p", "--set", "command=[ls]"]));
    assert!(!said.contains("GiB"), "{said}");
    fs_err::remove_file(sandbox.dir().join("p/.mlctlignore")).expect("removed");
    fs_err::remove_dir_all(sandbox.dir().join("p/data")).expect("removed");
    for at in 0..20_001 {
        let dir = sandbox.dir().join(format!("p/many/{}", at % 100));
        fs_err::create_dir_all(&dir).expect("folder");
        fs_err::write(dir.join(at.to_string()), "x").expect("file");
    }
    let said = stderr(&sandbox.run(5, ["train", "p"]));
    assert!(said.contains("20002 files") && said.contains("`/many/`"), "{said}");
}

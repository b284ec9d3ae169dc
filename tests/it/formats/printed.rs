//! `-o json`: what programs read of a verb today, they find tomorrow. Adding is allowed; removing,
//! renaming and another type are not.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde_json::Value as Json;

use super::{text, v1};
use crate::support::{Sandbox, copy_tree, repository, stderr};

const WRONG: &str =
    "apiVersion: mlctl.dev/v1\nkind: TrainJob\nname: wrong\ncommand: [x]\nrole: 1\n";

/// The types that each place of a document has.
type Shape = BTreeMap<String, BTreeSet<&'static str>>;

fn add_shape(path: &str, value: &Json, shape: &mut Shape) {
    let kind = match value {
        Json::Null => "null",
        Json::Bool(_) => "boolean",
        Json::Number(_) => "number",
        Json::String(_) => "string",
        Json::Array(_) => "array",
        Json::Object(_) => "object",
    };
    shape.entry(path.to_owned()).or_default().insert(kind);
    match value {
        Json::Array(items) => {
            items.iter().for_each(|item| add_shape(&format!("{path}[]"), item, shape));
        }
        Json::Object(fields) => {
            for (name, field) in fields {
                add_shape(&format!("{path}.{name}"), field, shape);
            }
        }
        _ => {}
    }
}

fn shape(document: &Json) -> Shape {
    let mut shape = Shape::new();
    add_shape("", document, &mut shape);
    shape
}

/// What of an old document a new one lacks, or says otherwise. Where the old one has `null` somewhere,
/// the new one may say something.
pub(super) fn lost(old: &Json, new: &Json) -> Vec<String> {
    let new = shape(new);
    let is_kept = |path: &str, kind: &&str| {
        new.get(path).is_some_and(|kinds| *kind == "null" || kinds.contains(kind))
    };
    let missing = shape(old).into_iter().flat_map(|(path, kinds)| {
        let gone = kinds.into_iter().filter(|kind| !is_kept(&path, kind)).collect::<Vec<_>>();
        gone.into_iter().map(move |kind| format!("{path}: {kind}"))
    });
    missing.collect()
}

/// A folder as the fixtures were made in.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    copy_tree(&v1("specs"), &sandbox.dir());
    for file in ["src/train.py", "src/worker.py", "src/requirements.txt", "small/a.csv"] {
        sandbox.write(file, "x\n");
    }
    fs_err::create_dir_all(sandbox.dir().join("bin")).unwrap();
    fs_err::copy(v1("nvidia-smi"), sandbox.dir().join("bin/nvidia-smi")).unwrap();
    // An ELF header with one segment to load is enough of a static program.
    let mut program = vec![0; 120];
    for (at, bytes) in [
        (0, &b"\x7fELF\x02\x01"[..]),
        (18, &[62]),
        (32, &[64]),
        (54, &[56]),
        (56, &[1]),
        (64, &[1]),
    ] {
        program[at..at + bytes.len()].copy_from_slice(bytes);
    }
    fs_err::write(sandbox.dir().join("tiny.elf"), program).unwrap();
    sandbox
}

#[test]
fn programs_find_what_they_found() {
    let sandbox = sandbox();
    sandbox.write("wrong.yaml", WRONG);
    let mut all = Vec::new();
    // Those of the first version, and what came later: what goes wrong, and the ends of runs.
    let later = |name: &str| repository().join("tests/it/formats/printed").join(name);
    let lines = |file, of: &dyn Fn(&str) -> PathBuf| -> Vec<(String, PathBuf)> {
        let name = |line: &str| line.split('\t').next().unwrap_or_default().to_owned();
        let document = |line: &str| of(&format!("json/{}.json", name(line)));
        text(file).lines().map(|line| (line.to_owned(), document(line))).collect()
    };
    let first = lines(v1("verbs.tsv"), &v1);
    for (line, fixture) in first.into_iter().chain(lines(later("verbs.tsv"), &later)) {
        let [_, code, args] = line.split('\t').collect::<Vec<_>>()[..] else { panic!("{line}") };
        let _ = fs_err::remove_dir_all(sandbox.state());
        copy_tree(&v1("state"), &sandbox.state());
        let output = sandbox
            .mlctl(args.split(' ').chain(["-o", "json"]))
            .env("PATH", sandbox.dir().join("bin"))
            .env("MLCTL_RUNNER_IMAGE", "registry.example/mlctl:1")
            .env("MLCTL_SECRET_HUB_TOKEN", "hidden")
            .output()
            .unwrap();
        let said = stderr(&output);
        assert_eq!(output.status.code(), Some(code.parse().unwrap()), "mlctl {args}: {said}");
        let new: Json = serde_json::from_slice(&output.stdout).expect(&said);
        let old: Json = serde_json::from_str(&text(fixture)).unwrap();
        all.extend(lost(&old, &new).into_iter().map(|what| format!("mlctl {args}: {what}")));
    }
    assert!(all.is_empty(), "lost:\n{}", all.join("\n"));
}

#[test]
fn what_is_lost_is_seen() {
    let old = serde_json::json!({"a": 1, "b": [{"c": "x"}, {"c": null}], "d": null, "e": []});
    let more = serde_json::json!({"a": 2, "b": [{"c": "y", "f": 1}, {"c": 1}], "d": 3, "e": [1]});
    assert_eq!(lost(&old, &more), Vec::<String>::new());
    let less = serde_json::json!({"a": "2", "b": [], "e": {}});
    let wanted =
        [".a: number", ".b[]: object", ".b[].c: null", ".b[].c: string", ".d: null", ".e: array"];
    assert_eq!(lost(&old, &less), wanted);
}

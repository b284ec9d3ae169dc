//! Each code of a finding is shown by some test, so that somebody has read its message.

use std::path::{Path, PathBuf};

use mlctl::spec::{self, Code, LoadOptions, Source};

/// The texts that lead to these are too large for a file.
const GENERATED: [Code; 2] = [Code::TooLarge, Code::TooLong];

/// It says that the schema and the types differ, which is a mistake of mlctl's own: no spec that is
/// known leads there.
const NO_SPEC: [Code; 1] = [Code::NotUnderstood];

/// All snapshots of findings, one after the other.
fn snapshots() -> String {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/it");
    let rooms = [
        "specs",
        "spec",
        "render",
        "vertex",
        "katib",
        "kubeflow",
        "trainer",
        "kserve",
        "tfserving",
        "skypilot",
        "dstack",
        "others",
    ];
    let mut folders = rooms.map(|room| root.join(room)).to_vec();
    let mut text = String::new();
    while let Some(folder) = folders.pop() {
        for entry in fs_err::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension() == Some(Path::new("snap").as_os_str()) {
                text += &fs_err::read_to_string(path).unwrap();
            }
        }
    }
    text
}

#[test]
fn every_code_is_shown_by_a_test() {
    let shown = snapshots();
    let untested: Vec<&str> = Code::ALL
        .iter()
        .filter(|code| !GENERATED.contains(code) && !NO_SPEC.contains(code))
        .map(|code| code.as_str())
        .filter(|code| !shown.contains(&format!("[{code}]: ")))
        .collect();
    assert!(untested.is_empty(), "in no snapshot: {untested:?}");
}

/// `BadName` is `bad-name`: a code is found in the sources by its text.
#[test]
fn a_code_is_called_as_it_is_shown() {
    for code in Code::ALL {
        let mut kebab = String::new();
        for c in format!("{code:?}").chars() {
            if c.is_ascii_uppercase() && !kebab.is_empty() {
                kebab.push('-');
            }
            kebab.push(c.to_ascii_lowercase());
        }
        assert_eq!(code.to_string(), kebab);
    }
}

#[test]
fn large_texts_are_refused() {
    let head = "apiVersion: mlctl.dev/v1\nkind: TrainJob\nname: digits\n";
    let argument = format!("{head}command: [python, {}]\n", "x".repeat(128 * 1024));
    let map = format!("{head}command: [python]\nargs: {{text: {}}}\n", "x".repeat(131_065));
    let value = format!(
        "{head}command: [python]\nenv: [{{name: NOTES, value: {}}}]\n",
        "x".repeat(131_066)
    );
    let script = format!("{head}command: [python]\nsetup: {{shell: {}}}\n", "x".repeat(200_000));
    let comment = format!("{head}command: [python]\n# {}\n", "x".repeat(1 << 20));
    let cases = [
        (argument, Code::TooLong, "longer than Linux allows for one argument"),
        (map, Code::TooLong, "longer than Linux allows for one argument"),
        (value, Code::TooLong, "longer than Linux allows for one variable"),
        (script, Code::TooLong, "longer than Linux allows for one argument"),
        (comment, Code::TooLarge, "the file is larger than 1048576 bytes"),
    ];
    for (text, code, message) in cases {
        let findings = spec::load(&[Source::new("f", text)], &LoadOptions::default()).unwrap_err();
        let found: Vec<_> =
            findings.list.iter().map(|finding| (finding.code, finding.message.as_str())).collect();
        assert_eq!(found, [(code, message)]);
    }
    // The most that Linux takes.
    let most = format!(
        "{head}command: [python, {}]\nargs: {{text: {}}}\nenv: [{{name: NOTES, value: {}}}]\n",
        "x".repeat(131_071),
        "x".repeat(131_064),
        "x".repeat(131_065)
    );
    spec::load(&[Source::new("f", most)], &LoadOptions::default()).unwrap();
}

//! Vertex AI's files as people write them, and what becomes of them.

use std::fmt::Write as _;
use std::path::Path;

use mlctl::spec::{self, Document, LoadOptions, RenderOptions, Source};

#[test]
fn every_file_is_converted_or_explained() {
    insta::glob!("files", "*.{yaml,json}", |path| {
        let out = converted(path);
        insta::with_settings!({
            omit_expression => true,
            snapshot_path => "files",
            prepend_module_to_snapshot => false,
        }, {
            insta::assert_snapshot!(out);
        });
    });
}

/// A file as specs of ours, and what is said of it.
pub fn converted(path: &Path) -> String {
    let name = path.file_name().unwrap().to_string_lossy().into_owned();
    let text = fs_err::read_to_string(path).unwrap();
    let mut out = String::new();
    let findings = match spec::load(&[Source::new(name.as_str(), text)], &LoadOptions::default()) {
        Ok(loaded) => {
            for document in &loaded.documents {
                let (yaml, from) = match document {
                    Document::TrainJob(job) => {
                        (spec::to_yaml(&job.spec).unwrap(), job.converted_from)
                    }
                    Document::BatchPredictJob(job) => {
                        (job.spec.to_yaml().unwrap(), job.converted_from)
                    }
                    Document::TuneJob(job) => (job.spec.to_yaml().unwrap(), job.converted_from),
                    Document::Endpoint(endpoint) => {
                        (endpoint.spec.to_yaml().unwrap(), endpoint.converted_from)
                    }
                };
                // The linter refuses in our own specs what it only warns of in others' files.
                if !name.starts_with("command_as_text") {
                    comes_back_the_same(&yaml, document);
                }
                writeln!(out, "# {}", from.unwrap_or("ours")).unwrap();
                out.push_str(&yaml);
                out.push_str("---\n");
            }
            loaded.warnings
        }
        Err(findings) => findings,
    };
    if !findings.list.is_empty() {
        out.push_str(&findings.render(RenderOptions::default()));
    }
    out
}

#[expect(clippy::panic, reason = "a helper of a test")]
/// `mlctl convert` writes it, so it must be a spec of ours.
fn comes_back_the_same(yaml: &str, document: &Document) {
    let again = spec::load(&[Source::new("again", yaml)], &LoadOptions::default())
        .unwrap_or_else(|findings| panic!("{}\n{yaml}", findings.render(RenderOptions::default())));
    let same = match (&again.documents[0], document) {
        (Document::TrainJob(again), Document::TrainJob(job)) => again.spec == job.spec,
        (Document::BatchPredictJob(again), Document::BatchPredictJob(job)) => {
            again.spec == job.spec
        }
        (Document::TuneJob(again), Document::TuneJob(job)) => again.spec == job.spec,
        (Document::Endpoint(again), Document::Endpoint(one)) => again.spec == one.spec,
        _ => false,
    };
    assert!(same, "{again:#?}\n{document:#?}");
}

/// Every line left out, doubled and cut short, in every file: an answer, never a panic, and every
/// place lies in the text.
#[test]
fn broken_files_are_explained_too() {
    insta::glob!("files", "*.{yaml,json}", |path| {
        broken(path);
    });
}

/// Every line of a file left out, doubled and cut short.
pub fn broken(path: &Path) {
    let text = fs_err::read_to_string(path).unwrap();
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    for at in 0..lines.len() {
        let half = lines[at].char_indices().nth(lines[at].chars().count() / 2);
        let half = &lines[at][..half.map_or(0, |(end, _)| end)];
        for middle in ["", half, &lines[at].repeat(2), "  - {}\n", "x: [\n", "null\n"] {
            let text = [&lines[..at].concat(), middle, &lines[at + 1..].concat()].concat();
            let findings =
                match spec::load(&[Source::new("f", text.as_str())], &LoadOptions::default()) {
                    Ok(loaded) => loaded.warnings,
                    Err(findings) => {
                        assert!(findings.has_errors());
                        findings
                    }
                };
            for label in findings.list.iter().flat_map(|finding| &finding.labels) {
                assert!(text.get(label.span.start..label.span.end).is_some(), "{text}");
            }
        }
    }
}

use std::fmt::Write as _;

use mlctl::spec::{self, Document, LoadOptions, RenderOptions, Source};

#[test]
fn every_right_spec_loads_and_comes_back_the_same() {
    insta::glob!("../specs/right", "*.yaml", |path| {
        let (source, options) = super::read(path);
        let loaded = spec::load(std::slice::from_ref(&source), &options)
            .unwrap_or_else(|findings| panic!("{}", findings.render(RenderOptions::default())));
        let mut out = String::new();
        for document in &loaded.documents {
            let yaml = match document {
                Document::TrainJob(job) => spec::to_yaml(&job.spec).unwrap(),
                Document::BatchPredictJob(job) => job.spec.to_yaml().unwrap(),
                Document::TuneJob(job) => job.spec.to_yaml().unwrap(),
                Document::Endpoint(endpoint) => endpoint.spec.to_yaml().unwrap(),
            };
            let again = spec::load(&[Source::new("again", yaml.clone())], &LoadOptions::default())
                .unwrap_or_else(|findings| panic!("{}", findings.render(RenderOptions::default())));
            let from_env = match (&again.documents[0], document) {
                (Document::TrainJob(again), Document::TrainJob(job)) => {
                    similar_asserts(&again.spec, &job.spec);
                    &job.from_env
                }
                (Document::BatchPredictJob(again), Document::BatchPredictJob(job)) => {
                    similar_asserts(&again.spec, &job.spec);
                    &job.from_env
                }
                (Document::TuneJob(again), Document::TuneJob(job)) => {
                    similar_asserts(&again.spec, &job.spec);
                    &job.from_env
                }
                (Document::Endpoint(again), Document::Endpoint(endpoint)) => {
                    similar_asserts(&again.spec, &endpoint.spec);
                    &endpoint.from_env
                }
                other => panic!("{other:?}"),
            };
            out.push_str(&yaml);
            writeln!(out, "# from the environment: {from_env:?}").unwrap();
            out.push_str("---\n");
        }
        if !loaded.warnings.list.is_empty() {
            out.push_str(&loaded.warnings.render(RenderOptions::default()));
        }
        insta::with_settings!({ omit_expression => true, snapshot_path => "../specs/right", prepend_module_to_snapshot => false }, {
            insta::assert_snapshot!(out);
        });
    });
}

fn similar_asserts<T: PartialEq + std::fmt::Debug>(left: &T, right: &T) {
    assert!(left == right, "{left:#?}\n{right:#?}");
}

/// What `init` writes, and what the documents point at, is right without a warning.
#[test]
fn every_template_and_example_is_right() {
    for base in ["../../../templates", "../../../examples"] {
        insta::glob!(base, "**/*.yaml", |path| {
            // Files of another system have tests of their own.
            if path.components().any(|part| part.as_os_str() == "vertex") {
                return;
            }
            let (source, options) = super::read(path);
            let text = match spec::load(&[source], &options) {
                Ok(loaded) if loaded.warnings.list.is_empty() => String::new(),
                Ok(loaded) => loaded.warnings.render(RenderOptions::default()),
                Err(findings) => findings.render(RenderOptions::default()),
            };
            assert!(text.is_empty(), "{}\n{text}", path.display());
        });
    }
}

use mlctl::spec::{self, RenderOptions};

#[test]
fn every_wrong_spec_is_explained() {
    insta::glob!("../specs/wrong", "*.yaml", |path| {
        let (source, options) = super::read(path);
        let findings = spec::load(&[source], &options).expect_err("is refused");
        let text = findings.render(RenderOptions::default());
        insta::with_settings!({ omit_expression => true, snapshot_path => "../specs/wrong", prepend_module_to_snapshot => false }, {
            insta::assert_snapshot!(text);
        });
        assert!(!text.contains("hf_abcdefgh"), "a secret is shown");
        assert!(!text.contains("abc: def"), "a secret is shown");
    });
}

//! TensorFlow Serving's model configs as people write them, and what becomes of them.

mod local;

#[test]
fn every_file_is_converted_or_explained() {
    insta::glob!("files", "*.config", |path| {
        let out = crate::vertex::converted(path);
        insta::with_settings!({
            omit_expression => true,
            snapshot_path => "files",
            prepend_module_to_snapshot => false,
        }, {
            insta::assert_snapshot!(out);
        });
    });
}

#[test]
fn broken_files_are_explained_too() {
    insta::glob!("files", "*.config", crate::vertex::broken);
}

//! Jobs of Kubeflow's training operator as people write them, and what becomes of them.

pub mod horovod;

#[test]
fn every_file_is_converted_or_explained() {
    insta::glob!("files", "*.yaml", |path| {
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
    insta::glob!("files", "*.yaml", crate::vertex::broken);
}

//! Files of systems that are known by name only: each is told what to write instead.

use std::fmt::Write as _;

use mlctl::spec::{LoadOptions, RenderOptions, Source, load};

use crate::support::Sandbox;

#[test]
fn every_file_is_told_what_to_write_instead() {
    insta::glob!("files", "*.{yaml,sbatch}", |path| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let text = fs_err::read_to_string(path).unwrap();
        let refused = load(&[Source::new(name, text)], &LoadOptions::default()).err();
        let mut out = String::new();
        let refused = refused.map(|found| found.render(RenderOptions::default()));
        write!(out, "{}", refused.unwrap_or_default()).unwrap();
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
    insta::glob!("files", "*.{yaml,sbatch}", crate::vertex::broken);
}

/// A script is run as one, and says that nobody obeys its directives.
#[test]
fn directives_of_a_script_are_comments() {
    let sandbox = Sandbox::new();
    let script = "#!/bin/sh\n#SBATCH --nodes=4 -t 1:00:00\necho trained\n";
    sandbox.write("job.sh", script);
    let ran = sandbox.run(0, ["train", "job.sh"]);
    let said = String::from_utf8_lossy(&ran.stderr);
    assert!(said.contains("the #SBATCH lines of job.sh are comments here: --nodes=4"), "{said}");
    let refused = sandbox.run(3, ["convert", "--from", "slurm", "job.sh"]);
    let said = String::from_utf8_lossy(&refused.stderr);
    assert!(said.contains("replicas: N"), "{said}");
    sandbox.write("job.slurm", script);
    sandbox.run(3, ["train", "job.slurm"]);
}

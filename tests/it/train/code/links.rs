//! Links of the code: within it, and out of it.

use std::os::unix::fs::symlink;

use super::support::spec;
use crate::support::{Sandbox, stderr, stdout};

#[test]
fn links_within_the_code_travel() {
    let sandbox = Sandbox::new();
    let script =
        "cat other/b.txt deep/up/a.txt self/a.txt alias.txt; echo kept > other/new; ls lib";
    spec(&sandbox, &format!("code: .\ncommand: [sh, -c, {script:?}]\n"));
    sandbox.write("p/lib/b.txt", "in lib\n");
    sandbox.write("p/a.txt", "at top\n");
    sandbox.write("p/deep/x", "");
    for (link, to) in [
        ("other", "lib"),
        ("deep/up", ".."),
        ("self", "."),
        ("alias.txt", "a.txt"),
        ("dead", "none"),
    ] {
        symlink(to, sandbox.dir().join("p").join(link)).expect("link");
    }
    let said = stderr(&sandbox.run(0, ["train", "p"]));
    assert!(!said.contains("links"), "{said}");
    let logs = stdout(&sandbox.run(0, ["logs"]));
    assert!(logs.contains("in lib") && logs.matches("at top").count() == 3, "{logs}");
    assert!(logs.contains("new"), "a link to the folder, not a copy of it: {logs}");
    assert!(!sandbox.dir().join("p/lib/new").exists(), "the user's own folder is untouched");
}

#[test]
fn a_link_out_of_the_code_that_the_command_names_is_refused() {
    let sandbox = Sandbox::new();
    let sets = sandbox.home().join("sets");
    fs_err::create_dir(&sets).expect("folder");
    fs_err::write(sets.join("a.csv"), "one,two").expect("file");
    fs_err::create_dir_all(sandbox.dir().join("p")).expect("folder");
    symlink(&sets, sandbox.dir().join("p/sets")).expect("link");
    for command in [
        "[cat, sets/a.csv]",
        "[cat, --, ./sets/a.csv]",
        "[sh, -c, 'cat <sets/a.csv']",
        "['true', --data=sets]",
    ] {
        spec(&sandbox, &format!("code: .\ncommand: {command}\n"));
        let said = stderr(&sandbox.run(5, ["train", "p"]));
        assert!(said.contains("sets is a link out of the code"), "{command}: {said}");
        assert!(said.contains("a line `/sets` in .mlctlignore"), "{command}: {said}");
    }
    // The line that was named, for a word that isn't meant.
    sandbox.write("p/.mlctlignore", "/sets\n");
    for command in ["['true', sets]", "['true', --split=sets]"] {
        spec(&sandbox, &format!("code: .\ncommand: {command}\n"));
        sandbox.run(0, ["train", "p"]);
    }
    fs_err::remove_file(sandbox.dir().join("p/.mlctlignore")).expect("removed");
    spec(&sandbox, "code: .\ncommand: ['true']\n");
    assert!(stderr(&sandbox.run(0, ["train", "p"])).contains("sets leads to"));
    spec(
        &sandbox,
        &format!(
            "code: .\ncommand: [cat, sets/a.csv]\ndata: [{{uri: {}, path: sets}}]\n",
            sets.display()
        ),
    );
    sandbox.run(0, ["train", "p"]);
}

//! Files of the code that a pod's document must not have.

use super::*;

#[test]
fn code_that_would_leave_its_folder_is_refused() {
    let plan = plan_of(&format!("{SPEC}code: .\n"));
    let file = |path: &str, part: &str| CodeFile {
        path: path.into(),
        executable: false,
        parts: vec![part.into()],
        link: None,
    };
    for (path, part, good) in [
        ("a/train.py", "0", true),
        ("../train.py", "0", false),
        ("a/../../b", "0", false),
        ("/etc/passwd", "0", false),
        ("", "0", false),
        ("train.py", "../secret/token", false),
    ] {
        let folders = Folders::new(&plan, "/o", vec![file(path, part)]);
        let configured = folders.configure("digits-abc123-chief", "0");
        assert_eq!(configured.is_ok(), good, "{path} {part}");
        match configured {
            Ok(pod) => assert!(matches!(pod.config.code, Some(Code::Parts { .. }))),
            Err(error) => assert!(error.is_final()),
        }
    }
}

#[test]
fn a_link_of_the_code_leads_nowhere_else() {
    let plan = plan_of(&format!("{SPEC}code: .\n"));
    for (path, to, good) in [
        ("a", "b/c", true),
        ("a/b", "../c", true),
        ("a/b", "..", true),
        ("a", ".", true),
        ("a", "..", false),
        ("a/b", "../..", false),
        ("a/b", "c/../../../d", false),
        // No further up, but `c` may be a link.
        ("a/b", "c/../d", false),
        ("a", "/etc", false),
    ] {
        let link = Some(to.to_owned());
        let file = CodeFile { path: path.into(), executable: false, parts: Vec::new(), link };
        let folders = Folders::new(&plan, "/o", vec![file]);
        assert_eq!(folders.configure("digits-abc123-chief", "0").is_ok(), good, "{path} {to}");
    }
}

#[test]
fn nothing_of_the_code_lies_behind_a_link() {
    let plan = plan_of(&format!("{SPEC}code: .\n"));
    let file = |path: &str, link: Option<&str>| CodeFile {
        path: path.into(),
        executable: false,
        parts: Vec::new(),
        link: link.map(str::to_owned),
    };
    for (files, good) in [
        (vec![file("d/y", Some("..")), file("z", Some("d/y"))], true),
        (vec![file("z", Some("d")), file("zz/f", None)], true),
        (vec![file("d/y", Some("..")), file("d/y/f", None)], false),
        (vec![file("z/a/f", None), file("z", Some("d"))], false),
        (vec![file("z", Some("d")), file("z/l", Some("x"))], false),
    ] {
        let folders = Folders::new(&plan, "/o", files.clone());
        assert_eq!(folders.configure("digits-abc123-chief", "0").is_ok(), good, "{files:?}");
    }
}

//! Links of a cloned repository that lead out of it.

use std::os::unix::fs::symlink;

use crate::support::{Sandbox, stderr, stdout};

const SECRET: &str = "a private matter";

/// A home with something in it, and a repository in the folder with these links.
fn repository(spec: &str, links: &[(&str, &str)]) -> Sandbox {
    let sandbox = Sandbox::new();
    let settings = sandbox.home().join(".config/mlctl");
    fs_err::create_dir_all(&settings).expect("folder");
    fs_err::write(settings.join("config.yaml"), "runnerImage: r.example/mlctl:1\n")
        .expect("settings");
    for path in [".ssh/id_rsa", "notes/diary.txt"] {
        let path = sandbox.home().join(path);
        fs_err::create_dir_all(path.parent().expect("parent")).expect("folder");
        fs_err::write(path, SECRET).expect("file");
    }
    sandbox.write("repo/.git/HEAD", "ref: refs/heads/main\n");
    sandbox.write("repo/train.py", "print()\n");
    let head = "apiVersion: mlctl.dev/v1\nkind: TrainJob\nname: link\nimage: a\noutput: pvc://o\n";
    sandbox.write(
        "repo/mlctl.yaml",
        &format!("{head}command: [sh, -c, 'cat -- * */*; true']\n{spec}"),
    );
    for (link, to) in links {
        let place = sandbox.dir().join("repo").join(link);
        fs_err::create_dir_all(place.parent().expect("parent")).expect("folder");
        symlink(to.replace("HOME", &sandbox.home().display().to_string()), place).expect("link");
    }
    sandbox
}

#[track_caller]
fn refused(sandbox: &Sandbox, words: &[&str]) {
    let real = sandbox.home().canonicalize().expect("home").display().to_string();
    let local = ["train", "repo", "--set", "output=./o"];
    for args in [&["render", "repo"][..], &local, &[&local[..], &["--dry-run"]].concat()] {
        let output = sandbox.run(5, args);
        let said = stderr(&output);
        for word in words {
            assert!(said.contains(&word.replace("HOME", &real)), "{args:?}: {word}\n{said}");
        }
        assert!(!(stdout(&output) + &said).contains(SECRET), "{args:?}");
    }
    assert!(
        stderr(&sandbox.run(0, ["validate", "repo"])).contains(&words[0].replace("HOME", &real))
    );
    assert!(!sandbox.state().join("runs").read_dir().is_ok_and(|mut runs| runs.next().is_some()));
}

#[test]
fn a_link_named_as_code_does_not_leave_the_repository() {
    let links = [
        ("notes", "HOME/notes"),
        ("ssh", "../../home/.ssh"),
        ("chain", "a/step"),
        ("a/step", "../notes"),
        ("up", "../.."),
        ("file.py", "HOME/notes/diary.txt"),
        ("proc", "/proc/self/cwd/../home/notes"),
    ];
    for code in [
        "notes",
        "./notes/",
        "ssh",
        "chain",
        "up/home/notes",
        "file.py",
        "a/../notes",
        "../repo/notes",
    ] {
        let sandbox = repository(&format!("code: {code}\n"), &links);
        refused(&sandbox, &["a link leads from", "HOME"]);
    }
    let sandbox = repository("code: lib\ndata: [{uri: notes, path: x}]\n", &links);
    sandbox.write("repo/lib/a.py", "");
    refused(&sandbox, &["data: a link leads from notes to HOME/notes"]);
}

/// Both runtimes, and what only looks: nothing of a home is printed, and each says these words. The
/// answer is what the command printed here.
#[track_caller]
fn left_behind(sandbox: &Sandbox, words: &[&str]) -> String {
    let real = sandbox.home().canonicalize().expect("home").display().to_string();
    let local = ["train", "repo", "--set", "output=./o"];
    for args in [&["render", "repo"][..], &["validate", "repo"], &local] {
        let output = sandbox.run(0, args);
        let said = stderr(&output);
        for word in words {
            assert!(said.contains(&word.replace("HOME", &real)), "{args:?}: {word}\n{said}");
        }
        assert!(!(stdout(&output) + &said).contains(SECRET), "{args:?}");
    }
    let log = stdout(&sandbox.run(0, ["logs"]));
    assert!(!log.contains(SECRET), "{log}");
    log
}

#[test]
fn links_within_the_code_lead_nowhere_else() {
    for (link, to) in [
        ("diary.txt", "HOME/notes/diary.txt"),
        ("folder", "HOME/notes"),
        ("deep/down/x", "../../../../home/notes/diary.txt"),
        ("chain", "other"),
        ("environ", "/proc/self/environ"),
        ("null", "/dev/null"),
    ] {
        let mut links = vec![(link, to)];
        if link == "chain" {
            links.push(("other", "HOME/notes/diary.txt"));
        }
        let sandbox = repository("code: .\n", &links);
        let real = if to.starts_with('/') { " leads to /" } else { "leads to HOME/notes" };
        left_behind(&sandbox, &[link, real, "outside of the code", "data: [{uri: /"]);
        sandbox.write(
            "repo/.mlctlignore",
            &links.iter().map(|(link, _)| format!("/{link}\n")).collect::<String>(),
        );
        let output = sandbox.run(0, ["render", "repo"]);
        assert!(!stdout(&output).contains(SECRET));
        assert!(!stderr(&output).contains("leads to"), "{}", stderr(&output));
    }
}

#[test]
fn many_links_are_told_in_one_sentence_and_data_take_their_place() {
    let names: Vec<String> = (0..20).map(|i| format!("l{i:02}")).collect();
    let links: Vec<_> = names.iter().map(|name| (name.as_str(), "HOME/notes")).collect();
    let sandbox = repository("code: .\n", &links);
    left_behind(&sandbox, &["20 links lead outside", "l02 leads to HOME/notes and 17 more"]);

    // The next step that the warning names.
    let sandbox = repository("code: .\n", &[("sets", "HOME/sets")]);
    let sets = sandbox.home().join("sets");
    fs_err::create_dir(&sets).expect("folder");
    fs_err::write(sets.join("a.csv"), "one,two").expect("file");
    let data =
        format!("data: [{{uri: {}, path: sets}}]", sets.canonicalize().expect("s").display());
    left_behind(&sandbox, &[&data]);
    let sandbox_spec = fs_err::read_to_string(sandbox.dir().join("repo/mlctl.yaml")).expect("spec");
    sandbox.write("repo/mlctl.yaml", &format!("{sandbox_spec}{data}\n"));
    let log = left_behind(&sandbox, &[]);
    assert!(log.contains("one,two"), "{log}");
    let said = stderr(&sandbox.run(0, ["validate", "repo"]));
    assert!(!said.contains("leads to"), "{said}");
}

#[test]
fn python_environments_stay_behind_unless_they_are_named() {
    let sandbox = repository("code: .\n", &[(".venv/bin/python3", "/bin/sh")]);
    let lines = [
        (".venv/pyvenv.cfg", "home = /usr/bin\n"),
        // Newer Pythons write this, so that git leaves an environment alone.
        (".venv/.gitignore", "*\n"),
        (".venv/bin/python", "#!/bin/sh\necho the python of the environment\n"),
        (".venv/lib/package.py", "x = 1\n"),
    ];
    for (name, text) in lines {
        sandbox.write(&format!("repo/{name}"), text);
    }
    let python = sandbox.dir().join("repo/.venv/bin/python");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    fs_err::set_permissions(&python, mode).expect("mode");
    let path = python.canonicalize().expect("path").display().to_string();
    let words = [
        ".venv is a Python environment and stays behind",
        "setup.python.requirements",
        &path,
        "`!.venv/`",
    ];
    left_behind(&sandbox, &words);
    let said = stderr(&sandbox.run(0, ["validate", "repo"]));
    assert_eq!(said.matches(".venv is").count(), 1, "{said}");
    assert!(!said.contains("leads to"), "{said}");
    let objects = stdout(&sandbox.run(0, ["render", "repo", "-o", "json"]));
    assert!(!objects.contains("package.py"), "{objects}");

    // Both ways that the notice names.
    let run = |command: &str| {
        let set = format!("command=[\"{command}\"]");
        sandbox.run(0, ["train", "repo", "--set", "output=./o", "--set", &set]);
        stdout(&sandbox.run(0, ["logs"]))
    };
    assert!(run(&path).contains("the python of the environment"));
    sandbox.write("repo/.mlctlignore", "!.venv/\n");
    assert!(run(".venv/bin/python").contains("the python of the environment"));
    let output = sandbox.run(0, ["render", "repo", "-o", "json"]);
    assert!(stdout(&output).contains("package.py"), "{}", stdout(&output));
    assert!(stderr(&output).contains(".venv/bin/python3 leads to /"), "{}", stderr(&output));
}

#[test]
fn what_is_named_outside_is_said_and_credentials_never_go() {
    // By its own words a spec may lead out of its folder, and that is said with the real place.
    let sandbox = repository("code: ../../home/notes\n", &[]);
    let home = sandbox.home().canonicalize().expect("home");
    let notes = home.join("notes").display().to_string();
    let local = ["train", "repo", "--set", "output=./o", "--dry-run"];
    for args in [&["render", "repo"][..], &["validate", "repo"], &local] {
        let said = stderr(&sandbox.run(0, args));
        assert!(said.contains(&format!("is {notes}, outside of the spec's folder")), "{said}");
    }
    for code in ["../../home/.ssh", &format!("{}/.ssh", home.display()), "../../home/.ssh/id_rsa"] {
        let sandbox = repository(&format!("code: {code}\n"), &[]);
        let code = code.replace(&home.display().to_string(), &sandbox.home().display().to_string());
        let output = sandbox.run(5, ["render", "repo", "--set", &format!("code={code}")]);
        assert!(stderr(&output).contains("a folder of credentials"), "{}", stderr(&output));
    }
    let sandbox = repository("code: .\ndata: [{uri: ../../home/.ssh, path: x}]\n", &[]);
    let output = sandbox.run(5, ["render", "repo"]);
    assert!(stderr(&output).contains("a folder of credentials"), "{}", stderr(&output));
}

#[test]
fn links_that_stay_within_the_code_still_work() {
    let links = [
        ("alias.py", "train.py"),
        ("gone", "nowhere"),
        ("data", "big"),
        ("wandb/latest-run", "run-1"),
        ("settings.txt", ".env"),
    ];
    let sandbox = repository("code: .\n", &links);
    for file in ["repo/big/x", "repo/wandb/run-1/x", "repo/.env"] {
        sandbox.write(file, "harmless");
    }
    let output = sandbox.run(0, ["render", "repo", "-o", "json"]);
    for part in ["alias.py", "\\\"path\\\":\\\"data\\\",\\\"parts\\\":[],\\\"link\\\":\\\"big\\\""]
    {
        assert!(stdout(&output).contains(part), "{part}: {}", stdout(&output));
    }
    let said = stderr(&output);
    for words in [
        "settings.txt leads to .env, which doesn't travel, so neither does the link",
        ".env doesn't travel, since by its name it holds credentials",
    ] {
        assert!(said.contains(words), "{words}\n{said}");
    }
    assert!(!said.contains("gone") && !said.contains("wandb"), "{said}");
}

#[test]
fn a_spec_that_is_a_link_is_shown_only_by_its_own_name() {
    let sandbox =
        repository("code: .\n", &[("other.yaml", "HOME/.ssh/id_rsa"), ("near.yaml", "mlctl.yaml")]);
    for verb in ["validate", "convert", "render", "train"] {
        let output = sandbox.mlctl([verb, "repo/other.yaml"]).output().expect("mlctl");
        let said = stdout(&output) + &stderr(&output);
        assert!(!output.status.success() && !said.contains(SECRET), "{said}");
        assert!(said.contains("other.yaml is a link to"), "{said}");
    }
    sandbox.run(0, ["convert", "repo/near.yaml"]);
}

#[test]
fn templates_are_not_written_through_links() {
    let sandbox = Sandbox::new();
    fs_err::create_dir(sandbox.dir().join("repo")).expect("folder");
    let target = sandbox.home().join("new");
    symlink(&target, sandbox.dir().join("repo/train.py")).expect("link");
    sandbox.run(5, ["init", "plain", "repo"]);
    sandbox.run(0, ["init", "plain", "repo", "--force"]);
    assert!(!target.exists());
    assert!(sandbox.dir().join("repo/train.py").is_file());
}

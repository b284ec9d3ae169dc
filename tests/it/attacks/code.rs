//! Secrets that would travel with the code, or be written down.

use std::path::Path;

use serde_json::Value as Json;

use crate::support::{Sandbox, stderr, stdout};

const HEAD: &str =
    "apiVersion: mlctl.dev/v1\nkind: TrainJob\nname: leak\nimage: a\noutput: pvc://out\n";

/// What makes a key look like one.
const KEY: &str = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC\n";

/// A sandbox whose settings name a runner image.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    let dir = sandbox.home().join(".config/mlctl");
    fs_err::create_dir_all(&dir).expect("folder");
    let settings = "runnerImage: registry.example/mlctl:1\nrunnerArchitectures: [amd64]\n";
    fs_err::write(dir.join("config.yaml"), settings).expect("settings");
    sandbox
}

/// The objects of a cluster but for the run's Secret, and what was said.
fn rendered(sandbox: &Sandbox, args: &[&str]) -> (String, String) {
    let mut command = sandbox.mlctl([&["render", "-o", "json"], args].concat());
    let output = command.env("GIVEN", "given-by-environment").output().expect("mlctl");
    assert!(output.status.success(), "{}", stderr(&output));
    let mut list: Json = serde_json::from_str(&stdout(&output)).expect("JSON");
    list["items"].as_array_mut().expect("items").retain(|object| object["kind"] != "Secret");
    (list.to_string(), stderr(&output))
}

/// The names of the code's files in a cluster.
fn travelling(objects: &str) -> Vec<String> {
    let list: Json = serde_json::from_str(objects).expect("JSON");
    let documents = list["items"].as_array().expect("items").iter();
    let text = documents.filter_map(|object| object["data"]["pod.json"].as_str()).next();
    let document: Json = serde_json::from_str(text.expect("pod.json")).expect("JSON");
    let files = document["code"].as_array().expect("code").iter();
    files.map(|file| file["path"].as_str().expect("path").to_owned()).collect()
}

/// Every file below a folder that has this text in it.
fn holding(dir: &Path, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![dir.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs_err::read_dir(folder).expect("folder") {
            let entry = entry.expect("entry");
            let kind = entry.file_type().expect("type");
            if kind.is_dir() {
                folders.push(entry.path());
            } else if kind.is_file() {
                let bytes = fs_err::read(entry.path()).expect("file");
                if bytes.windows(text.len()).any(|window| window == text.as_bytes()) {
                    found.push(entry.path().display().to_string());
                }
            }
        }
    }
    found
}

#[test]
fn literal_secrets_of_a_spec_do_not_travel_as_code() {
    let sandbox = sandbox();
    let secret = "s3cr3t-literal";
    let spec = format!(
        "{HEAD}# {secret}\ncode: .\ncommand: [sh, -c, 'true']\n\
         env: [{{name: API_TOKEN, value: {secret}}}, {{name: GIVEN_TOKEN, value: '${{GIVEN}}'}}]\n"
    );
    sandbox.write("mlctl.yaml", &spec);
    for name in ["mlctl.yaml.bak", "jobs/other.yaml", "jobs/spec.json", "notes.txt"] {
        let json = "{\"apiVersion\": \"mlctl.dev/v1\", \"kind\": \"TrainJob\", \"env\": \
                    [{\"name\": \"API_TOKEN\", \"value\": \"s3cr3t-literal\"}]}";
        sandbox.write(name, if name.ends_with("json") { json } else { &spec });
    }
    sandbox
        .write("mlctl.yaml~", &format!("{HEAD}env:\n- name: API_TOKEN\n  value: {secret}\n x: ["));
    sandbox.write(
        "vertex.yaml",
        "workerPoolSpecs:\n- machineSpec: {machineType: n1-standard-4}\n  containerSpec:\n    \
         imageUri: a\n    env: [{name: API_TOKEN, value: s3cr3t-literal}]\n",
    );
    let (objects, said) = rendered(&sandbox, &[]);
    assert!(!objects.contains(secret), "{objects}");
    assert!(travelling(&objects).contains(&"mlctl.yaml".to_owned()), "{objects}");
    assert!(said.contains("mlctl.yaml") && said.contains("masked in the copy"), "{said}");

    // The same files in the working folder here, and nothing in the state.
    let local = spec.replace("sh, -c, 'true'", "sh, -c, 'cat mlctl.yaml* jobs/* *.txt *.yaml'");
    sandbox.write("mlctl.yaml", &local.replace("output: pvc://out\n", ""));
    let mut command = sandbox.mlctl(["train"]);
    let output = command.env("GIVEN", "given-by-environment").output().expect("mlctl");
    assert!(output.status.success(), "{}", stderr(&output));
    let log = stdout(&sandbox.run(0, ["logs"]));
    assert!(log.contains("name: API_TOKEN") && !log.contains(secret), "{log}");
    for text in [secret, "given-by-environment"] {
        assert_eq!(holding(&sandbox.state(), text), [""; 0]);
    }
}

#[test]
fn a_secret_in_another_file_of_the_code_is_named() {
    let sandbox = sandbox();
    sandbox.write(
        "mlctl.yaml",
        &format!(
            "{HEAD}code: .\ncommand: [x, --api-key, by-argument-1]\n\
             env: [{{name: A_TOKEN, value: by-literal-1}}, {{name: B_TOKEN, value: '${{GIVEN}}'}}]\n"
        ),
    );
    sandbox.write("a.py", "T = 'by-literal-1'\n");
    sandbox.write("lib/b.py", "T = 'given-by-environment'\n");
    sandbox.write("c.cfg", "x=by-argument-1 by-setting-1\n");
    let set = ["--set", "env[0].value=by-setting-1", "--set", "env[0].name=S_TOKEN"];
    for args in [&[][..], &set] {
        let (_, said) = rendered(&sandbox, args);
        let line = |file: &str, name: &str| {
            said.lines().any(|line| line.contains(file) && line.contains(name))
        };
        assert!(line("lib/b.py", "B_TOKEN"), "{said}");
        assert!(line("c.cfg", "--api-key"), "{said}");
        assert_eq!(line("a.py", "A_TOKEN"), args.is_empty(), "{said}");
        assert_eq!(line("c.cfg", "S_TOKEN"), !args.is_empty(), "{said}");
        assert!(!said.contains("by-literal-1") && !said.contains("by-setting-1"), "{said}");
    }
}

#[test]
fn credentials_stay_behind_unless_they_are_named() {
    let sandbox = sandbox();
    let spec = format!("{HEAD}code: .\ncommand: [sh, -c, 'find . -type f']\n");
    sandbox.write("mlctl.yaml", &spec);
    let secret = "do-not-take-me";
    let by_name = [
        ".env",
        ".env.production",
        "a/.env.local",
        "id_rsa",
        "id_ed25519",
        "id_work",
        ".netrc",
        "_netrc",
        "kubeconfig",
        ".kube/config",
        ".aws/credentials",
        ".azure/token",
        ".config/gcloud/access_tokens.db",
        ".ssh/known",
        ".gnupg/x",
        ".docker/config.json",
        ".pypirc",
        ".git-credentials",
        "application_default_credentials.json",
        "a.p12",
        "a.pfx",
        "a.jks",
        "a.keystore",
        "terraform.tfstate",
        "terraform.tfstate.backup",
        "gha-creds-0a1b.json",
        ".huggingface/token",
        "credentials.csv",
        "secret.json",
    ];
    for name in by_name {
        sandbox.write(name, secret);
    }
    let account =
        format!("{{\"private_key\": \"{}\", \"x\": \"{secret}\"}}", KEY.replace('\n', "\\n"));
    for (name, text) in [
        ("robot.json", account),
        ("notes.md", format!("{KEY}{secret}")),
        ("server.pem", format!("{KEY}{secret}")),
        ("server.key", format!("-----BEGIN ENCRYPTED PRIVATE KEY-----\n{secret}")),
        ("binary.key", format!("\u{0}{secret}")),
        ("tool.py", format!("KEY = '''{KEY}{secret}'''")),
        (".npmrc", format!("//r.example/:_authToken={secret}\n")),
        ("run.yaml", format!("apiVersion: v1\nkind: Secret\nstringData: {{a: {secret}}}\n")),
    ] {
        sandbox.write(name, &text);
    }
    // A link is no way around it, whatever its name.
    std::os::unix::fs::symlink(".env", sandbox.dir().join("settings.txt")).expect("link");
    std::os::unix::fs::symlink("binary.key", sandbox.dir().join("song.txt")).expect("link");
    sandbox.write(".git/config", secret);
    std::os::unix::fs::symlink(".git/config", sandbox.dir().join("git.txt")).expect("link");
    let harmless = [
        ".env.example",
        "ca.pem",
        "example.env",
        "id_map.py",
        "id_rsa.pub",
        "keys.py",
        "piano.key",
        "template.env",
    ];
    for name in harmless {
        sandbox.write(name, "harmless\n");
    }
    let (objects, said) = rendered(&sandbox, &[]);
    assert!(!objects.contains(secret), "{said}\n{objects}");
    let mut files = travelling(&objects);
    files.sort();
    let mut expected = [&harmless[..], &["mlctl.yaml"]].concat();
    expected.sort_unstable();
    assert_eq!(files, expected);
    for name in [".aws", ".env", "robot.json", "run.yaml", "settings.txt", "!.aws"] {
        assert!(said.contains(name), "{name}\n{said}");
    }
    for args in [&["validate"][..], &["train", "--dry-run"]] {
        let said = stderr(&sandbox.mlctl(args).output().expect("mlctl"));
        assert!(said.contains("don't travel") && said.contains(".env"), "{args:?} {said}");
    }

    // The same files here, in a working folder.
    sandbox.write("mlctl.yaml", &spec.replace("output: pvc://out\n", ""));
    sandbox.run(0, ["train"]);
    let log = stdout(&sandbox.run(0, ["logs"]));
    let mut copied: Vec<&str> = log.lines().filter_map(|line| line.strip_prefix("./")).collect();
    copied.sort_unstable();
    assert_eq!(copied, files);

    // Patterns for everything name nothing; a name does, and that is said.
    sandbox.write(".mlctlignore", "!*\n!**\n!.*\n!*/\n");
    sandbox.write("mlctl.yaml", &spec);
    assert!(!rendered(&sandbox, &[]).0.contains(secret));
    sandbox.write(".mlctlignore", "!.env\n!robot.json\n!server.key\n!.aws/\n");
    let (objects, said) = rendered(&sandbox, &[]);
    for name in [".env", "robot.json", "server.key", ".aws/credentials"] {
        assert!(travelling(&objects).contains(&name.to_owned()), "{name}");
    }
    let named = "code: .env, robot.json, server.key travel, since .mlctlignore names them";
    assert!(said.contains(named), "{said}");
    sandbox.write(".mlctlignore", "!.env\n");
    let (_, said) = rendered(&sandbox, &[]);
    assert!(said.contains("code: .env travels, since .mlctlignore names it"), "{said}");
}

#[test]
fn secrets_in_arguments_urls_and_scripts_are_written_down_nowhere() {
    let sandbox = sandbox();
    let secrets = [
        "hunter2hunter2",
        "sigsigsigsig",
        "bearerbearer",
        "keykeykeykey",
        "toktoktoktok",
        "Again-99",
    ];
    let spec = "\
command: [sh, -c, 'echo got $#: $0 $1 $2 > $AIP_MODEL_DIR/got', 'https://me:hunter2hunter2@host/x', '--api-key=keykeykeykey']
args: ['https://b.example/k?X-Amz-Date=1&X-Amz-Signature=sigsigsigsig']
env: [{name: PLAIN, value: 'curl -H \"Authorization: Bearer bearerbearer\" x'}, {name: A_TOKEN, value: &it Again-99}, {name: SAME, value: *it}, {name: MORE, value: pre-Again-99}]
setup: {shell: ': set up Again-99 --token toktoktoktok'}
labels: {team: a}
";
    sandbox.write("mlctl.yaml", &format!("{HEAD}{spec}"));
    let (objects, _) = rendered(&sandbox, &[]);
    for secret in secrets {
        assert!(!objects.contains(secret), "{secret}\n{objects}");
    }
    let shown = sandbox.mlctl(["train", "--dry-run", "-o", "yaml"]).output().expect("mlctl");
    let shown =
        stdout(&shown) + &stdout(&sandbox.mlctl(["train", "--dry-run"]).output().expect("mlctl"));
    for secret in secrets {
        assert!(!shown.contains(secret), "{secret}\n{shown}");
    }

    // The command gets them all the same; what it writes is its own.
    sandbox.write("mlctl.yaml", &format!("{HEAD}{spec}").replace("output: pvc://out\n", ""));
    let set = ["--set", "args[1]=--hub-token=hubhubhubhub", "--set=env[4].name=DB_PASSWORD"];
    sandbox.run(0, [&["train"], &set[..], &["--set=env[4].value=dbdbdbdbdb"]].concat());
    let run = stdout(&sandbox.run(0, ["list", "--quiet"])).trim().to_owned();
    let got = sandbox.state().join("runs").join(run).join("output/model/got");
    let log = fs_err::read_to_string(got).expect("what the command got");
    for part in ["got 3: https://me:hunter2hunter2@host/x --api-key=keykeykeykey", "sigsigsigsig"] {
        assert!(log.contains(part), "{log}");
    }
    for secret in secrets.into_iter().chain(["hubhubhubhub", "dbdbdbdbdb"]) {
        let found = holding(&sandbox.state(), secret);
        let others: Vec<_> = found.iter().filter(|path| !path.ends_with("/got")).collect();
        assert!(others.is_empty(), "{secret}: {others:?}");
    }
}

//! What others have written and a terminal would obey: of a run's output, of records and labels, of
//! specs, of names on the command line, of servers. All of it is shown, none of it is done.

use std::ffi::OsStr;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use serde_json::Value as Json;

use crate::pty::at_terminal;
use crate::support::{Sandbox, stderr, stdout, wait_for};

/// The clipboard, the title, a device string, the screen, hidden text, C1 as characters, a name that
/// runs backwards, invisible tags, and lines that were never printed.
const HOSTILE: &str = "\x1b]52;c;ZXZpbA==\x07\x1b]0;owned\x1b\\\x1bP+q544e\x1b\\\x1b[2J\x1b[8mhidden\
    \u{9b}2J\u{9d}0;c1\u{9c}\u{7f}\0\u{202e}drawkcab\u{2066}\u{200b}\u{e0041}\u{2028}\
    \nfake-a1b2c3 succeeded\r\nerror: forged\x08\x1bc";

/// The same for where a NUL can't be: arguments, variables, names of files.
fn hostile() -> String {
    HOSTILE.replace('\0', "")
}

/// A text as a string of YAML without anything that YAML forbids.
fn quoted(text: &str) -> String {
    let escaped = text.chars().map(|c| match u32::from(c) {
        0x20..0x7f if !matches!(c, '"' | '\\') => c.to_string(),
        code => format!("\\U{code:08X}"),
    });
    format!("\"{}\"", escaped.collect::<String>())
}

/// What mlctl itself sends to a terminal: colours, and what the live view is drawn with.
fn without_own(text: &str) -> String {
    let mut left = String::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if let Some(length) = own_sequence(rest) {
            rest = &rest[length..];
        } else {
            left.push(c);
            rest = &rest[c.len_utf8()..];
        }
    }
    left
}

fn own_sequence(text: &str) -> Option<usize> {
    let drawn = ["\x1b[?2026h", "\x1b[?2026l", "\r\x1b[J", "\r\n"];
    if let Some(own) = drawn.iter().find(|own| text.starts_with(**own)) {
        // A line break is a line break.
        return (*own != "\r\n").then_some(own.len()).or(Some(1));
    }
    let body = text.strip_prefix("\x1b[")?;
    let end = body.find(|c: char| !c.is_ascii_digit() && c != ';')?;
    let own = match body.as_bytes()[end] {
        b'A' => true,
        b'm' => body[..end].split(';').all(|code| {
            matches!(code, "0" | "1" | "2" | "4" | "32" | "33" | "34" | "35" | "36" | "31")
                || matches!(code, "91" | "92" | "93" | "94" | "95" | "96")
        }),
        _ => false,
    };
    own.then_some(end + 3)
}

/// Fails where something is left that a terminal obeys or hides, or a line that others have made.
#[track_caller]
fn assert_safe(what: &str, bytes: &[u8]) -> String {
    let text = std::str::from_utf8(bytes).unwrap_or_else(|error| {
        panic!("{what}: bytes that are no text: {error}: {}", bytes.escape_ascii())
    });
    let text = without_own(text);
    let bad = text.chars().find(|c| {
        (c.is_control() && *c != '\n')
            || matches!(u32::from(*c), 0xad | 0x61c | 0x200b..=0x200f | 0x2028..=0x202e)
            || matches!(u32::from(*c), 0x2060..=0x206f | 0xfeff | 0xe0000..=0xe0fff)
    });
    assert_eq!(bad, None, "{what}: {text:?}");
    let forged = |line: &str| line.starts_with("fake-") || line.starts_with("error: forged");
    // A log has the lines that were printed.
    assert!(
        what.contains("\"logs\"") || !text.lines().any(|line| forged(line.trim_start())),
        "{what}: a forged line:\n{text}"
    );
    text
}

/// Runs mlctl at a terminal and in a pipe; both must be safe. Gives what the terminal showed.
#[track_caller]
fn shown<S: AsRef<OsStr>>(sandbox: &Sandbox, args: &[S]) -> String {
    let what = format!("{:?}", args.iter().map(AsRef::as_ref).collect::<Vec<_>>());
    let (bytes, _) = at_terminal(&mut hostile_user(sandbox, args));
    let output = hostile_user(sandbox, args).output().expect("mlctl");
    assert_safe(&what, &output.stderr);
    if !what.contains("\"logs\"") {
        assert_safe(&what, &output.stdout);
    }
    let text = assert_safe(&what, &bytes);
    assert!(!text.trim().is_empty(), "{what} showed nothing");
    text
}

/// mlctl as a user whose name is an attack.
fn hostile_user<S: AsRef<OsStr>>(sandbox: &Sandbox, args: &[S]) -> Command {
    let mut command = sandbox.mlctl(args);
    command.env("USER", hostile()).env("KUBECONFIG", sandbox.home().join("kubeconfig"));
    command.env("MLCTL_RUNNER_IMAGE", "r.example/mlctl:1").current_dir(folder(sandbox));
    command
}

/// A folder whose name is an attack.
fn folder(sandbox: &Sandbox) -> PathBuf {
    let path = sandbox.dir().join(hostile());
    fs_err::create_dir_all(&path).expect("folder");
    path
}

/// What the hostile command prints: raw C1 among it, colours, a progress bar, a line of a megabyte.
fn output() -> Vec<u8> {
    let mut bytes =
        b"\x1b[31mred\x1b[0m\n10%\r50%\r100%\n\x9b2J\x9d0;raw c1\x9c\xe2\x80\n".to_vec();
    bytes.extend(HOSTILE.bytes());
    bytes.push(b'\n');
    bytes.resize(bytes.len() + (1 << 20), b'y');
    bytes.extend(b"\nValueError: ");
    bytes.extend(HOSTILE.replace(['\n', '\r'], "").bytes());
    bytes.extend(b"\n");
    bytes
}

/// A failed run of a hostile command, with hostile labels, from a hostile folder and user.
fn failed_run(sandbox: &Sandbox) -> String {
    let folder = folder(sandbox);
    fs_err::write(sandbox.home().join("out.bin"), output()).expect("file");
    let spec = format!(
        "apiVersion: mlctl.dev/v1\nkind: TrainJob\nname: hostile\n\
         command: [sh, -c, 'cat {}/out.bin; exit 3', {}]\n",
        sandbox.home().display(),
        quoted(&hostile()),
    );
    fs_err::write(folder.join("mlctl.yaml"), spec).expect("spec");
    let label = format!("team={}", hostile());
    let (bytes, status) = at_terminal(&mut hostile_user(sandbox, &["train", "--label", &label]));
    assert_eq!(status.code(), Some(10), "{}", bytes.escape_ascii());
    let text = assert_safe("train", &bytes);
    assert!(text.contains(r"ValueError: \x1b]52;c;ZXZpbA==\x07\x1b]0;owned"), "{text}");
    let listed = sandbox.run(0, ["list", "--quiet"]);
    stdout(&listed).trim().to_owned()
}

#[test]
fn a_runs_output_moves_no_terminal() {
    let sandbox = Sandbox::new();
    let run = failed_run(&sandbox);
    let why = shown(&sandbox, &["why", &run]);
    assert!(why.contains(r"\x1b]52;c;ZXZpbA==\x07"), "{why}");
    let logs = shown(&sandbox, &["logs", &run]);
    for part in ["red\n", "100%\n", r"\x9b2J\x9d0;raw c1\x9c\xe2\x80", r"\u202edrawkcab", r"\x00"] {
        assert!(logs.contains(part), "{part}: {logs}");
    }
    assert!(logs.contains("bytes more)") && logs.len() < 100_000, "{} bytes", logs.len());
    assert_eq!(shown(&sandbox, &["logs", "-f", &run]), logs);
    for args in [&["wait"][..], &["status", "-v"], &["logs", "--timestamps"]] {
        shown(&sandbox, &[args, &[run.as_str()]].concat());
    }
}

#[test]
fn a_pipe_gets_the_log_byte_for_byte() {
    let sandbox = Sandbox::new();
    let run = failed_run(&sandbox);
    let log = sandbox.run(0, ["logs", &run]).stdout;
    assert!(log == output(), "{}", log.escape_ascii());
    assert!(sandbox.run(0, ["logs", "-f", &run]).stdout == output());
    // Who asks for it gets the same at a terminal.
    let (raw, _) = at_terminal(&mut sandbox.mlctl(["logs", "--raw", &run]));
    assert!(raw == output(), "{}", raw.escape_ascii());
}

/// As it would be adopted from a cluster: every text of the record is an attack.
fn forge_record(sandbox: &Sandbox, run: &str) {
    let folder = sandbox.state().join("runs").join(run);
    let path = folder.join("run.json");
    let mut record: Json =
        serde_json::from_slice(&fs_err::read(&path).expect("the record")).expect("JSON");
    for field in ["kind", "cwd", "user", "host", "mlctlVersion"] {
        record[field] = HOSTILE.into();
    }
    record["name"] = "hostile".into();
    record["argv"] = vec![HOSTILE; 2].into();
    record["labels"] = serde_json::json!({ HOSTILE: HOSTILE });
    record["git"] = serde_json::json!({"commit": HOSTILE, "dirty": true});
    record["verdict"]["reason"] = HOSTILE.into();
    fs_err::write(&path, record.to_string()).expect("the record");
    let events = folder.join("events.jsonl");
    let text = fs_err::read_to_string(&events).expect("the journal");
    let mut forged = String::new();
    for line in text.lines() {
        let mut event: Json = serde_json::from_str(line).expect("JSON");
        forge_reasons(&mut event);
        forged += &format!("{event}\n");
    }
    record["journal"]["bytes"] = forged.len().into();
    fs_err::write(&events, forged).expect("the journal");
    fs_err::write(&path, record.to_string()).expect("the record");
    fs_err::remove_file(sandbox.state().join("index")).expect("the index");
}

/// Every text of an event that no machine reads.
fn forge_reasons(event: &mut Json) {
    match event {
        Json::Object(fields) => {
            for (name, value) in fields {
                match value {
                    Json::String(text) if matches!(&**name, "reason" | "message" | "node") => {
                        *text = HOSTILE.into();
                    }
                    Json::Array(lines) if name == "lastLines" => *lines = vec![HOSTILE.into(); 3],
                    value => forge_reasons(value),
                }
            }
        }
        Json::Array(items) => items.iter_mut().for_each(forge_reasons),
        _ => {}
    }
}

#[test]
fn records_of_others_move_no_terminal() {
    let sandbox = Sandbox::new();
    let run = failed_run(&sandbox);
    forge_record(&sandbox, &run);
    shown(&sandbox, &["state", "rebuild"]);
    let escaped = r"\x1b]52;c;ZXZpbA==\x07";
    let list = shown(&sandbox, &["list"]);
    assert!(list.contains(r"\x1b]52;c"), "{list}");
    let status = shown(&sandbox, &["status", &run]);
    for fact in ["ago by ", "from      ", "labels    ", "commit    ", "reason    "] {
        assert!(status.contains(&format!("{fact}{}", &escaped[..9])), "{fact}: {status}");
    }
    assert!(shown(&sandbox, &["why", &run]).contains(escaped));
    for args in [
        &["cost"][..],
        &["cost", "--by", "user"],
        &["cost", "--by", "label=team"],
        &["cleanup", "--all", "--dry-run"],
        &["cleanup", "--all", "--dry-run", "-v"],
        &["wait", "hostile"],
        &["wait", "hostile", "--events"],
        &["exec", "hostile", "--", "true"],
        &["state", "check"],
        &["gpus"],
        &["doctor", "--runtime", "local"],
    ] {
        shown(&sandbox, args);
    }
    for verb in ["list", "status", "why", "cost"] {
        for format in ["json", "yaml"] {
            shown(&sandbox, &[verb, "-o", format]);
        }
    }
    // Programs read what was written.
    let record = |format: &str| sandbox.run(0, ["status", &run, "-o", format]).stdout;
    let json: Json = serde_json::from_slice(&record("json")).expect("JSON");
    let yaml = String::from_utf8(record("yaml")).expect("text");
    let yaml: Json = serde_saphyr::from_str(&yaml).expect("YAML");
    for document in [&json, &yaml] {
        assert_eq!(document["record"]["user"], HOSTILE);
        assert_eq!(document["record"]["labels"][HOSTILE], HOSTILE);
    }
    // A folder that is damaged is told of, too.
    fs_err::write(sandbox.state().join("runs").join(&run).join("run.json"), HOSTILE).expect("file");
    shown(&sandbox, &["list"]);
    shown(&sandbox, &["status", &run]);
    shown(&sandbox, &["state", "check"]);
}

#[test]
fn a_cloned_spec_moves_no_terminal() {
    let sandbox = Sandbox::new();
    let folder = folder(&sandbox);
    let head = "apiVersion: mlctl.dev/v1\nkind: TrainJob\nname: spec\n";
    let raw = hostile().replace('\n', " ");
    // By escapes, as YAML has them, and as they are, where YAML lets them be.
    let specs = [
        format!("{head}command: ['true']\n{}: 1\n", quoted(HOSTILE)),
        format!("{head}command: ['true']\nframework: {}\n", quoted(HOSTILE)),
        format!("{head}command: ['true']\n# {raw}\nfoo: bar\r\n"),
        format!("{head}command: ['true']\nimage: \u{202e}x \u{e0041}\nbar: '\u{9b}2J\u{200b}'\n"),
        format!("{head}command: [{0}]\nenv: [{{name: {0}, value: {0}}}]\n", quoted(HOSTILE)),
        format!(
            "{head}command: ['true']\nlabels: {{{0}: {0}}}\ncode: {0}\noutput: {0}\n",
            quoted(HOSTILE)
        ),
        format!("{head}command: ['true']\nroles: {{{0}: {{replicas: 1}}}}\n", quoted(HOSTILE)),
        format!("{head}command: ['true', \x1b]0;t\x07]\n"),
        format!("{head}command: ['true', '{}", "\u{202e}y".repeat(20_000)),
        format!("kind: {}\n", quoted(HOSTILE)),
        raw.clone(),
    ];
    for spec in specs {
        fs_err::write(folder.join("mlctl.yaml"), &spec).expect("spec");
        for args in [&["validate"][..], &["train"], &["convert"], &["render"]] {
            if args == ["train"] && spec.contains("command: [\"") {
                continue;
            }
            let (bytes, _) = at_terminal(&mut hostile_user(&sandbox, args));
            assert_safe(&format!("{args:?} of {spec:?}"), &bytes);
        }
    }
    assert!(shown(&sandbox, &["validate"]).contains(r"\x1b]52;c"));
    // What is right is printed as it means.
    let meant = hostile();
    let spec = format!(
        "{head}image: r.example/x:1\ncommand: [sh, {0}]\nenv: [{{name: A, value: {0}}}]\n",
        quoted(&meant)
    );
    fs_err::write(folder.join("mlctl.yaml"), spec).expect("spec");
    for args in [&["convert"][..], &["render"], &["render", "-o", "json"], &["train", "--dry-run"]]
    {
        shown(&sandbox, args);
    }
    let text = String::from_utf8(sandbox_output(&sandbox, &["convert"])).expect("text");
    let converted: Json = serde_saphyr::from_str(&text).expect("YAML");
    assert_eq!(converted["command"][1], meant.as_str());
    let text = String::from_utf8(sandbox_output(&sandbox, &["train", "--dry-run", "-o", "yaml"]));
    let plan: Json = serde_saphyr::from_str(&text.expect("text")).expect("YAML");
    assert_eq!(plan["roles"][0]["command"][1], meant.as_str());
    let manifests = String::from_utf8(sandbox_output(&sandbox, &["render"])).expect("text");
    let pod = manifests.split("---\n").filter_map(|one| serde_saphyr::from_str::<Json>(one).ok());
    assert!(pod.count() >= 3, "{manifests}");
}

fn sandbox_output(sandbox: &Sandbox, args: &[&str]) -> Vec<u8> {
    let output = hostile_user(sandbox, args).output().expect("mlctl");
    assert!(output.status.success(), "{args:?}: {}", stderr(&output));
    output.stdout
}

#[test]
fn names_on_the_command_line_move_no_terminal() {
    let sandbox = Sandbox::new();
    let name = hostile();
    let name = name.as_str();
    for args in [
        &["status", name][..],
        &[name],
        &["list", name],
        &["list", "--state", name],
        &["list", "--since", name],
        &["logs", "x", "--replica", name],
        &["--output", name, "list"],
        &["cost", "--by", name],
        &["validate", name],
        &["validate", "--set", name],
        &["train", name],
        &["explain", name],
        &["schema", name],
        &["init", "plain", name],
        &["--runtime", name, "gpus"],
        &["--context", name, "list", "--all-users"],
        &["train", "--label", name, "x.py"],
        &["doctor", "--security", name],
        &["gpus", "split", "--type", name, "--mig", "1g.5gb=7"],
        &["gpus", "split", "--type", "nvidia-a100", "--mig", name],
        &["gpus", "split", "--type", "nvidia-t4", "--time-slices", "4", "--node", name],
        &["cluster", "manifests", "--user", name],
        &["cluster", "manifests", "--for-namespace", name],
        &["cluster", "image", "--push", "--name", name],
        &["man", "--dir", name],
    ] {
        shown(&sandbox, args);
    }
    // A name of a file that is no text.
    shown(&sandbox, &[OsStr::new("validate"), OsStr::from_bytes(b"a\x9b2J\xff\x1b[2J")]);
    // What one's own files say.
    sandbox.write("../home/.config/mlctl/config.yaml", &format!("{}: 1\n", quoted(HOSTILE)));
    shown(&sandbox, &["list"]);
    shown(&sandbox, &["doctor", "--runtime", "local"]);
}

/// A server that answers every request with an error of an attacker's words.
fn server() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            std::thread::spawn(move || {
                let mut request = [0; 4096];
                let _ = stream.read(&mut request);
                let body = serde_json::json!({
                    "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
                    "message": HOSTILE, "reason": HOSTILE, "code": 403,
                    "errors": [{"code": "DENIED", "message": HOSTILE, "detail": HOSTILE}],
                });
                // The same once more without JSON's escapes.
                let body = body.to_string() + if request[0] == b'P' { HOSTILE } else { "" };
                let _ = write!(
                    stream,
                    "HTTP/1.1 403 Forbidden\r\nContent-Type: application/json\r\n\
                     Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
                    body.len()
                );
            });
        }
    });
    port
}

#[test]
fn a_servers_words_move_no_terminal() {
    let sandbox = Sandbox::new();
    let port = server();
    wait_for("the server listens", Duration::from_secs(5), || {
        std::net::TcpStream::connect(("127.0.0.1", port)).is_ok()
    });
    let name = quoted(HOSTILE);
    let kubeconfig = format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: {name}\n\
         clusters: [{{name: {name}, cluster: {{server: 'http://127.0.0.1:{port}'}}}}]\n\
         users: [{{name: {name}, user: {{token: t}}}}]\n\
         contexts: [{{name: {name}, context: {{cluster: {name}, user: {name}, namespace: ml}}}}]\n"
    );
    sandbox.write("../home/kubeconfig", &kubeconfig);
    fs_err::write(
        folder(&sandbox).join("mlctl.yaml"),
        format!(
            "apiVersion: mlctl.dev/v1\nkind: TrainJob\nname: far\nimage: 127.0.0.1:{port}/x:1\n\
             args: {{a: 1}}\n"
        ),
    )
    .expect("spec");
    for args in [
        &["list", "--all-users", "--runtime", "kubernetes"][..],
        &["gpus", "--runtime", "kubernetes"],
        &["cost", "--all-users", "--runtime", "kubernetes"],
        &["cleanup", "--dry-run", "--runtime", "kubernetes"],
        &["doctor", "--runtime", "kubernetes", "--no-pod"],
        &["train", "--runtime", "kubernetes", "--dry-run"],
        &["list", "--all-users", "--context", "other"],
        &["render"],
    ] {
        let text = shown(&sandbox, args);
        let quotes = text.contains(r"\x1b") || args[0] == "train";
        assert!(quotes, "{args:?} told nothing of it: {text}");
    }
}

//! What runs print, and what records of runs say.

use serde_json::Value as Json;

use super::hostile::{HOSTILE, assert_safe, folder, hostile, hostile_user, quoted, shown};
use crate::pty::at_terminal;
use crate::support::{Sandbox, stdout};

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

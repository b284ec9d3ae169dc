//! Models that somebody has made to do harm: whatever they are, an error is told soon, and little memory is
//! taken.

use std::process::Command;
use std::time::{Duration, Instant};

use super::looks::with_models;
use crate::support::{Sandbox, stderr};

/// So much of address space has the program in these tests, in KiB. Most of it is for its own code and threads.
const SPACE: u32 = 1 << 20;

/// Inspects a model with little memory; gives what it said.
#[track_caller]
fn refused(sandbox: &Sandbox, model: &str) -> String {
    let begun = Instant::now();
    let mut command = Command::new("sh");
    command.args(["-c", &format!("ulimit -v {SPACE}; exec \"$@\""), "sh"]);
    command.arg(env!("CARGO_BIN_EXE_mlctl")).args(["model", "inspect", model]);
    let plain = sandbox.mlctl(["list"]);
    command.current_dir(sandbox.dir()).env_clear();
    command.envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.env("TOKIO_WORKER_THREADS", "2");
    let output = command.output().expect("it starts");
    let said = stderr(&output);
    assert_eq!(output.status.code(), Some(5), "{model}: {said}");
    assert!(said.starts_with("error: ") && !said.contains("panicked"), "{model}: {said}");
    assert!(begun.elapsed() < Duration::from_secs(20), "{model}: {:?}", begun.elapsed());
    said
}

fn write(sandbox: &Sandbox, name: &str, bytes: &[u8]) {
    let path = sandbox.dir().join(name);
    fs_err::create_dir_all(path.parent().unwrap()).unwrap();
    fs_err::write(path, bytes).unwrap();
}

#[test]
fn claims_and_cuts_are_errors() {
    let sandbox = with_models();
    // Two gigabytes in a few bytes.
    write(&sandbox, "pb/saved_model.pb", &[0x12, 0xff, 0xff, 0xff, 0xff, 0x07, 1, 2]);
    write(&sandbox, "a.onnx", &[0x3a, 0xff, 0xff, 0xff, 0xff, 0x07, 1, 2]);
    let mut lite = vec![8, 0, 0, 0];
    lite.extend(b"TFL3");
    lite.extend([4, 0, 0, 0, 4, 0, 0xff, 0xff]);
    write(&sandbox, "a.tflite", &lite);
    for model in ["./pb", "./a.onnx", "./a.tflite"] {
        refused(&sandbox, model);
    }
    for (name, part) in [("text/saved_model.pb", 3), ("int8.tflite", 2), ("network.keras", 2)] {
        let whole = fs_err::read(sandbox.dir().join(name)).unwrap();
        let cut = format!("cut/{name}");
        write(&sandbox, &cut, &whole[..whole.len() / part]);
        let model = cut.strip_suffix("/saved_model.pb").unwrap_or(&cut);
        refused(&sandbox, &format!("./{model}"));
    }
}

#[test]
fn bombs_and_nesting_are_errors() {
    let sandbox = Sandbox::new();
    // A description that unpacks to a gigabyte, in a megabyte.
    let script = "import sys, zipfile\n\
                  with zipfile.ZipFile(sys.argv[1], 'w', zipfile.ZIP_DEFLATED) as file:\n\
                  \x20   file.writestr('metadata.json', '{}')\n\
                  \x20   with file.open('config.json', 'w', force_zip64=True) as out:\n\
                  \x20       for _ in range(256): out.write(b' ' * (4 << 20))\n";
    let bomb = sandbox.dir().join("bomb.keras");
    let status = Command::new("python3").args(["-c", script]).arg(&bomb).status();
    assert!(status.expect("python3").success());
    let said = refused(&sandbox, "./bomb.keras");
    assert!(said.contains("longer than"), "{said}");
    // The same where the list says that it is small.
    let mut bytes = fs_err::read(&bomb).unwrap();
    let gigabyte = (1_u64 << 30).to_le_bytes();
    let places: Vec<usize> = bytes
        .windows(8)
        .enumerate()
        .filter(|(_, part)| *part == gigabyte || part[..4] == gigabyte[..4])
        .map(|(at, _)| at)
        .collect();
    for at in places {
        bytes[at..at + 4].copy_from_slice(&9_u32.to_le_bytes());
    }
    write(&sandbox, "liar.keras", &bytes);
    let said = refused(&sandbox, "./liar.keras");
    assert!(said.contains("longer than"), "{said}");
    let deep = format!(r#"{{"weightsManifest": [], "modelTopology": {}"#, "[".repeat(1_000_000));
    write(&sandbox, "web/model.json", deep.as_bytes());
    refused(&sandbox, "./web");
    // Signatures within signatures: a list in a list, and so on.
    let mut value = Vec::new();
    for _ in 0..2000 {
        value = part(51, &part(1, &value));
    }
    let call = part(2, &[part(1, b"f"), part(2, &part(3, &value))].concat());
    let child = part(1, &[vec![0x08, 1], part(2, b"call")].concat());
    let function = part(1, &part(6, &part(1, b"f")));
    let objects = [part(1, &child), function, call].concat();
    let graph = [part(1, &part(4, b"serve")), part(7, &objects)].concat();
    write(&sandbox, "deep/saved_model.pb", &part(2, &graph));
    let said = refused(&sandbox, "./deep");
    assert!(said.contains("nested too deeply"), "{said}");
    // A hundred million values of two bytes each.
    let many = part(51, &[0x0a, 0].repeat(9_000));
    let lists = part(51, &part(1, &many).repeat(2_000));
    let call = part(2, &[part(1, b"f"), part(2, &part(3, &lists))].concat());
    let objects = [part(1, &child), part(1, &part(6, &part(1, b"f"))), call].concat();
    let graph = [part(1, &part(4, b"serve")), part(7, &objects)].concat();
    write(&sandbox, "many/saved_model.pb", &part(2, &graph));
    refused(&sandbox, "./many");
}

/// A field that holds bytes.
fn part(number: u64, bytes: &[u8]) -> Vec<u8> {
    let mut field = Vec::new();
    for mut value in [number << 3 | 2, bytes.len() as u64] {
        while value >= 0x80 {
            field.push(value as u8 | 0x80);
            value >>= 7;
        }
        field.push(value as u8);
    }
    field.extend(bytes);
    field
}

#[test]
fn only_files_of_the_model_itself_are_read() {
    let sandbox = with_models();
    let at = |name: &str| sandbox.dir().join(name);
    std::os::unix::fs::symlink("/", at("text/variables/everything")).unwrap();
    let said = refused(&sandbox, "./text");
    assert!(said.contains("variables/everything: it is a link out of the model, to /"), "{said}");
    fs_err::remove_file(at("text/variables/everything")).unwrap();
    fs_err::rename(at("text/saved_model.pb"), at("elsewhere")).unwrap();
    std::os::unix::fs::symlink("../elsewhere", at("text/saved_model.pb")).unwrap();
    let said = refused(&sandbox, "./text");
    assert!(said.contains("saved_model.pb: it is a link out of the model"), "{said}");
    fs_err::remove_file(at("text/saved_model.pb")).unwrap();
    let made = Command::new("mkfifo").arg(at("text/saved_model.pb")).status();
    assert!(made.expect("mkfifo").success());
    let said = refused(&sandbox, "./text");
    assert!(said.contains("saved_model.pb: it is a pipe"), "{said}");
}

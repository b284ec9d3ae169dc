//! The attack itself, who makes it, and what must be left of it at a terminal.

use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::Command;

use crate::pty::at_terminal;
use crate::support::Sandbox;

/// The clipboard, the title, a device string, the screen, hidden text, C1 as characters, a name that
/// runs backwards, invisible tags, and lines that were never printed.
pub const HOSTILE: &str = "\x1b]52;c;ZXZpbA==\x07\x1b]0;owned\x1b\\\x1bP+q544e\x1b\\\x1b[2J\x1b[8mhidden\
    \u{9b}2J\u{9d}0;c1\u{9c}\u{7f}\0\u{202e}drawkcab\u{2066}\u{200b}\u{e0041}\u{2028}\
    \nfake-a1b2c3 succeeded\r\nerror: forged\x08\x1bc";

/// The same for where a NUL can't be: arguments, variables, names of files.
pub fn hostile() -> String {
    HOSTILE.replace('\0', "")
}

/// A text as a string of YAML without anything that YAML forbids.
pub fn quoted(text: &str) -> String {
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
pub fn assert_safe(what: &str, bytes: &[u8]) -> String {
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
pub fn shown<S: AsRef<OsStr>>(sandbox: &Sandbox, args: &[S]) -> String {
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
pub fn hostile_user<S: AsRef<OsStr>>(sandbox: &Sandbox, args: &[S]) -> Command {
    let mut command = sandbox.mlctl(args);
    command.env("USER", hostile()).env("KUBECONFIG", sandbox.home().join("kubeconfig"));
    command.env("MLCTL_RUNNER_IMAGE", "r.example/mlctl:1").current_dir(folder(sandbox));
    command
}

/// A folder whose name is an attack.
pub fn folder(sandbox: &Sandbox) -> PathBuf {
    let path = sandbox.dir().join(hostile());
    fs_err::create_dir_all(&path).expect("folder");
    path
}

//! The house: which room may use which. `ARCHITECTURE.md` has this table as its picture.

use std::collections::BTreeSet;
use std::path::Path;

/// The rooms from the ground floor up, each with the rooms below that it may use.
pub const ROOMS: [(&str, &str); 17] = [
    ("text", ""),
    ("sys", ""),
    ("gang", ""),
    ("storage", "text"),
    ("hardware", "text"),
    ("event", "text gang"),
    ("spec", "text storage hardware gang"),
    ("plan", "text storage gang spec"),
    ("agent", "text sys storage gang event spec plan"),
    ("doctor", "text storage hardware spec agent"),
    ("store", "text sys storage gang event plan"),
    ("runtime", "text sys storage hardware gang event spec plan agent doctor store"),
    ("model", "text storage gang"),
    ("run", "text storage gang event plan store runtime"),
    ("ops", "text storage hardware gang event spec plan agent store runtime run"),
    ("work", "text sys storage hardware gang event spec plan store runtime model run ops"),
    ("ui", "text storage doctor hardware gang event plan store runtime model run ops work"),
];

/// `cli` stands above all of them. Nothing stands above it.
const TOP: &str = "cli";

/// What only the upper floors may touch: the terminal and the command line.
const OF_THE_TERMINAL: [&str; 4] = ["clap::", "termios", "IsTerminal", "anstream::std"];

/// Packages of their own below a room: `crate` is themselves there, and they can name no room.
const PACKAGES: [&str; 2] = ["work/tune/optimizer/", "work/serve/router/"];

#[test]
fn imports_run_one_way() {
    let known: BTreeSet<&str> = ROOMS.iter().map(|(room, _)| *room).chain([TOP]).collect();
    let mut wrong = Vec::new();
    for (path, text) in sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src")) {
        if PACKAGES.iter().any(|package| path.starts_with(package)) {
            continue;
        }
        let room = path.split('/').next().unwrap_or_default();
        let Some((_, below)) = ROOMS.iter().find(|(name, _)| *name == room) else {
            assert!(known.contains(room) || !path.contains('/'), "{room} is no room of the table");
            continue;
        };
        for used in text.split("crate::").skip(1) {
            let used: String = used.chars().take_while(|c| c.is_ascii_lowercase()).collect();
            let allowed = used == room || below.split(' ').any(|name| name == used);
            if known.contains(used.as_str()) && !allowed {
                wrong.push(format!("{path}: {room} -> {used}"));
            }
        }
        // Ways to name another room that would not be seen above.
        let at_top = path == format!("{room}/mod.rs") && text.contains("super::");
        if text.contains("crate::{") || at_top {
            wrong.push(format!("{path}: a room is named by `crate::ROOM` alone"));
        }
        let words = OF_THE_TERMINAL.iter().filter(|word| text.contains(**word));
        wrong.extend(words.filter(|_| room != "ui").map(|word| format!("{path}: {word}")));
    }
    wrong.dedup();
    assert!(wrong.is_empty(), "arrows that the table does not have:\n{}", wrong.join("\n"));
}

/// What several kinds of work share, which none of them is named in.
const SHARED_BY_WORK: [&str; 2] = ["work/protocol/", "work/model_server/"];

#[test]
fn what_kinds_of_work_share_names_none_of_them() {
    let sources = sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    for shared in SHARED_BY_WORK {
        let mut of_it = sources.iter().filter(|(path, _)| path.starts_with(shared)).peekable();
        assert!(of_it.peek().is_some(), "there is no {shared}");
        for (path, text) in of_it {
            for kind in ["batch", "predict", "serve", "train", "tune"] {
                let named = text.contains(&format!("work::{kind}::"));
                assert!(!named, "{path} names work::{kind}, which stands above it");
            }
        }
    }
}

/// Ways to the standard streams, and ways around what makes text safe, each with the only files that
/// may go them.
const WAYS_OUT: [(&str, &[&str]); 10] = [
    // The agent's log is data, and a command beside a replica's is a session of its own.
    ("io::stdout", &["ui/streams.rs", "ui/terminal.rs", "cli/verbs/agent.rs"]),
    ("io::stderr", &["ui/streams.rs", "ui/terminal.rs"]),
    ("rustix::stdio", &[]),
    ("/dev/tty", &[]),
    ("/dev/std", &[]),
    // A folder that a socket is reached through, not a stream.
    ("/proc/self/fd", &["agent/connect.rs"]),
    ("streams::", &["ui/printer.rs", "ui/screen.rs", "ui/output.rs", "ui/mod.rs"]),
    ("painted_if", &["ui/text.rs", "ui/printer.rs", "ui/screen.rs", "ui/output.rs"]),
    ("Text::painted(", &["ui/text.rs", "cli/load.rs", "cli/usage/print.rs"]),
    // The help alone, in which nothing is anybody else's.
    (".print()", &["cli/usage/print.rs"]),
];

#[test]
fn nothing_reaches_a_terminal_past_the_printer() {
    let sources = sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    for (way, files) in WAYS_OUT {
        let users = sources.iter().filter(|(_, text)| text.contains(way));
        let wrong: Vec<&str> =
            users.map(|(path, _)| path.as_str()).filter(|path| !files.contains(path)).collect();
        assert!(wrong.is_empty(), "`{way}` in {wrong:?}: print by `ui::Printer`");
    }
}

#[test]
fn the_picture_is_the_table() {
    let text = include_str!("../../ARCHITECTURE.md");
    let house = text.split("## The house").nth(1).unwrap().split("\n## ").next().unwrap();
    let rows = house.lines().filter(|line| line.starts_with("| `"));
    let drawn: Vec<(String, String)> = rows
        .map(|row| {
            let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
            (cells[0].replace('`', ""), cells[2].replace('`', ""))
        })
        .collect();
    let table = ROOMS.map(|(room, below)| (room.to_owned(), below.to_owned()));
    assert_eq!(drawn, table);
}

/// The code of every file below `src` without its tests, by its path there.
fn sources(src: &Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![src.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs_err::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(src).unwrap().display().to_string();
            let is_test = ["tests", "sim", "fixture", "together"]
                .iter()
                .any(|word| name.split(['/', '.', '_']).any(|part| part == *word));
            if is_test {
                continue;
            } else if path.is_dir() {
                folders.push(path);
            } else if name.ends_with(".rs") {
                let text = fs_err::read_to_string(&path).unwrap();
                let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
                found.push((name, code.to_owned()));
            }
        }
    }
    found.sort();
    found
}
